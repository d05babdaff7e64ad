"""The gateway of a stack: with other settings for a while, and what it has put into Kafka."""

import contextlib

from .records import decode_position, read_topic


def stored(stack, device):
    """The positions of a device that Kafka has."""
    return [decode_position(r.value) for r in read_topic(stack, "positions") if r.key == device.uuid.bytes]


@contextlib.contextmanager
def settings(stack, **changed):
    """The gateway with other settings for a while."""
    before = {name: stack.gateway.env.get(name) for name in changed}
    stack.gateway.restart(**changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del stack.gateway.env[name]
        stack.gateway.restart(**{name: value for name, value in before.items() if value is not None})
