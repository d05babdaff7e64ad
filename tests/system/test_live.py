"""The live stream: snapshot and updates without a gap, resuming on any replica, slow clients, ends of access."""

import contextlib
import json
import pathlib
import random
import socket
import struct
import time

import pytest
import websockets.sync.client
import yaml
from kafka import KafkaAdminClient, KafkaProducer
from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from support.live import LiveClient
from support.load import Load
from support.programs import Stack
from support.times import format_time, now_ms, parse_time
from support.trackers import send_osmand
from support.waiting import LOADED_S, holds_for, wait_until
from websockets.exceptions import ConnectionClosed

ASYNCAPI = pathlib.Path(__file__).resolve().parents[2] / "proto" / "asyncapi.yaml"


def pushed_times(client, device, after=0):
    return [parse_time(p["time"]) for p in client.positions(device, after)]


def send(stack, device, time_ms, lat=50.17, lon=-5.11, **more):
    answer = send_osmand(stack, device, lat, lon, time_ms, **more)
    assert answer.status_code == 200, answer.text
    return time_ms


@pytest.fixture(scope="module")
def replica(stack):
    """A second replica of query."""
    return stack.add_query()


def stack_with(kafka, mongo, folder, **env):
    made = Stack(kafka, mongo, folder, **env)
    try:
        yield made.start()
    finally:
        made.remove()


@pytest.fixture(scope="module")
def forgetful(kafka, mongo, tmp_path_factory):
    """A stack whose query keeps twenty records of each partition."""
    yield from stack_with(kafka, mongo, tmp_path_factory.mktemp("forgetful"), LIVE_RING="20", MONGODB_TIMEOUT="1s")


@pytest.fixture(scope="module")
def strict(kafka, mongo, tmp_path_factory):
    """A stack with bounds that a test reaches."""
    bounds = {
        "LIVE_CONNECTIONS_PER_USER": "2",
        "LIVE_CONNECTIONS_PER_ADDRESS": "4",
        "LIVE_MESSAGE_MAX": "4k",
        "LIVE_AUTH_TIMEOUT": "1s",
        "LIVE_SLOW": "1s",
    }
    yield from stack_with(kafka, mongo, tmp_path_factory.mktemp("strict"), **bounds)


# ---- many positions, without a tracker: straight into the topic ----


def record(device, time_ms, lat=50.17, lon=-5.11):
    """A Position of proto/position.proto, written by hand."""
    return (
        b"\x0a\x10"
        + device.uuid.bytes
        + struct.pack("<BQBQ", 0x11, time_ms, 0x19, now_ms())
        + struct.pack("<BiBi", 0x25, round(lat * 1e7), 0x2D, round(lon * 1e7))
        + b"\x62\x04test"
    )


def produce_many(stack, records):
    """[(device, bytes)...] in that order; returns when Kafka has all."""
    producer = KafkaProducer(bootstrap_servers=stack.kafka.brokers, acks="all", linger_ms=20, batch_size=1 << 18)
    try:
        for device, value in records:
            producer.send(stack.topic("positions"), key=device.uuid.bytes, value=value)
        producer.flush(60)
    finally:
        producer.close()


# ---- the shape of what is said ----


def test_frames_are_as_asyncapi_says(stack, owner):
    document = yaml.safe_load(ASYNCAPI.read_text(encoding="utf-8"))
    registry = Registry().with_resource("urn:live", Resource.from_contents(document, DRAFT202012))
    validators = {
        name: OAS31Validator({"$ref": f"urn:live#/components/messages/{name}/payload"}, registry=registry)
        for name in document["components"]["messages"]
    }
    for name, message in document["components"]["messages"].items():
        for example in message["examples"]:
            validators[name].validate(example["payload"])
    device, now = owner.add_device(), now_ms()
    with owner.live() as live:
        live.subscribe("all")
        send(stack, device, now, speed=3, batt=81, motion="true")
        send(stack, device, now - 1000)
        live.send(type="ping")
        live.send(type="subscribe", devices=["3f0c6a8e-5d5e-4d0c-9d53-0d3d1f1b6a01"])
        live.wait_for("pong"), live.wait_for("error")
        wait_until(lambda: len(live.positions(device)) == 2, 10, "both are pushed")
        other = owner.add_device()
        live.wait_for("devices", added=[other.id])
        live.wait_for("snapshot", after=live.frames.index(live.of_type("devices")[0]), last=True)
        for frame in live.frames:
            validators[frame["type"]].validate(frame)
        assert {"authenticated", "subscribed", "snapshot", "positions", "pong", "error", "devices"} == {
            f["type"] for f in live.frames
        }


