"""What trackers say in a whole session, on real sockets, however the bytes come: answered and stored the same.

The sessions are in support/sessions*.py. Each is played a frame at a time, byte by byte, and in one burst; positions
are then in Kafka three times, and in the history once.
"""

import contextlib
import datetime
import json
import random
import re
import socket
import subprocess

import pytest
from support import sessions_binary, sessions_counted, sessions_http, sessions_text
from support.programs import CLI, binary, clean_environment
from support.records import TopicReader, decode_position
from support.sessions import Step
from support.sessions_binary import gt06_frame, jt808_frame
from support.times import now_ms, parse_time
from support.waiting import wait_until

SESSIONS = {
    **sessions_http.SESSIONS,
    **sessions_binary.SESSIONS,
    **sessions_text.SESSIONS,
    **sessions_counted.SESSIONS,
}
DATAGRAMS = ("teltonika-udp",)
STREAMS = [name for name in SESSIONS if name not in DATAGRAMS]
SILENT = ("t55",)  # nothing is answered
HTTP = tuple(sessions_http.SESSIONS)
SHARED = ("gl200", "gps103", "h02", "jt808", "meitrack", "tk103", "watch")  # each frame names its device
NUMBERS = ("speed", "course", "altitude", "accuracy", "battery")
PATIENCE = 20


@pytest.fixture(scope="module")
def stack_settings():
    """Its gateway speaks everything."""
    return {"GATEWAY_PROTOCOLS": ",".join(SESSIONS)}


@pytest.fixture(scope="module")
def trackers(stack):
    """trackers(protocol): the devices of its session, each with an owner of its own, who has no pet to be told of."""
    known = {}

    def devices(protocol):
        if protocol not in known:
            known[protocol] = [stack.user().add_device(identifier=i) for i in SESSIONS[protocol].identifiers]
        return known[protocol]

    return devices


@pytest.fixture(scope="module")
def topic(stack):
    with contextlib.closing(TopicReader(stack, "positions")) as reader:
        yield reader


# ---- playing ----


