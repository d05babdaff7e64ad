"""Programs killed, servers stopped, each under load: nothing acknowledged is missing, nothing is there twice."""

import contextlib

import pytest
from support.load import Load, wait_quiet
from support.records import produce, read_topic
from support.times import now_ms, parse_time
from support.trackers import send_osmand
from support.waiting import holds_for, wait_until

pytestmark = pytest.mark.timeout(400)

NOTICED = 30  # seconds until a program has noticed
AWAY = 8  # seconds for which a server stays away after that
PAUSE = 0.1  # of a tracker of the load between two messages


@pytest.fixture
def fleet(stack):
    """Devices for a load: (OsmAnd, Teltonika)."""
    owner = stack.user()
    return [owner.add_device(f"Collar {i}") for i in range(12)], [owner.add_imei(f"Tracker {i}") for i in range(4)]


def stored_count(stack):
    return stack.db.positions.estimated_document_count()


def test_writer_killed(stack, fleet):
    with Load(stack, *fleet, pause=PAUSE) as load:
        for _ in range(2):
            before = stored_count(stack)
            load.wait_acked(200)
            wait_until(lambda b=before: stored_count(stack) > b, 60, "the writer writes")
            stack.writer.kill9()
            load.wait_acked(200)  # nobody notices
            stack.writer.start(ready=False)
        stack.writer.wait_ready(60)
        load.wait_acked(200)
    load.check()


def test_one_of_two_writers_killed(stack, fleet):
    with Load(stack, *fleet, pause=PAUSE) as load:
        second = stack.add_writer()
        load.wait_acked(300)
        second.kill9()
        load.wait_acked(300)
    load.check(timeout=90)  # the group notices a dead member after its session ends


def test_gateway_killed(stack, fleet):
    with Load(stack, *fleet, pause=PAUSE) as load:
        for _ in range(3):
            load.wait_acked(200)
            stack.gateway.kill9()
            stack.gateway.start()
        load.wait_acked(200)
    load.check()


@pytest.mark.parametrize("how", ["stop", "kill9"])
def test_kafka_stopped(stack, fleet, how):
    with Load(stack, *fleet, pause=PAUSE) as load:
        load.wait_acked(300)
        try:
            getattr(stack.kafka, how)()
            acked = len(load.acked) + len(load.in_doubt)
            wait_until(lambda: not stack.gateway.is_ready(), NOTICED, "the gateway says that it is not ready")
            holds_for(lambda: len(load.acked) <= acked, AWAY, "nothing is acknowledged while Kafka is away")
        finally:
            stack.kafka.start()
        load.wait_acked(300, timeout=120)
        for program in stack.programs:
            if program.running:
                program.wait_ready(60)
    load.check(timeout=120)


@pytest.mark.parametrize("how", ["stop", "kill9"])
def test_mongodb_stopped(stack, fleet, how):
    with Load(stack, *fleet, pause=PAUSE) as load:
        load.wait_acked(300)
        try:
            getattr(stack.mongo, how)()
            load.wait_acked(500)  # trackers do not notice
            wait_until(lambda: not stack.writer.is_ready(), NOTICED, "the writer says that it is not ready")
            programs = [p for p in stack.programs if p.name in ("auth", "gateway", "writer", "query")]
            holds_for(lambda: all(p.running for p in programs), AWAY, "no program ends")
        finally:
            stack.mongo.start()
        load.wait_acked(300, timeout=120)
        for program in stack.programs:
            if program.running:
                program.wait_ready(60)
    load.check(timeout=120)


def followed(frames):
    """Fixes pushed in `frames` as (device, ms, lat, lon), one entry a push."""
    return [
        (p["device"], parse_time(p["time"]), p["lat"], p["lon"])
        for f in frames
        if f["type"] == "positions"
        for p in f["positions"]
    ]