def test_a_token_beside_the_subprotocol(stack, owner):
    device = owner.add_device()
    with LiveClient(stack.live_url(), subprotocols=("pettrack.v1", f"bearer.{owner.token}")) as live:
        assert live.socket.subprotocol == "pettrack.v1"
        live.wait_for("authenticated")
        live.subscribe([device])


def test_not_in_the_url(stack, owner):
    with LiveClient(f"{stack.live_url()}?access_token={owner.token}&token={owner.token}") as live:
        live.send(type="subscribe", devices="all")
        assert live.wait_closed() == 4401


# ---- no gap ----


def test_no_gap_between_snapshot_and_updates(stack, owner):
    """Whoever subscribes in the middle of it misses nothing that is newer than their snapshot."""
    devices = [owner.add_device() for _ in range(6)]
    clients = []
    with Load(stack, devices, pause=0) as load:
        for _ in range(12):
            load.wait_acked(random.randint(5, 40))
            client = owner.live()
            client.send(type="subscribe", devices="all")
            clients.append(client)
        load.wait_acked(100)
        load.stop()
        for client in clients:
            client.wait_for("snapshot", last=True)
            snapshot = {p["device"]: parse_time(p["time"]) for p in client.snapshot()}
            for device in devices:
                expected = {t for d, t in load.acked if d == device.id and t > snapshot.get(device.id, 0)}
                wait_until(lambda c=client, d=device, e=expected: e <= set(pushed_times(c, d)), 20, "all that is newer")
                times = pushed_times(client, device)
                assert len(times) == len(set(times)), "twice"
                assert times == sorted(times)
            assert client.skipped() == 0
            client.close()


def test_no_gap_while_the_writer_is_away(forgetful):
    """What is not stored yet is in the snapshot all the same; and comes when the replica has not read it itself."""
    stack = forgetful
    owner = stack.user()
    known, new = owner.add_device("Stored"), owner.add_device("New")
    first = send(stack, known, now_ms() - 60_000)
    wait_until(lambda: owner.latest(known), 10, "it is stored")
    stack.writer.kill9()
    second, third = send(stack, known, first + 1000), send(stack, new, first + 2000)

    def snapshot():
        with owner.live() as live:
            live.subscribe("all")
            return {p["device"]: parse_time(p["time"]) for p in live.snapshot()}

    wait_until(lambda: snapshot() == {known.id: second, new.id: third}, 10, "what is acknowledged is in the snapshot")

    # A replica that starts now reads twenty records of each partition back; these are older, and not stored.
    filler = owner.add_device("Filler")
    produce_many(stack, [(d, record(d, first + 3000 + k)) for d in (known, new) for k in range(3)])
    with owner.live() as live:
        live.subscribe([filler])
        produce_many(stack, [(filler, record(filler, first + k)) for k in range(50)])
        wait_until(lambda: len(live.positions(filler)) == 50, 10, "the filler is pushed")
    stack.query.kill9()
    stack.query.start()
    with owner.live() as live:
        live.subscribe("all")
        stack.writer.start()

        def shown():
            newest = {}
            for p in live.snapshot() + live.positions():
                newest[p["device"]] = max(parse_time(p["time"]), newest.get(p["device"], 0))
            return newest

        wait_until(lambda: shown() == {known.id: first + 3002, new.id: first + 3002, filler.id: first + 49}, 20, "all")


