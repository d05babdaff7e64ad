"""From a tracker to history, latest and the live stream; and what must not get there."""

import json
import os
import socket
import struct

import pytest
import requests
from support.records import decode_position, read_topic
from support.times import format_time, now_ms, parse_time
from support.trackers import Avl, TeltonikaClient, send_osmand, send_osmand_json, teltonika_packet
from support.waiting import holds_for, wait_until

KNOT = 0.514444


def only(items):
    assert len(items) == 1, items
    return items[0]


def stored(stack, device):
    return list(stack.db.positions.find({"_id.d": device.uuid}).sort("_id"))


def wait_stored(stack, device, count=1):
    wait_until(lambda: len(stored(stack, device)) >= count, 20, f"{count} positions of the device are stored")
    return stored(stack, device)


def assert_everywhere(stack, owner, device, live, expected):
    """The one position of `device` is the same in Kafka, MongoDB, history, latest and the live stream."""
    document = only(wait_stored(stack, device))
    record = only([r for r in read_topic(stack, "positions") if r.key == device.uuid.bytes])
    wait_until(lambda: live.positions(device), 10, "the position is pushed")
    pushed = only(live.positions(device))
    history = only(owner.history(device))
    latest = wait_until(lambda: owner.latest(device), 10, "the position is in latest")

    decoded = decode_position(record.value)
    assert decoded["device"] == device.uuid.bytes
    assert (decoded["time"], decoded["lat"], decoded["lon"]) == (expected["ms"], expected["lat"], expected["lon"])
    assert document["_id"]["t"].timestamp() * 1000 == pytest.approx(expected["ms"], abs=0.5)
    assert (document["lat"], document["lon"]) == (expected["lat"], expected["lon"])
    for answer in (pushed, history, latest):
        assert answer["device"] == device.id
        assert answer["time"] == format_time(expected["ms"])
        assert (answer["lat"], answer["lon"]) == (expected["lat"], expected["lon"])
        assert answer["protocol"] == expected["protocol"]
        assert "late" not in answer
        for field in ("speed", "course", "altitude", "accuracy", "battery"):
            if expected.get(field) is None:
                assert field not in answer, f"{field} was not reported"
            else:
                assert answer[field] == pytest.approx(expected[field], rel=1e-4), field
        for name, value in expected.get("attributes", {}).items():
            assert answer["attributes"][name] == value
    assert abs(parse_time(history["received"]) - now_ms()) < 60_000
    assert parse_time(latest["contact"]) == parse_time(history["received"])


@pytest.mark.parametrize("form", [False, True], ids=["query", "form"])
def test_osmand_position_everywhere(stack, owner, form):
    device, at = owner.add_device("Blue collar"), now_ms() - 1234
    with owner.live() as live:
        live.subscribe([device])
        answer = send_osmand(stack, device, 50.1703151, -5.1138512, at, form=form,
                             speed=10, bearing=271.5, altitude=154.5, accuracy=4.5, batt=87)  # fmt: skip
        assert answer.status_code == 200
        expected = {"ms": at, "lat": 50.1703151, "lon": -5.1138512, "protocol": "osmand", "speed": 10 * KNOT,
                    "course": 271.5, "altitude": 154.5, "accuracy": 4.5, "battery": 87}  # fmt: skip
        assert_everywhere(stack, owner, device, live, expected)


def test_osmand_json_position_everywhere(stack, owner):
    device, at = owner.add_device("Phone"), now_ms() // 1000 * 1000
    location = {
        "timestamp": format_time(at),
        "coords": {"latitude": -33.8567844, "longitude": 151.2152967, "accuracy": 12, "speed": 1.5, "heading": 90,
                   "altitude": -3.5},
        "is_moving": True,
        "battery": {"level": 0.42, "is_charging": False},
    }  # fmt: skip
    with owner.live() as live:
        live.subscribe([device])
        assert send_osmand_json(stack, device, location).status_code == 200
        expected = {"ms": at, "lat": -33.8567844, "lon": 151.2152967, "protocol": "osmand", "speed": 1.5, "course": 90,
                    "altitude": -3.5, "accuracy": 12, "battery": 42}  # fmt: skip
        assert_everywhere(stack, owner, device, live, expected)