@contextlib.contextmanager
def connection(stack, protocol):
    with socket.create_connection(("127.0.0.1", stack.gateway.ports[protocol]), timeout=PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def hear(sock, pattern):
    """Bytes until they are what is expected; fails when they cannot become it in time."""
    got = b""
    while not re.fullmatch(pattern, got, re.DOTALL):
        try:
            more = sock.recv(65536)
        except TimeoutError:
            more = b""
        assert more, f"wanted {pattern}, heard {got}"
        got += more
    return got


def hear_out(sock):
    """All that is still answered, once nothing more is said."""
    with contextlib.suppress(OSError):  # closed by the gateway
        sock.shutdown(socket.SHUT_WR)
    got = b""
    while more := sock.recv(65536):
        got += more
    return got


def say_one_by_one(sock, steps):
    """Waits for each answer. What is not answered is followed at once."""
    heard = b""
    for step in steps:
        sock.sendall(step.frame)
        if step.answer:
            heard += hear(sock, step.pattern)
    return heard


def say_byte_by_byte(sock, steps):
    for byte in b"".join(step.frame for step in steps):
        sock.send(bytes([byte]))
    return b""


def say_at_once(sock, steps):
    sock.sendall(b"".join(step.frame for step in steps))
    return b""


def say_in_pieces(sock, steps):
    """Frames begin and end anywhere in what is sent at once."""
    said, sizes, at = b"".join(step.frame for step in steps), random.Random(808), 0
    while at < len(said):
        size = sizes.randint(1, 200)
        sock.sendall(said[at : at + size])
        at += size
    return b""


WAYS = (say_one_by_one, say_byte_by_byte, say_at_once)


def assert_answers(steps, heard):
    """To the byte, but for the time of day."""
    wanted = b"".join(step.pattern for step in steps)
    assert re.fullmatch(wanted, heard, re.DOTALL), f"wanted {wanted}, heard {heard}"


def play(stack, protocol, steps, say):
    """Says all of it on a connection and hears whether the answers are those expected."""
    with connection(stack, protocol) as sock:
        heard = say(sock, steps)
        heard += hear_out(sock)
    assert_answers(steps, heard)


def say_beside_a_stranger(stack, protocol, known, others, say):
    """What the known hears, and then all others; these may find that the gateway has closed before it read them all."""
    with connection(stack, protocol) as sock:
        heard = say_one_by_one(sock, known)
        with contextlib.suppress(ConnectionError):
            heard += say(sock, others)
        return heard + hear_out(sock)


def play_datagrams(stack, protocol, steps, at_once):
    """In one burst, or each when the one before is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", stack.gateway.ports[protocol]))
        sock.settimeout(PATIENCE)
        heard = []
        for step in steps:
            sock.send(step.frame)
            if not at_once:
                heard.append(sock.recv(1000))
        while len(heard) < len(steps):
            heard.append(sock.recv(1000))
    assert sorted(heard) == sorted(step.answer for step in steps)


# ---- what must come of it ----


def reports_of(steps, device):
    return [report for step in steps for report in step.reports if report.device == device]


def roughly(value):
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def booleans(attributes):
    """The names of those that are true or false, and not merely 1 or 0."""
    return {name for name, value in attributes.items() if isinstance(value, bool)}


def assert_is(found, report, rounded=1e-9):
    """`found` says what the report does, and nothing else."""
    for name in ("lat", "lon"):
        value = getattr(report, name)
        assert found.get(name) == (value if value is None else pytest.approx(value, abs=2e-8)), name
    for name in NUMBERS:
        value = getattr(report, name)
        assert found.get(name) == (value if value is None else pytest.approx(value, rel=1e-6, abs=rounded)), name
    attributes = found.get("attributes", {})
    assert attributes == {name: roughly(value) for name, value in report.attributes.items()}
    assert booleans(attributes) == booleans(report.attributes)


def assert_recorded(record, report, protocol):
    """In Kafka. Who did not say when gets the gateway's time."""
    assert record["time"] == (record["received"] if report.time is None else report.time_ms)
    assert record["protocol"] == protocol
    assert record.get("invalid", False) == (not report.valid)
    assert_is(record, report)


def assert_history(device, reports, protocol):
    """Each position once, in the order of time; contacts are not among them."""
    places = sorted((r for r in reports if r.lat is not None), key=lambda r: r.time_ms)
    history = wait_until(
        lambda: len(found := device.owner.history(device)) >= len(places) and (found, True), 20, "it is stored"
    )[0]
    assert [parse_time(p["time"]) for p in history] == [r.time_ms for r in places]
    for position, report in zip(history, places, strict=True):
        assert position["protocol"] == protocol
        assert position.get("valid", True) == report.valid
        assert_is(position, report, rounded=6e-4)


def assert_latest(device, records):
    """The newest place, and the last time that the device was heard, be it without a place."""
    fixes = [r["time"] for r in records if "lat" in r]
    if not fixes:
        return
    latest = wait_until(
        lambda: (
            (one := device.owner.latest(device))
            and parse_time(one["contact"]) == max(r["received"] for r in records)
            and one
        ),
        20,
        "the last contact is known",
    )
    assert parse_time(latest["time"]) == max(fixes)


@contextlib.contextmanager
def recorded(topic, protocol, devices, steps, times=1):
    """What is said inside makes just the reports of `steps` come to Kafka, in that order, `times` over.

    Gives a list for each device, which then has what came."""
    topic.read()
    came = [[] for _ in devices]
    yield came
    wanted = [reports_of(steps, number) * times for number in range(len(devices))]

    def come():
        for record in topic.read():
            for device, records in zip(devices, came, strict=True):
                if record.key == device.uuid.bytes:
                    records.append(decode_position(record.value))
        return all(len(records) >= len(reports) for records, reports in zip(came, wanted, strict=True))

    wait_until(come, 20, "the records are in Kafka")
    for records, reports in zip(came, wanted, strict=True):
        assert len(records) == len(reports)
        for record, report in zip(records, reports, strict=True):
            assert_recorded(record, report, protocol)


def assert_kept(protocol, devices, steps, came):
    """History and latest of all devices, when Kafka has what these steps report."""
    for number, (device, records) in enumerate(zip(devices, came, strict=True)):
        assert_history(device, reports_of(steps, number), protocol)
        assert_latest(device, records)


# ---- sessions ----


@pytest.mark.parametrize("protocol", STREAMS)
def test_a_session_is_the_same_however_its_bytes_come(stack, topic, trackers, protocol):
    devices = trackers(protocol)
    steps = SESSIONS[protocol].steps(devices)
    with recorded(topic, protocol, devices, steps, times=len(WAYS)) as came:
        for say in WAYS:
            play(stack, protocol, steps, say)
    assert_kept(protocol, devices, steps, came)


@pytest.mark.parametrize("protocol", STREAMS)
def test_a_session_many_times_over_on_a_connection(stack, topic, trackers, protocol):
    devices = trackers(protocol)
    steps = [step for step in SESSIONS[protocol].steps(devices) if b"Connection: close" not in step.frame]
    with recorded(topic, protocol, devices, steps, times=6):
        play(stack, protocol, steps * 6, say_in_pieces)


@pytest.mark.parametrize("protocol", DATAGRAMS)
def test_a_session_of_datagrams(stack, topic, trackers, protocol):
    devices = trackers(protocol)
    steps = SESSIONS[protocol].steps(devices)
    with recorded(topic, protocol, devices, steps, times=2) as came:
        for at_once in (False, True):
            play_datagrams(stack, protocol, steps, at_once)
    assert_kept(protocol, devices, steps, came)


@pytest.mark.parametrize("protocol", STREAMS)
def test_a_connection_that_ends_within_a_frame(stack, topic, trackers, protocol):
    """Half of the longest frame of the session; then all of it on a new connection."""
    devices = trackers(protocol)
    steps = SESSIONS[protocol].steps(devices)
    cut = max(range(len(steps)), key=lambda i: len(steps[i].frame))
    half = steps[cut].frame[: len(steps[cut].frame) // 2]
    with recorded(topic, protocol, devices, steps[:cut] + steps):
        with connection(stack, protocol) as sock:
            say_one_by_one(sock, steps[:cut])
            sock.sendall(half)
        wait_until(lambda: closed(stack, protocol), 20, "the gateway has seen the end")
        play(stack, protocol, steps, say_one_by_one)


def closed(stack, protocol):
    return stack.gateway.metric("pettrack_gateway_connections", protocol=protocol) == 0


# ---- the time of day ----


def tell_gt06(sock, device):
    sock.sendall(gt06_frame(0x01, bytes.fromhex("0" + device.identifier), 1) + gt06_frame(0x8A, b"", 2))
    answer = hear(sock, re.escape(gt06_frame(0x01, b"", 1)) + b".{16}")[-16:]
    assert answer == gt06_frame(0x8A, answer[4:10], 2)
    return "20" + "".join(f"{part:02d}" for part in answer[4:10])


def tell_jt808(sock, device):
    sock.sendall(jt808_frame(0x0004, device.identifier, 1))
    answer = hear(sock, b"~.+~")
    assert answer == jt808_frame(0x8004, device.identifier, 0, answer[13:19])
    return "20" + answer[13:19].hex()


def tell_h02(sock, device):
    fix = f"*HQ,{device.identifier},V1,081530,A,2234.6200,N,11355.0200,E,10.00,332,031125,FFFFFBFF#"
    sock.sendall(fix.encode())
    return hear(sock, b"[*].+#")[-15:-1].decode()


@pytest.mark.parametrize("protocol, tell", [("gt06", tell_gt06), ("jt808", tell_jt808), ("h02", tell_h02)])
def test_the_time_of_day_that_is_told(stack, trackers, protocol, tell):
    """yyyymmddhhmmss UTC, of a moment between the question and the answer."""
    device, _ = trackers(protocol)
    with connection(stack, protocol) as sock:
        before = now_ms() // 1000
        told = datetime.datetime.strptime(tell(sock, device) + "+0000", "%Y%m%d%H%M%S%z").timestamp()
        assert before <= told <= now_ms() // 1000


# ---- strangers ----


@pytest.mark.parametrize("protocol", STREAMS)
def test_a_stranger_on_a_connection(stack, topic, trackers, protocol):
    """Between frames of a known device. Where each frame names its device the others go on; else the gateway closes
    behind the answer, if there is one."""
    devices, session = trackers(protocol), SESSIONS[protocol]
    known = session.steps(devices)[: session.login + 1]
    behind = known[-1] if protocol in (*HTTP, *SHARED) else Step(known[-1].frame)
    with recorded(topic, protocol, devices, [*known, behind], times=len(WAYS)):
        for say in WAYS:
            heard = say_beside_a_stranger(stack, protocol, known, [session.stranger, behind], say)
            assert_answers([*known, session.stranger, behind], heard)


def test_a_stranger_among_datagrams(stack, topic, trackers):
    (protocol,) = DATAGRAMS
    devices, session = trackers(protocol), SESSIONS[protocol]
    steps = session.steps(devices)

    def refused():
        return stack.gateway.metric("pettrack_gateway_refused_total", protocol=protocol, reason="unknown_device")

    before = refused()
    with (
        recorded(topic, protocol, devices, steps),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
    ):
        sock.connect(("127.0.0.1", stack.gateway.ports[protocol]))
        sock.settimeout(PATIENCE)
        for datagram in [steps[0].frame, session.stranger.frame, *(step.frame for step in steps[1:])]:
            sock.send(datagram)
        assert sorted(sock.recv(1000) for _ in steps) == sorted(step.answer for step in steps)
        wait_until(lambda: refused() == before + 1, PATIENCE, "the stranger is refused")
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1000)


# ---- what breaks off ----


def hear_until(sock, end):
    """Bytes until they end so, or the gateway closes. TimeoutError: it has fallen silent."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while not re.search(end + b"$", got, re.DOTALL) and (more := sock.recv(65536)):
            got += more
    return got


@pytest.mark.parametrize("protocol", [name for name in STREAMS if name not in SILENT])
def test_a_frame_that_breaks_off(stack, trackers, protocol):
    """Half of one, then the session on the same connection: its end is answered, or the gateway closes, and trackers
    connect anew. It does not fall silent, which would make them wait."""
    steps = SESSIONS[protocol].steps(trackers(protocol))
    cut = max(range(len(steps)), key=lambda i: len(steps[i].frame))
    half = steps[cut].frame[: len(steps[cut].frame) // 2]
    with connection(stack, protocol) as sock:
        say_one_by_one(sock, steps[:cut])
        sock.sendall(half + b"".join(step.frame for step in steps))
        hear_until(sock, [step.pattern for step in steps if step.answer][-1])
    assert wait_until(lambda: closed(stack, protocol), PATIENCE, "the gateway has seen the end")


# ---- pettrack decode ----


def as_line(protocol, frame):
    if protocol not in HTTP:
        return frame.hex()
    head, _, body = frame.decode().partition("\r\n\r\n")
    first, *fields = head.split("\r\n")
    method, uri, _ = first.split(" ")
    return json.dumps({"method": method, "uri": uri, "headers": dict(f.split(": ", 1) for f in fields), "body": body})


def decoded(stack, protocol, steps):
    """One object of `pettrack decode` for each step."""
    done = subprocess.run(
        [binary(CLI), "decode", protocol, "--http" if protocol in HTTP else "--hex"],
        env=clean_environment(stack.cli_env()),
        input="".join(as_line(protocol, step.frame) + "\n" for step in steps),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def without_nulls(report):
    return {name: value for name, value in report.items() if value is not None}


def assert_said(line, step, identifiers):
    """The line of `pettrack decode` says what the step reports."""
    places = [r for r in step.reports if r.lat is not None]
    contacts = [r for r in step.reports if r.lat is None]
    assert line["error"] == step.refused
    assert re.fullmatch(step.pattern, bytes.fromhex(line["answer"] or ""), re.DOTALL)
    contact = line["contact"]
    found = [*(contact.pop("earlier", []) if contact else []), *([contact] if contact else [])]
    assert len(line["positions"]) == len(places)
    assert len(found) == len(contacts)
    for said, report in zip([*line["positions"], *found], [*places, *contacts], strict=True):
        assert line["device"] == identifiers[report.device]
        assert (said["time"] and parse_time(said["time"])) == report.time_ms
        assert said.get("valid", True) == report.valid
        assert_is(without_nulls(said), report)


@pytest.mark.parametrize("protocol", SESSIONS)
def test_decode_says_what_is_stored(stack, trackers, protocol):
    steps = [step for step in SESSIONS[protocol].steps(trackers(protocol)) if not step.alone]
    lines = decoded(stack, protocol, steps)
    assert len(lines) == len(steps)
    for line, step in zip(lines, steps, strict=True):
        assert_said(line, step, SESSIONS[protocol].identifiers)
