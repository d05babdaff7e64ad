"""Trackers outside the cluster: `pettrack simulate`, what it was acknowledged, and when."""

import bisect
import concurrent.futures
import dataclasses
import json
import signal
import subprocess
import threading
import time

from support.programs import CLI, binary, clean_environment

TELTONIKA_SHARE = 5  # every fifth tracker; the others speak OsmAnd
GRACE = 120  # seconds that the simulators have to end


@dataclasses.dataclass
class Devices:
    """`all` in the order in which they were made; identities of each protocol in a file for the simulator."""

    all: list
    files: dict  # {protocol: (path, count)}

    @property
    def by_identifier(self):
        return {device.identifier: device for device in self.all}


def make_devices(owner, count, folder):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        numbers = range(count)
        made = list(pool.map(lambda i: _make_device(owner, i), numbers))
    files = {}
    for protocol in ("osmand", "teltonika"):
        of_it = [made[i] for i in numbers if _protocol(i) == protocol]
        path = folder / f"{protocol}.jsonl"
        path.write_text("".join(json.dumps({"identifier": d.identifier, "secret": d.secret}) + "\n" for d in of_it))
        files[protocol] = (path, len(of_it))
    return Devices(made, files)


def _protocol(i):
    return "teltonika" if i % TELTONIKA_SHARE == 0 else "osmand"


def _make_device(owner, i):
    return owner.add_imei(f"Tracker {i}") if _protocol(i) == "teltonika" else owner.add_device(f"Collar {i}")


class Simulator:
    """One `pettrack simulate`. From `start` to `stop`, which returns what it says of itself."""

    def __init__(self, protocol, gateway, devices, interval, folder):
        identities, count = devices.files[protocol]
        self.protocol, self.ack_log = protocol, folder / f"{protocol}.acked"
        self._errors = folder / f"{protocol}.log"
        self._command = [
            str(binary(CLI)), "simulate", "--gateway", str(gateway), "--protocol", protocol,
            "--devices", str(identities), "--trackers", str(count), "--interval", interval,
            "--ack-log", str(self.ack_log), "--json",
        ] + (["--codec", "8e", "--records", "20"] if protocol == "teltonika" else [])  # fmt: skip
        self._process = None

    def start(self):
        self.ack_log.write_bytes(b"")
        with open(self._errors, "w") as errors:
            self._process = subprocess.Popen(
                self._command, env=clean_environment({}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=errors, text=True,
            )  # fmt: skip

    @property
    def running(self):
        return self._process.poll() is None

    def stop(self):
        """Ends it as Ctrl-C does: answers that are due are waited for."""
        if self.running:
            self._process.send_signal(signal.SIGINT)
        out, _ = self._process.communicate(timeout=GRACE)
        if self._process.returncode:
            raise RuntimeError(f"simulate ended with {self._process.returncode}: {self._errors.read_text()[-2000:]}")
        return json.loads(out)

    def kill(self):
        if self._process and self.running:
            self._process.kill()
            self._process.wait()


class AckWatch:
    """Counts the lines of the ack logs as they come: how many by when."""

    TICK = 0.1

    def __init__(self, paths):
        self._files = [open(path, "rb") for path in paths]
        self.times, self.counts = [], []  # each time at which there were more, and how many there were then
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self):
        self._note(0)
        self._thread.start()

    def stop(self):
        self._ending.set()
        self._thread.join()
        for file in self._files:
            file.close()

    def _note(self, count):
        self.times.append(time.monotonic())
        self.counts.append(count)

    def _watch(self):
        total = 0
        while not self._ending.wait(self.TICK):
            more = sum(file.read().count(b"\n") for file in self._files)
            if more:
                total += more
                self._note(total)

    @property
    def total(self):
        return self.counts[-1]

    def acked(self, begin, end):
        return self._by(end) - self._by(begin)

    def _by(self, moment):
        at = bisect.bisect_right(self.times, moment)
        return self.counts[at - 1] if at else 0

    def silences(self, begin, end):
        """In which nothing was acknowledged between these moments: [(its begin, seconds), ...], the longest first."""
        inside = [t for t in self.times if begin < t < end]
        stretches = zip([begin, *inside], [*inside, end], strict=True)
        return sorted(((earlier, later - earlier) for earlier, later in stretches), key=lambda s: -s[1])


def read_acked(paths, devices):
    """{(device id, time_ms): (lat, lon)} of everything that was acknowledged."""
    ids = {identifier: device.id for identifier, device in devices.by_identifier.items()}
    acked = {}
    for path in paths:
        with open(path) as lines:
            for line in lines:
                fix = json.loads(line)
                acked[(ids[fix["identifier"]], fix["time"])] = (fix["lat"], fix["lon"])
    return acked
