"""A load of trackers that send again until they are acknowledged, and remember what was."""

import http.client
import threading
import time
import uuid

from .times import as_datetime, now_ms, parse_time
from .trackers import Avl, OsmandClient, TeltonikaClient
from .waiting import wait_until


class Load:
    """Runs in threads from `with` to the end of it, or to stop().

    Each thread plays its share of `devices`, in turn: the k-th position of a device is one second after the one
    before, at a place that only this position has. `.acked` is {(device id, time_ms): (lat, lon)}; `.in_doubt` holds
    what was sent but never answered: it may be stored or not.
    """

    ANSWER_TIMEOUT = 60  # a gateway may hold an answer while Kafka is away
    TELTONIKA_BATCH = 5

    def __init__(self, stack, devices, teltonika=(), threads=6, pause=0.03):
        self.stack = stack
        self.devices = list(devices) + list(teltonika)
        self.acked, self.in_doubt, self.refused = {}, set(), []
        self._lock, self._ending, self._pause = threading.Lock(), threading.Event(), pause
        self._base = now_ms() // 1000 * 1000 - 86_400_000
        shares = [list(devices)[i::threads] for i in range(threads)]
        self._threads = [threading.Thread(target=self._osmand, args=(s,), daemon=True) for s in shares if s]
        self._threads += [threading.Thread(target=self._teltonika, args=(d,), daemon=True) for d in teltonika]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Every position that is under way is answered, or in doubt, when this returns."""
        self._ending.set()
        for thread in self._threads:
            thread.join(self.ANSWER_TIMEOUT + 30)
            assert not thread.is_alive(), "a tracker of the load hangs"

    def _fix(self, device, k):
        at = self.devices.index(device)
        return self._base + 1000 * k, round(50 + at * 0.01 + k * 1e-6, 7), round(-5 - at * 0.01 - k * 2e-6, 7)

    def _remember(self, device, fixes):
        with self._lock:
            for time_ms, lat, lon in fixes:
                self.acked[(device.id, time_ms)] = (lat, lon)
                self.in_doubt.discard((device.id, time_ms))

    def _sent(self, device, fixes):
        with self._lock:
            self.in_doubt.update((device.id, fix[0]) for fix in fixes)

    def _osmand(self, share):
        client, k = OsmandClient(self.stack, self.ANSWER_TIMEOUT), 0
        while not self._ending.is_set():
            for device in share:
                fix = self._fix(device, k)
                self._sent(device, [fix])
                self._until_acked(lambda d=device, f=fix: self._send_osmand(client, d, f), device, [fix])
            k += 1

    def _send_osmand(self, client, device, fix):
        status, said = client.send(device, fix[1], fix[2], fix[0])
        if 400 <= status < 500 and status not in (408, 429):
            self.refused.append((device.id, status, said))
        return status == 200

    def _teltonika(self, device):
        client, k = None, 0
        while not self._ending.is_set():
            fixes = [self._fix(device, k + i) for i in range(self.TELTONIKA_BATCH)]
            self._sent(device, fixes)

            def send(fixes=fixes):
                nonlocal client
                try:
                    client = client or TeltonikaClient(self.stack, device, timeout=self.ANSWER_TIMEOUT)
                    records = [Avl(t, lat, lon) for t, lat, lon in fixes]
                    if client.accepted and client.send(records) == len(records):
                        return True
                except OSError:
                    pass
                if client:
                    client.close()
                client = None
                return False

            self._until_acked(send, device, fixes)
            k += len(fixes)

    def _until_acked(self, send, device, fixes):
        while True:
            try:
                done = send()
            except (http.client.HTTPException, OSError):
                done = False
            if done:
                self._remember(device, fixes)
            if self._ending.wait(self._pause if done else 0.2) or done:
                return

    # ---- the count at the end ----

    def wait_acked(self, more, timeout=60):
        """Until `more` positions were acknowledged from now on."""
        target = len(self.acked) + more
        wait_until(lambda: len(self.acked) >= target, timeout, f"{more} more positions are acknowledged")

    def check(self, timeout=60):
        """Nothing that was acknowledged is missing, nothing is there twice, nothing is there that was not sent."""
        assert not self.refused, f"refused: {self.refused[:3]}"
        assert self.acked, "the load did nothing"
        self.wait_stored(timeout)
        for device in self.devices:
            history = device.owner.history(device, limit=10000)
            times = [parse_time(p["time"]) for p in history]
            assert len(set(times)) == len(times), f"twice in the history of {device.id}"
            assert times == sorted(times)
            stored = {(device.id, t): (p["lat"], p["lon"]) for t, p in zip(times, history, strict=True)}
            acked = {key: place for key, place in self.acked.items() if key[0] == device.id}
            assert {key: stored.get(key) for key in acked} == acked
            assert set(stored) - set(acked) <= self.in_doubt

    def wait_stored(self, timeout):
        missing = set(self.acked)

        def all_stored():
            wanted = [{"d": uuid.UUID(device), "t": as_datetime(ms)} for device, ms in missing]
            found = self.stack.db.positions.find({"_id": {"$in": wanted}}, {"_id": 1})
            places = [doc["_id"] for doc in found]
            missing.difference_update((str(p["d"]), round(p["t"].timestamp() * 1000)) for p in places)
            return not missing

        wait_until(all_stored, timeout, f"all {len(self.acked)} acknowledged positions are stored")


def wait_quiet(condition, seconds, what):
    """`condition` gives the same value for `seconds`."""
    state = {"value": condition(), "since": time.monotonic()}

    def quiet():
        value = condition()
        if value != state["value"]:
            state.update(value=value, since=time.monotonic())
        return time.monotonic() - state["since"] >= seconds

    wait_until(quiet, seconds + 30, what)
