"""People who watch: live clients outside the cluster that come back with their cursor when the connection is lost."""

import dataclasses
import threading
import time

import pytest
import requests
from support.live import LiveClient
from support.times import parse_time
from websockets.exceptions import WebSocketException

# What a client meets while the other side goes away, or before it is there again. LiveClient fails as tests do.
AWAY = (OSError, WebSocketException, AssertionError, requests.RequestException, pytest.fail.Exception)
PAUSE = 0.5  # seconds before it tries again
LOOK = 0.2  # seconds between looks at what has come


@dataclasses.dataclass
class Stay:
    """One connection, from the answer to `subscribe` to its end. Positions are (device id, time, received), ms."""

    recovered: bool | None  # None: it came without a cursor
    away: float  # seconds since the one before ended
    snapshot: dict = dataclasses.field(default_factory=dict)  # {device id: time of its newest fix}
    pushed: list = dataclasses.field(default_factory=list)
    skipped: int = 0
    close_code: int | None = None


class Follower(threading.Thread):
    """Watches `devices` (a list, or "all") in `owner`'s account. With `patience` it hangs up by itself after so many
    seconds, again and again."""

    def __init__(self, name, owner, devices, patience=None):
        super().__init__(name=name, daemon=True)
        self._owner, self.devices, self._patience = owner, devices, patience
        self.stays, self.attempts, self.errors = [], 0, []
        self.here = threading.Event()  # it is subscribed
        self.fault = None  # what ended the thread before its time
        self._ending, self._cursor, self._lost_at = threading.Event(), None, None

    @property
    def watched(self):
        """Ids of its devices; None: all of the account."""
        return None if self.devices == "all" else {device.id for device in self.devices}

    @property
    def pushed(self):
        return sum(len(stay.pushed) for stay in self.stays)

    def stop(self):
        self._ending.set()
        self.join(30)
        if self.is_alive():
            self.fault = self.fault or "it hangs"

    def run(self):
        try:
            while not self._ending.is_set():
                self.attempts += 1
                try:
                    self._stay()
                except AWAY as error:
                    self._note(error)
                    self._ending.wait(PAUSE)
        except Exception as error:
            self.fault = repr(error)
            raise

    def _note(self, error):
        text = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        if not self.errors or self.errors[-1] != text:
            self.errors.append(text)

    def _stay(self):
        """An attempt that is not answered leaves nothing behind: the next one has the same cursor."""
        with LiveClient(self._owner.stack.live_url()) as client:
            client.authenticate(self._owner.token)
            answer = client.subscribe(self.devices, self._cursor, timeout=30)
            now = time.monotonic()
            stay = Stay(answer["recovered"] if self._cursor else None, now - self._lost_at if self._lost_at else 0)
            self.stays.append(stay)
            self.here.set()
            try:
                self._watch(client, stay, now)
            finally:
                self.here.clear()
                client.close()  # joins its reader: every frame is there
                self._take(client, stay)
                stay.close_code, self._lost_at = client.close_code, time.monotonic()

    def _watch(self, client, stay, began):
        while not client.closed.wait(LOOK) and not self._ending.is_set():
            self._take(client, stay)
            if self._patience and time.monotonic() - began > self._patience:
                return

    def _take(self, client, stay):
        """Moves what has come from the client to `stay`."""
        frames = client.frames[:]
        del client.frames[: len(frames)]
        for frame in frames:
            self._cursor = frame.get("cursor", self._cursor)
            kind = frame["type"]
            if kind == "positions":
                stay.pushed += map(_record, frame["positions"])
                stay.skipped += frame.get("skipped", 0)
            elif kind == "snapshot":
                stay.snapshot.update((p["device"], parse_time(p["time"])) for p in frame["positions"])
            elif kind == "expiring":
                client.send(type="auth", token=self._owner.token)
            elif kind == "error":
                self.errors.append(f"{frame['code']}: {frame['detail']}")


def _record(position):
    return position["device"], parse_time(position["time"]), parse_time(position["received"])


def followers_of(owner, devices, count, commuters=2, patience=20):
    """`count` who share the devices, of whom the first hang up again and again; and two who watch all."""
    shares = [devices[i::count] for i in range(count)]
    some = [
        Follower(f"some {i + 1}", owner, share, patience if i < commuters else None) for i, share in enumerate(shares)
    ]
    return some + [Follower(f"all {i + 1}", owner, "all") for i in range(2)]