# ---- resuming ----


def test_resumed_again_and_again_on_changing_replicas(stack, replica, owner):
    """Every acknowledged position exactly once, over ten connections to two replicas under load."""
    devices = [owner.add_device() for _ in range(4)]
    seen, cursor = [], None
    with owner.live() as live:
        live.subscribe("all")
        cursor = live.cursor
    with Load(stack, devices, pause=0) as load:
        for turn in range(10):
            with owner.live((stack.query, replica)[turn % 2]) as live:
                assert live.subscribe("all", cursor=cursor)["recovered"] is True
                load.wait_acked(50)
                if turn == 9:
                    load.stop()
                    everything = len(load.acked)
                    wait_until(lambda: len(seen) + len(live.positions()) >= everything, 20, "all of it is pushed")  # noqa: B023
                live.close()
                assert live.skipped() == 0
                seen += [(p["device"], parse_time(p["time"])) for p in live.positions()]
                cursor = live.cursor
    assert len(seen) == len(set(seen)), "twice"
    assert set(load.acked) <= set(seen), "missed"
    assert set(seen) - set(load.acked) <= load.in_doubt


def test_late_ones_are_resumed_too(stack, replica, owner):
    device, now = owner.add_device(), now_ms()
    with owner.live() as live:
        live.subscribe([device])
        send(stack, device, now)
        wait_until(lambda: live.positions(device), 10, "it is pushed")
        cursor = live.cursor
    late = send(stack, device, now - 3_600_000)
    with owner.live(replica) as live:
        assert live.subscribe([device], cursor=cursor)["recovered"] is True
        position = wait_until(lambda: live.positions(device), 10, "the late one is pushed")[0]
        assert parse_time(position["time"]) == late and position["late"] is True


def test_late_as_the_database_knows(forgetful):
    """The newer fix is long out of the ring of a replica that has just started."""
    stack = forgetful
    owner = stack.user()
    device, filler, now = owner.add_device(), owner.add_device(), now_ms()
    send(stack, device, now)
    produce_many(stack, [(filler, record(filler, now - 10_000 + k)) for k in range(500)])
    produce_many(stack, [(device, record(device, now - 100_000 + k)) for k in range(30)])
    wait_until(lambda: owner.latest(device) and len(owner.history(device)) == 31, 20, "all is stored")
    stack.query.restart()
    with owner.live() as live:
        live.subscribe([device])
        send(stack, device, now - 50_000)
        send(stack, device, now + 1000)
        wait_until(lambda: len(live.positions(device)) == 2, 10, "both are pushed")
        assert [p.get("late") for p in live.positions(device)] == [True, None]


def test_a_cursor_that_is_too_old(forgetful):
    stack = forgetful
    owner = stack.user()
    device, now = owner.add_device(), now_ms()
    with owner.live() as live:
        live.subscribe([device])
        send(stack, device, now)
        wait_until(lambda: live.positions(device), 10, "it is pushed")
        cursor = live.cursor
        produce_many(stack, [(device, record(device, now + 1 + k)) for k in range(200)])
        wait_until(lambda: len(live.positions(device)) == 201, 10, "all are pushed")
        fresh = live.cursor
    with owner.live() as live:
        assert live.subscribe([device], cursor=cursor)["recovered"] is False
        assert [parse_time(p["time"]) for p in live.snapshot()] == [now + 200]
        holds_for(lambda: not live.positions(), 0.3, "never a part of what was missed")
    with owner.live() as live:
        assert live.subscribe([device], cursor=fresh)["recovered"] is True


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "🐈", "A" * 5000, None])
def test_a_cursor_that_is_none(stack, owner, cursor):
    device = owner.add_device()
    with owner.live() as live:
        live.send(type="subscribe", devices=[device.id], cursor=cursor)
        assert live.wait_for("subscribed")["recovered"] is False
        live.wait_for("snapshot", last=True)


