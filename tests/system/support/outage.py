"""Servers that are away, for as long as a with-block."""

import contextlib
import signal


@contextlib.contextmanager
def killed(process):
    """Its address refuses."""
    process.kill9()
    try:
        yield
    finally:
        process.start()


@contextlib.contextmanager
def silent(process):
    """It takes connections and says nothing, like a host that hangs."""
    process.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.process.send_signal(signal.SIGCONT)