def test_unknown_is_absent(stack, owner):
    """-1 of the newer apps, and what was not said, is absent: never 0, never -1."""
    device, at = owner.add_device(), now_ms()
    location = {
        "timestamp": format_time(at),
        "coords": {"latitude": 0.0, "longitude": 0.0, "accuracy": 5, "speed": -1, "heading": -1},
        "battery": {"level": -1},
    }
    with owner.live() as live:
        live.subscribe([device])
        assert send_osmand_json(stack, device, location).status_code == 200
        expected = {"ms": at, "lat": 0.0, "lon": 0.0, "protocol": "osmand", "accuracy": 5}
        assert_everywhere(stack, owner, device, live, expected)


@pytest.mark.parametrize("codec", [0x08, 0x8E], ids=["codec8", "codec8e"])
def test_teltonika_position_everywhere(stack, owner, codec):
    device, at = owner.add_imei(), now_ms() - 5000
    record = Avl(at, 50.1703151, -5.1138512, altitude=154, angle=271, satellites=11, speed=36)
    with owner.live() as live, TeltonikaClient(stack, device) as tracker:
        live.subscribe([device])
        assert tracker.accepted
        assert tracker.send([record], codec) == 1
        expected = {"ms": at, "lat": 50.1703151, "lon": -5.1138512, "protocol": "teltonika", "speed": 10.0,
                    "course": 271, "altitude": 154}  # fmt: skip
        assert_everywhere(stack, owner, device, live, expected)


def test_acknowledged_means_in_kafka(stack, owner):
    """The answer comes after the record: whoever reads the topic right after the answer finds it."""
    device = owner.add_device()
    for k in range(5):
        at = now_ms() + k
        assert send_osmand(stack, device, 50, -5, at).status_code == 200
        times = [decode_position(r.value)["time"] for r in read_topic(stack, "positions") if r.key == device.uuid.bytes]
        assert at in times


def test_one_connection_many_devices(stack, owner):
    devices = [owner.add_device(f"Collar {i}") for i in range(5)]
    at = now_ms()
    with requests.Session() as http:
        for i, device in enumerate(devices):
            assert send_osmand(stack, device, 50 + i, -5, at, http=http).status_code == 200
    for i, device in enumerate(devices):
        assert only(wait_stored(stack, device))["lat"] == 50 + i


# ---- what is refused ----


@pytest.fixture
def nothing_more_stored(stack):
    """Whatever a test sends, neither Kafka nor MongoDB has more afterwards than before."""

    def counts():
        return len(read_topic(stack, "positions")), stack.db.positions.count_documents({})

    wait_until(
        lambda: counts()[0] >= counts()[1] and stack.writer.metric("pettrack_writer_lag") <= 0, 20, "writer idle"
    )
    before = counts()
    yield
    assert counts() == before


class Nobody:
    identifier, secret = "nobody-knows-me", "x" * 32


def test_unknown_device_is_refused(stack, nothing_more_stored):
    answer = send_osmand(stack, Nobody, 50, -5)
    assert answer.status_code == 400
    location = {"timestamp": format_time(now_ms()), "coords": {"latitude": 50, "longitude": -5}}
    assert send_osmand_json(stack, Nobody, location).status_code == 404
    with TeltonikaClient(stack, "356307042441013") as tracker:
        assert not tracker.accepted


@pytest.mark.parametrize("secret", ["wrong" * 6, False, ""], ids=["wrong", "none", "empty"])
def test_wrong_secret_is_refused(stack, owner, nothing_more_stored, secret):
    device = owner.add_device()
    assert send_osmand(stack, device, 50, -5, secret=secret).status_code in (400, 401, 403)
    assert send_osmand(stack, device, 50, -5, secret=secret, form=True).status_code in (400, 401, 403)
    assert owner.latest(device) is None


def test_secret_of_another_device_is_refused(stack, owner, nothing_more_stored):
    mine, other = owner.add_device(), owner.add_device()
    assert send_osmand(stack, mine, 50, -5, secret=other.secret).status_code in (400, 401, 403)


@pytest.mark.parametrize("way", ["bearer", "basic", "header", "query", "form", "identifier"])
def test_ways_to_present_the_secret(stack, owner, way):
    device, at = owner.add_device(), now_ms()
    params = {"id": device.identifier, "lat": 50, "lon": -5, "timestamp": at}
    url, how = stack.gateway.url("/", "osmand"), {"params": params}
    if way == "bearer":
        how["headers"] = {"Authorization": f"Bearer {device.secret}"}
    elif way == "basic":
        how["auth"] = ("anything", device.secret)
    elif way == "header":
        how["headers"] = {"X-Device-Secret": device.secret}
    elif way == "query":
        params["secret"] = device.secret
    elif way == "form":
        how = {"data": {**params, "secret": device.secret}}
    else:
        params["id"] = f"{device.identifier}:{device.secret}"
    assert requests.post(url, timeout=30, **how).status_code == 200
    document = only(wait_stored(stack, device))
    assert device.secret not in repr(document), "a secret is not an attribute"


