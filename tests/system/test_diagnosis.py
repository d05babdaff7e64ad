"""Each server stopped in turn, under load: readiness, one metric and one line in the log name it, and why.

Killed, its address refuses; silent, it takes connections and says nothing.
"""

import threading

import pytest
import requests
from support.load import Load
from support.outage import killed, silent
from support.waiting import holds_for, wait_until

pytestmark = pytest.mark.timeout(400)

NOTICED = 30  # seconds until a program has noticed; KAFKA_TIMEOUT and the like are 5 s
BACK = 60
AWAY = 2  # seconds for which it stays away after everybody has noticed

# By server: who needs it, and whether that one is then not ready. The others go on: auth keeps its events, gateway and
# query know devices and users.
DEPENDENTS = {
    "kafka": {"auth": False, "gateway": True, "writer": True, "query": True},
    "mongodb": {"auth": True, "writer": True, "query": True},
    "auth": {"gateway": False, "query": False},
}
# What else a program may rightly say: the gateway's look-ups are answered by auth, which cannot without MongoDB.
FOLLOWS = {"mongodb": {"gateway": "auth"}}


@pytest.fixture(scope="module")
def stack_settings():
    return {"MONGODB_TIMEOUT": "2s"}


@pytest.fixture
def load(stack):
    """Trackers that send, and an owner who watches and asks."""
    owner = stack.user()
    fleet = [owner.add_device(f"Collar {i}") for i in range(6)], [owner.add_imei(f"Tracker {i}") for i in range(2)]
    with Load(stack, *fleet, pause=0.2) as load, owner.live() as live:
        live.subscribe("all")
        load.wait_acked(50)
        yield load


def process_of(stack, server):
    return {"kafka": stack.kafka, "mongodb": stack.mongo, "auth": stack.auth}[server]


def address_of(stack, server):
    return {
        "kafka": stack.kafka.brokers,
        "mongodb": f"127.0.0.1:{stack.mongo.port}",
        "auth": stack.auth.url(),
    }[server]


class Pulse:
    """Asks programs for /healthz all the time; what was not 200 is in .missed."""

    def __init__(self, programs):
        self.programs, self.missed, self.beats = programs, [], 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._ending.wait(0.2):
            for program in self.programs:
                try:
                    answer = program.ops("/healthz")
                    if answer.status_code != 200:
                        self.missed.append((program.name, answer.text))
                except requests.RequestException as error:
                    self.missed.append((program.name, str(error)))
            self.beats += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join(60)


class Witness:
    """What one program says of one server, from now on."""

    def __init__(self, program, server, gates):
        self.program, self.server, self.gates = program, server, gates
        self._began = len(program.log_lines)
        self._outages = self.metric("pettrack_dependency_outages_total")

    def metric(self, name):
        return self.program.metric(name, dependency=self.server)

    def lines(self, *levels):
        return [line for line in self.program.log_lines[self._began :] if line["level"] in levels]

    def says(self, event):
        return [x for x in self.lines("info", "warn", "error") if x["event"] == event and x["server"] == self.server]

    def readiness(self):
        """What /readyz says of the server, and None where it is well; the status must be the one that goes with it."""
        answer = self.program.ops("/readyz")
        body = answer.json()
        assert answer.status_code == (503 if body.get("checks") else 200)
        return body.get("checks" if self.gates else "degraded", {}).get(self.server)

    def has_noticed(self):
        return (
            self.readiness() and self.metric("pettrack_dependency_up") == 0 and len(self.says("dependency down")) == 1
        )

    def is_content(self):
        return not self.readiness() and self.metric("pettrack_dependency_up") == 1 and self.says("dependency up")

    def must_name(self, address):
        (line,) = self.says("dependency down")
        assert line["level"] == "warn"
        assert address in line["address"]
        assert line["why"] and line["since"] <= line["time"]
        assert line["effect"] == ("not ready" if self.gates else "ready all the same")
        assert self.program.metric("pettrack_ready") == (0 if self.gates else 1)
        assert self.metric("pettrack_dependency_outages_total") == self._outages + 1


def witnesses(stack, server):
    return [Witness(getattr(stack, kind), server, gates) for kind, gates in DEPENDENTS[server].items()]


@pytest.mark.parametrize("how", [killed, silent], ids=["refuses", "hangs"])
@pytest.mark.parametrize("server", sorted(DEPENDENTS))
def test_the_server_that_is_away_is_named(stack, load, server, how):
    process, address = process_of(stack, server), address_of(stack, server)
    programs = [p for p in stack.programs if p is not process]
    for program in programs:
        wait_until(lambda p=program: p.ops("/readyz").json() == {"status": "ok"}, BACK, f"{program.name} is well")
    seen = witnesses(stack, server)
    others = [Witness(program, "none", True) for program in programs]

    with Pulse(programs) as pulse:
        with how(process):
            for witness in seen:
                wait_until(witness.has_noticed, NOTICED, f"{witness.program.name} names {server}")
                witness.must_name(address)
            holds_for(lambda: all(w.readiness() for w in seen), AWAY, "it stays away", pause=0.1)
        for witness in seen:
            wait_until(witness.is_content, BACK, f"{witness.program.name} says that {server} is back")
        for program in programs:
            wait_until(lambda p=program: p.ops("/readyz").json() == {"status": "ok"}, BACK, f"{program.name} is well")
    assert pulse.beats > 10
    assert pulse.missed == [], "a server that is away is no reason to start a program anew"

    for witness in seen:
        assert len(witness.says("dependency down")) == len(witness.says("dependency up")) == 1, "said once"
    for other in others:
        faults = other.lines("warn", "error")
        named = {(line["event"], line.get("server")) for line in faults}
        expected = {("dependency down", server)} if other.program.kind in DEPENDENTS[server] else set()
        follows = FOLLOWS.get(server, {}).get(other.program.kind)
        if follows:
            expected |= {("dependency down", follows)} & named
        assert named == expected, "nothing else is blamed"
        assert len(faults) <= 2, "no flood"
    load.wait_acked(20, timeout=120)


def test_logs_hold_no_secret_and_no_place(stack, load):
    """After all that: what was said on the way."""
    places = [format(abs(part), ".7f") for place in list(load.acked.values())[:200] for part in place]
    for program in stack.programs:
        text = program.log.read_text()
        assert not [word for word in (*stack.secrets, *places) if word in text], program.name