def test_a_cursor_of_somebody_else_shows_nothing(stack, owner):
    device, stranger = owner.add_device(), stack.user()
    theirs = stranger.add_device()
    with owner.live() as live:
        live.subscribe([device])
        send(stack, device, now_ms())
        wait_until(lambda: live.positions(device), 10, "it is pushed")
        cursor = live.cursor
        send(stack, device, now_ms() + 1)
    with stranger.live() as live:
        live.send(type="subscribe", devices=[device.id, theirs.id], cursor=cursor)
        assert live.wait_for("subscribed")["devices"] == [theirs.id]
        live.wait_for("snapshot", last=True)
        holds_for(lambda: not live.positions() and not live.snapshot(), 0.3, "nothing of the owner's")


def test_another_topic_of_the_same_name(make_stack):
    """Offsets that mean other records: noticed, on the open connection and by the cursor."""
    stack = make_stack()
    owner = stack.user()
    device, now = owner.add_device(), now_ms()
    live = owner.live()
    live.subscribe([device])
    for k in range(5):
        send(stack, device, now + k)
    wait_until(lambda: len(live.positions(device)) == 5, 10, "all are pushed")
    cursor = live.cursor
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.brokers)
    admin.delete_topics([stack.topic("positions")])
    assert live.wait_closed(60) == 1012
    wait_until(lambda: stack.topic("positions") in admin.list_topics(), 60, "somebody makes it again")
    admin.close()
    stack.query.wait_ready(60)
    produce_many(stack, [(device, record(device, now + 100 + k)) for k in range(10)])
    with owner.live() as live:
        answer = live.subscribe([device], cursor=cursor)
        assert answer["recovered"] is False


# ---- slow clients ----