@pytest.mark.parametrize(
    "change", [{"lat": 91}, {"lon": 181}, {"lat": "north"}, {"timestamp": "yesterday"}, {"lat": "nan"}]
)
def test_impossible_position_is_refused(stack, owner, nothing_more_stored, change):
    device = owner.add_device()
    params = {"id": device.identifier, "lat": 50, "lon": -5, "timestamp": now_ms(), **change}
    headers = {"Authorization": f"Bearer {device.secret}"}
    answer = requests.get(stack.gateway.url("/", "osmand"), params=params, headers=headers, timeout=30)
    assert answer.status_code == 400


# ---- again, and late ----


def test_the_same_buffer_three_times_is_stored_once(stack, owner):
    collar, phone, base = owner.add_imei(), owner.add_device(), now_ms() - 60_000
    records = [Avl(base + 1000 * i, 50 + i * 1e-4, -5.0, speed=i) for i in range(20)]
    for _ in range(3):  # a tracker that did not see the answer connects anew
        with TeltonikaClient(stack, collar) as tracker:
            assert tracker.send(records) == 20
        for r in records:
            assert send_osmand(stack, phone, r.lat, r.lon, r.time_ms).status_code == 200
    mark = owner.add_device()
    wait_stored(stack, collar, 20), wait_stored(stack, phone, 20)
    assert send_osmand(stack, mark, 50, -5).status_code == 200
    wait_stored(stack, mark)
    for device in (collar, phone):
        sent = [(r.time_ms, r.lat) for r in records]
        assert [(parse_time(p["time"]), p["lat"]) for p in owner.history(device)] == sent
        assert len(stored(stack, device)) == 20
    assert len([r for r in read_topic(stack, "positions") if r.key == collar.uuid.bytes]) == 60


def test_late_fix(stack, owner):
    """Stored, pushed and marked late; latest stays."""
    device, now = owner.add_device(), now_ms()
    with owner.live() as live:
        live.subscribe([device])
        assert send_osmand(stack, device, 50.1, -5.1, now).status_code == 200
        wait_until(lambda: live.positions(device), 10, "the first fix is pushed")
        assert send_osmand(stack, device, 50.2, -5.2, now - 3_600_000).status_code == 200
        wait_until(lambda: len(live.positions(device)) == 2, 10, "the late fix is pushed")
        first, late = live.positions(device)
        assert "late" not in first
        assert late["late"] is True and late["time"] == format_time(now - 3_600_000)
    wait_stored(stack, device, 2)
    assert [p["lat"] for p in owner.history(device)] == [50.2, 50.1]
    assert [p["lat"] for p in owner.history(device, order="desc")] == [50.1, 50.2]
    wait_until(lambda: owner.latest(device), 10, "latest follows history")
    holds_for(lambda: owner.latest(device)["lat"] == 50.1, 1, "latest stays at the newest fix")
    assert owner.latest(device)["time"] == format_time(now)
    with owner.live() as later:
        later.subscribe([device])
        assert only(later.snapshot())["lat"] == 50.1
    document = stack.db.latest.find_one({"_id": device.uuid})
    assert document["loc"] == {"type": "Point", "coordinates": [-5.1, 50.1]}


def test_contact_without_a_fix(stack, owner):
    """Moves the last contact, stores no position."""
    device, now = owner.add_device(), now_ms()
    assert send_osmand(stack, device, 50.1, -5.1, now - 10_000).status_code == 200
    before = wait_until(lambda: owner.latest(device), 10, "the fix is in latest")
    assert send_osmand(stack, device, None, None, now, batt=12).status_code == 200
    wait_until(lambda: owner.latest(device)["contact"] > before["contact"], 10, "the contact is in latest")
    after = owner.latest(device)
    assert (after["lat"], after["lon"], after["time"]) == (50.1, -5.1, before["time"])
    assert len(stored(stack, device)) == 1


# ---- garbage ----

