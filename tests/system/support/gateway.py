"""The gateway of a stack: with other settings for a while, its end, and what it has put into Kafka."""

import contextlib
import signal
import threading

from .records import decode_position, read_topic
from .waiting import wait_until


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


def end_under_load(stack, devices, play):
    """SIGTERM while trackers report: it ends with 0, and whatever was acknowledged is in Kafka.

    `play(device, stop)` reports until `stop` is set, and yields the times that were acknowledged."""
    acked, stop = {d.identifier: set() for d in devices}, threading.Event()

    def run(device):
        for at in play(device, stop):
            acked[device.identifier].add(at)

    players = [threading.Thread(target=run, args=(d,)) for d in devices]
    for player in players:
        player.start()
    try:
        wait_until(lambda: min(map(len, acked.values())) > 20, 20, "the load runs")
        stack.gateway.process.send_signal(signal.SIGTERM)
        assert stack.gateway.process.wait(20) == 0
    finally:
        stop.set()
        for player in players:
            player.join()
        stack.gateway.start()
    for device in devices:
        missing = acked[device.identifier] - {p["time"] for p in stored(stack, device)}
        assert missing == set()
