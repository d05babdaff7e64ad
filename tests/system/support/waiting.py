"""Waiting for a condition, never for a time."""

import time

import pytest

LOADED_S = 5  # what a machine under the load of all tests may make of the second within which people are told


def wait_until(condition, timeout, what):
    """Calls `condition` until it returns something true, and returns that; fails the test after `timeout` seconds.

    An AssertionError or a refused connection counts as "not yet"; its text is part of the failure.
    """
    deadline = time.monotonic() + timeout
    pause, last = 0.005, None
    while True:
        try:
            result = condition()
            if result:
                return result
            last = f"last result {result!r}"
        except (AssertionError, OSError) as error:
            last = f"{type(error).__name__}: {error}"
        if time.monotonic() >= deadline:
            pytest.fail(f"not within {timeout} s: {what} ({last})", pytrace=True)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def holds_for(condition, seconds, what, pause=0.02):
    """Fails the test as soon as `condition` is false within `seconds`: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), what
        time.sleep(pause)