GARBAGE = [
    b"\x00" * 4096,
    b"\xff" * 4096,
    b"GET / HTTP/1.1\r\n",
    b"GET /?id=x&lat=1&lon=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n" + b"[" * 400,
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"A: b\r\n" * 20_000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    struct.pack(">H", 15) + b"356307042441013" + b"\x00" * 4 + b"\xff" * 4 + b"\x08" * 1000,
    struct.pack(">H", 0xFFFF) + b"9" * 0xFFFF,
    struct.pack(">H", 15) + b"35630704244101\x00",
    teltonika_packet([Avl(1, 91.0, 181.0)]),
]


def processes(stack):
    return [process for program in stack.programs for process in program.processes]


def ports(stack):
    return [(process, name) for process in processes(stack) for name in sorted(process.ports)]


def throw(port, data):
    """Writes it, ends the sending side, reads until the server closes or is silent for a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
        s.settimeout(0.3)
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
        except OSError:
            pass


def test_garbage_on_every_port(stack, owner, nothing_more_stored):
    pids = {p.name: p.pid for p in processes(stack)}
    assert len(ports(stack)) == 7 + 2 * len(stack.auth.processes)
    for program, name in ports(stack):
        for data in [*GARBAGE, *(os.urandom(2000) for _ in range(5))]:
            throw(program.ports[name], data)
    for program in processes(stack):
        program.must_run()
        assert program.pid == pids[program.name]
        program.wait_ready()


def test_garbage_from_a_logged_in_tracker(stack, owner, nothing_more_stored):
    """Past the log-in: a wrong checksum, a wrong count, an endless length."""
    device = owner.add_imei()
    good = teltonika_packet([Avl(now_ms(), 50, -5)])
    for bad in (
        good[:-1] + bytes([good[-1] ^ 1]),
        good[:9] + b"\x02" + good[10:],
        b"\0\0\0\0\x7f\xff\xff\xff" + good[8:],
    ):
        with TeltonikaClient(stack, device, timeout=5) as tracker:
            assert tracker.accepted
            assert tracker.send_bytes(bad) in (None, 0)


def test_after_garbage_all_is_well(stack, owner):
    device = owner.add_device()
    assert send_osmand(stack, device, 50, -5).status_code == 200
    wait_stored(stack, device)


# ---- somebody else ----


def test_another_owner_sees_nothing(stack, owner):
    device, stranger = owner.add_device("Private"), stack.user()
    assert send_osmand(stack, device, 50.1, -5.1).status_code == 200
    wait_until(lambda: owner.latest(device), 10, "the position is stored")

    never_was = "00000000-0000-4000-8000-000000000000"
    for path in ("/v1/latest/{}", "/v1/history/{}"):
        foreign, unknown = stranger.query(path.format(device.id)), stranger.query(path.format(never_was))
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.json()["code"] == unknown.json()["code"] == "not_found"
        assert {k: v for k, v in foreign.json().items() if k != "instance"} == {
            k: v for k, v in unknown.json().items() if k != "instance"
        }
    assert stranger.auth("GET", f"/v1/devices/{device.id}").status_code == 404
    assert stranger.query("/v1/latest").json()["positions"] == []


def test_another_owner_receives_nothing_live(stack, owner):
    device, stranger = owner.add_device("Private"), stack.user()
    own = stranger.add_device("Own")
    with stranger.live() as all_of_mine, stranger.live() as by_name, owner.live() as watch:
        all_of_mine.subscribe("all")
        by_name.send(type="subscribe", devices=[device.id, own.id])
        error = by_name.wait_for("error", code="not_found")
        assert error["device"] == device.id
        by_name.wait_for("snapshot", last=True)
        watch.subscribe([device])
        assert send_osmand(stack, device, 50.1, -5.1).status_code == 200
        wait_until(lambda: watch.positions(device), 10, "its owner sees it")
        assert send_osmand(stack, own, 51, -4).status_code == 200
        for client in (all_of_mine, by_name):
            wait_until(lambda c=client: c.positions(own), 10, "a stranger sees their own")
            assert {p["device"] for p in client.positions() + client.snapshot()} == {own.id}
            assert device.id not in json.dumps([f for f in client.frames if f["type"] != "error"])


@pytest.mark.parametrize("path", ["/v1/latest", "/v1/history/00000000-0000-4000-8000-000000000000"])
def test_without_a_token_nothing(stack, path):
    assert requests.get(stack.query.url(path), timeout=10).status_code == 401
    forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}
    assert requests.get(stack.query.url(path), headers=forged, timeout=10).status_code == 401