def test_query_killed_while_subscribers_resume_elsewhere(stack, fleet):
    """The subscriber that says recovered: true has seen every acknowledged position once."""
    owner = fleet[0][0].owner
    one, other = stack.add_query(), stack.add_query()
    with contextlib.ExitStack() as ending:
        first = ending.enter_context(owner.live(one))
        first.subscribe("all")  # before the load begins: nothing of it is in the snapshot, which is not an update
        load = ending.enter_context(Load(stack, *fleet, pause=PAUSE))
        load.wait_acked(400)
        wait_until(lambda: len(first.positions()) > 200, 30, "positions are pushed")
        one.kill9()
        first.wait_closed()
        load.wait_acked(400)
        with owner.live(other) as second:
            answer = second.subscribe("all", cursor=first.cursor)
            assert answer["recovered"] is True
            load.wait_acked(200)
            load.stop()
            everything = len(load.acked)
            wait_until(lambda: len(followed(first.frames + second.frames)) >= everything, 30, "all acked is pushed")
            wait_quiet(lambda: len(second.frames), 1, "the stream is quiet")
            seen = followed(first.frames + second.frames)
            skipped = first.skipped() + second.skipped()
    one.start()
    load.check()
    sent = {(device, ms, *place) for (device, ms), place in load.acked.items()}
    assert skipped == 0
    assert sent - set(seen) == set(), "missed"
    assert len(seen) == len(set(seen)), "pushed twice"
    assert {s[:2] for s in set(seen) - sent} <= load.in_doubt


def test_a_restarted_replica_resumes_too(stack, fleet):
    """Its ring begins far enough back: a cursor from before its start is recovered."""
    device = fleet[0][0]
    owner, sent = device.owner, []
    with owner.live() as before:
        before.subscribe([device])
        for k in range(20):
            sent.append(now_ms())
            assert send_osmand(stack, device, 50 + k * 1e-4, -5, sent[-1]).status_code == 200
            wait_until(lambda: len(before.positions(device)) == len(sent), 10, "each is pushed")
            if k == 9:
                cursor = before.cursor
    stack.query.kill9()
    stack.query.start()
    with owner.live() as after:
        assert after.subscribe([device], cursor=cursor)["recovered"] is True
        wait_until(lambda: len(after.positions(device)) >= 10, 10, "what was in between is pushed")
        assert [parse_time(p["time"]) for p in after.positions(device)] == sent[10:]


@pytest.mark.parametrize(
    "value",
    [b"", b"\xff" * 100, b"\x0a\x10" + b"\x01" * 16, b"not a position"],
    ids=["empty", "ones", "truncated", "text"],
)
def test_poison_goes_to_the_dead(stack, fleet, value):
    """As it was, with why and whence; and what comes after it is stored."""
    device = fleet[0][0]
    partition, offset = produce(stack, "positions", device.uuid.bytes, value)

    def found():
        for record in read_topic(stack, "positions.dead"):
            headers = dict(record.headers)
            if int(headers["partition"]) == partition and int(headers["offset"]) == offset:
                return record, headers

    record, headers = wait_until(found, 20, "the record is in positions.dead")
    assert record.key == device.uuid.bytes
    assert (record.value or b"") == value
    assert headers["topic"].decode() == stack.topic("positions")
    assert headers["error"]
    at = now_ms()
    assert send_osmand(stack, device, 50, -5, at).status_code == 200
    wait_until(lambda: at in device.owner.stored_times(device), 20, "the next position is stored")


def test_sigterm_under_load_drains(stack, fleet):
    """Each program ends with 0 and comes back; what was acknowledged before, during and after is there once."""
    with Load(stack, *fleet, pause=PAUSE) as load:
        for program in (stack.writer, stack.gateway, stack.query, stack.auth):
            load.wait_acked(100)
            assert program.stop() == 0, program.name
            program.start()
        load.wait_acked(100)
    load.check()


def test_writer_that_drained_leaves_nothing_to_do(stack, fleet):
    """Offsets were committed at the end: the next writer finds no record that is stored already."""
    with Load(stack, *fleet, pause=PAUSE) as load:
        load.wait_acked(500)
    load.check()
    assert stack.writer.stop() == 0
    stack.writer.start()
    device, at = fleet[0][0], now_ms()
    assert send_osmand(stack, device, 51, -4, at).status_code == 200
    wait_until(lambda: at in device.owner.stored_times(device), 20, "a new position is stored")
    assert stack.writer.metric("pettrack_writer_duplicates_total") == 0