@contextlib.contextmanager
def slow_client(stack, owner, device):
    """Subscribed, with a small socket buffer; reads only when it is told to."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", stack.query.ports["live"]))
    how = {"compression": None, "max_size": 1 << 24, "max_queue": 1, "ping_interval": None}
    before = stack.query.metric("pettrack_live_subscriptions")
    with websockets.sync.client.connect(stack.live_url(), sock=sock, subprotocols=["pettrack.v1"], **how) as slow:
        slow.send(json.dumps({"type": "auth", "token": owner.token}))
        slow.send(json.dumps({"type": "subscribe", "devices": [device.id]}))
        wait_until(lambda: stack.query.metric("pettrack_live_subscriptions") > before, 10, "it is subscribed")
        yield slow


def test_a_slow_client_is_told_and_slows_nobody(stack, owner):
    device, now, fixes = owner.add_device(), now_ms(), 20_000
    last = format_time(now + fixes - 1)
    with owner.live() as quick, slow_client(stack, owner, device) as slow:
        quick.subscribe([device])
        produce_many(stack, [(device, record(device, now + k)) for k in range(fixes)])
        wait_until(lambda: quick.frames[-1].get("positions", [{}])[-1].get("time") == last, 60, "the quick one has all")
        assert len(quick.positions(device)) == fixes
        assert quick.skipped() == 0
        got, skipped, newest = 0, 0, 0
        while newest != now + fixes - 1:
            frame = json.loads(slow.recv(timeout=20))
            if frame["type"] == "positions":
                got += len(frame["positions"])
                skipped += frame.get("skipped", 0)
                newest = parse_time(frame["positions"][-1]["time"])
        assert got + skipped == fixes
        assert skipped > 0


def test_one_that_never_reads_is_closed(strict):
    stack = strict
    owner = stack.user()
    device, now = owner.add_device(), now_ms()
    with slow_client(stack, owner, device):
        produce_many(stack, [(device, record(device, now + k)) for k in range(20_000)])
        wait_until(lambda: stack.query.metric("pettrack_live_closes_total", reason="slow") == 1, 20, "it is closed")


# ---- the end of access ----


def test_a_token_that_ends(make_stack):
    stack = make_stack(AUTH_TOKEN_AGE="6s", LIVE_EXPIRING="4s")
    owner = stack.user()
    device = owner.add_device()
    renewing, ending = LiveClient(stack.live_url()), LiveClient(stack.live_url())
    for client in (renewing, ending):
        client.authenticate(owner.login()["access_token"])
        client.subscribe([device])
    for client in (renewing, ending):
        assert client.wait_for("expiring")["expires"] == client.of_type("authenticated")[0]["expires"]
    renewing.authenticate(owner.login()["access_token"])
    assert ending.wait_closed() == 4401
    assert not renewing.closed.is_set()
    assert len(renewing.of_type("authenticated")) >= 2
    send(stack, device, now_ms())
    wait_until(lambda: renewing.positions(device), 10, "who renewed goes on")
    renewing.close()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30"])
def test_a_token_that_is_none(stack, token):
    with LiveClient(stack.live_url()) as live:
        live.send(type="auth", token=token)
        assert live.wait_closed() == 4401


def test_logging_out_ends_the_stream_within_a_second(stack, owner):
    device = owner.add_device()
    with owner.live() as mine:
        mine.subscribe([device])
        other_token = owner.tokens["access_token"]
        owner.login()
        with owner.live() as another_session:
            another_session.subscribe([device])
            answer = owner.http.delete(
                stack.auth.url("/v1/sessions/current"), headers={"Authorization": f"Bearer {other_token}"}, timeout=10
            )
            assert answer.status_code == 204
            since = time.monotonic()
            assert mine.wait_closed() == 4401
            assert time.monotonic() - since < LOADED_S
            assert not another_session.closed.is_set()
            with LiveClient(stack.live_url()) as again:  # the token itself is good for minutes
                again.send(type="auth", token=other_token)
                assert again.wait_closed() == 4401


def test_a_device_that_is_deleted_and_one_that_is_added(stack, owner):
    kept, gone = owner.add_device(), owner.add_device()
    with owner.live() as live:
        live.subscribe("all")
        since = time.monotonic()
        assert owner.auth("DELETE", f"/v1/devices/{gone.id}").status_code == 204
        live.wait_for("devices", removed=[gone.id])
        assert time.monotonic() - since < LOADED_S
        produce_many(stack, [(gone, record(gone, now_ms())), (kept, record(kept, now_ms()))])
        wait_until(lambda: live.positions(kept), 10, "what is kept is pushed")
        added = owner.add_device()
        live.wait_for("devices", added=[added.id])
        send(stack, added, now_ms())
        wait_until(lambda: live.positions(added), 10, "what was added is pushed")
        holds_for(lambda: not live.positions(gone), 0.3, "what was deleted is not")


# ---- servers away ----


def test_auth_is_away(make_stack):
    """Streams go on, who is known may come; tokens are checked without it."""
    stack = make_stack(ACCESS_TTL="1s")
    owner = stack.user()
    device = owner.add_device()
    # Later the event would make the gateway ask again, whom nobody answers.
    wait_until(lambda: stack.gateway.metric("pettrack_gateway_device_events_total"), 20, "the gateway knows of it")
    with owner.live() as live:
        live.subscribe("all")
        send(stack, device, now_ms())
        wait_until(lambda: live.positions(device), 10, "it is pushed")
        stack.auth.kill9()
        time.sleep(1.2)  # what is remembered is old now
        send(stack, device, now_ms())
        wait_until(lambda: len(live.positions(device)) == 2, 10, "it is pushed")
        with owner.live() as later:
            later.subscribe("all")
            assert len(later.snapshot()) == 1
        stack.auth.start()


def test_mongodb_is_away(forgetful, mongo):
    """A snapshot of what the replica itself knows; the rest follows when MongoDB is back."""
    stack = forgetful
    owner = stack.user()
    old, new, now = owner.add_device("Old"), owner.add_device("New"), now_ms()
    send(stack, old, now - 5000)
    wait_until(lambda: owner.latest(old), 10, "it is stored")
    filler = owner.add_device("Filler")
    produce_many(stack, [(filler, record(filler, now - 4000 + k)) for k in range(1000)])
    wait_until(lambda: owner.latest(filler) and len(owner.history(filler)) == 1000, 20, "all is stored")
    stack.query.restart()
    with owner.live() as live:
        live.subscribe([new])  # auth, who needs MongoDB too, has said what may be seen
    mongo.stop()
    try:
        with owner.live() as live:
            live.subscribe([old, new], timeout=20)
            produce_many(stack, [(new, record(new, now))])
            wait_until(lambda: live.positions(new), 10, "what is new is pushed")
            mongo.start()
            wait_until(lambda: live.positions(old) or live.snapshot(), 20, "what is stored follows")
            assert [parse_time(p["time"]) for p in live.snapshot() + live.positions(old)] == [now - 5000]
    finally:
        if not mongo.running:
            mongo.start()


def test_kafka_is_away(stack, owner, kafka):
    """The stream goes on where it was."""
    device = owner.add_device()
    with owner.live() as live:
        live.subscribe([device])
        first = send(stack, device, now_ms())
        wait_until(lambda: live.positions(device), 10, "it is pushed")
        kafka.stop()
        wait_until(lambda: not stack.query.is_ready(), 30, "query says that it is not ready")
        live.send(type="ping")
        live.wait_for("pong")
        kafka.start()
        second = send(stack, device, first + 1000)
        wait_until(lambda: len(live.positions(device)) >= 2, 30, "it is pushed")
        assert pushed_times(live, device) == [first, second]
        assert not live.closed.is_set()
    for program in stack.programs:
        program.wait_ready(60)


# ---- bounds, and the end ----


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "{}", '{"type":"cat"}', '{"type":"subscribe"}', '{"type":"subscribe","devices":[7]}']
)
def test_what_is_no_message(stack, owner, text):
    with owner.live() as live:
        live.socket.send(text)
        assert live.wait_closed() == 4400


def test_bounds(strict):
    stack = strict
    owner, other = stack.user(), stack.user()
    with owner.live(), owner.live():
        with LiveClient(stack.live_url()) as third:
            third.send(type="auth", token=owner.token)
            assert third.wait_closed() == 4429
        with other.live(), other.live(), LiveClient(stack.live_url()) as fifth:
            assert fifth.wait_closed() == 4429
    wait_until(lambda: stack.query.metric("pettrack_live_clients") == 0, 10, "all are gone")
    with LiveClient(stack.live_url()) as silent:
        assert silent.wait_closed() == 4408
    with owner.live() as large:
        large.socket.send("x" * 5000)
        assert large.wait_closed() == 1009
    with owner.live() as hasty:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(200):
                hasty.send(type="ping")
        assert hasty.wait_closed() == 4429


def test_sigterm_says_goodbye(stack, owner):
    device = owner.add_device()
    with owner.live() as live:
        live.subscribe([device])
        cursor = live.cursor
        assert stack.query.stop() == 0
        assert live.wait_closed() == 1001
    sent = send(stack, device, now_ms())
    stack.query.start()
    with owner.live() as live:
        assert live.subscribe([device], cursor=cursor)["recovered"] is True
        wait_until(lambda: pushed_times(live, device) == [sent], 10, "what came meanwhile")


def test_what_it_counts(stack, owner):
    device, now = owner.add_device(), now_ms()
    with owner.live() as live:
        live.subscribe([device])
        for k in range(5):
            send(stack, device, now + k)
        wait_until(lambda: len(live.positions(device)) == 5, 10, "all are pushed")
        for name in ("clients", "subscriptions", "deliveries_total", "frames_total", "bytes_total",
                     "delivery_seconds_count", "ring_records", "ring_bytes"):  # fmt: skip
            wait_until(lambda n=name: stack.query.metric(f"pettrack_live_{n}") > 0, 5, name)
    wait_until(lambda: stack.query.metric("pettrack_live_clients") == 0, 10, "the client is gone")
