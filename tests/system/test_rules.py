"""Rules of a device, filters, clocks, unknown trackers: what auth's record says and what the gateway makes of it."""

import contextlib
import secrets
import socket
import struct

import pytest
import requests
from support.records import decode_position, read_topic
from support.times import now_ms, parse_time
from support.trackers import Avl, TeltonikaClient, osmand_params, send_osmand
from support.waiting import wait_until

WEEKS_1024_MS = 1024 * 7 * 86400 * 1000
SOON = 20


def set_rules(device, **rules):
    """Replaces the rules; none: there are no more."""
    answer = device.owner.auth("PATCH", f"/v1/devices/{device.id}", json={"rules": rules or None})
    assert answer.status_code == 200, answer.text
    return device


def positions(stack, device):
    """What Kafka has of a device, in the order in which it came; a contact has no "lat"."""
    return [decode_position(r.value) for r in read_topic(stack, "positions") if r.key == device.uuid.bytes]


def fixes(stack, device):
    return [p["time"] for p in positions(stack, device) if "lat" in p]


def contacts(stack, device):
    return [p["time"] for p in positions(stack, device) if "lat" not in p]


@contextlib.contextmanager
def counted(stack, metric, more=1, **labels):
    """What happens inside makes the metric larger by `more`."""
    name = f"pettrack_gateway_{metric}_total"
    before = stack.gateway.metric(name, **labels)
    yield
    assert stack.gateway.metric(name, **labels) - before == more, f"{name} {labels}"


def teltonika_accepts(stack, identifier, address="127.0.0.1"):
    """Whether a login from that address is accepted."""
    port = stack.gateway.ports["teltonika"]
    with socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(address, 0)) as sock:
        sock.sendall(struct.pack(">H", len(identifier)) + identifier.encode())
        return sock.recv(1) == b"\x01"


def imei():
    return "35" + "".join(secrets.choice("0123456789") for _ in range(13))


# ---- protocols and networks ----


def test_a_change_takes_effect_within_moments(stack, owner):
    device = owner.add_imei()
    with TeltonikaClient(stack, device) as tracker:
        assert tracker.send([Avl(now_ms(), 50.1, -5.1)]) == 1
        set_rules(device, protocols=["gt06"])
        wait_until(lambda: tracker.send([Avl(now_ms(), 50.1, -5.1)]) is None, SOON, "it is refused and closed")
    assert not teltonika_accepts(stack, device.identifier)
    set_rules(device, protocols=["gt06", "teltonika"])
    wait_until(lambda: teltonika_accepts(stack, device.identifier), SOON, "it may speak Teltonika again")
    set_rules(device)
    assert teltonika_accepts(stack, device.identifier)


def test_who_may_not_speak_a_protocol_hears_what_the_unknown_hear(stack, owner):
    device = set_rules(owner.add_device(), protocols=["teltonika"])
    url = stack.gateway.url("/", "osmand")

    def ask(identifier, secret):
        params = {"id": identifier, "secret": secret, "lat": 50.1, "lon": -5.1}
        answer = requests.get(url, params=params, timeout=20)
        return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k != "Date"}

    unknown = ask("nobody-" + secrets.token_hex(4), device.secret)
    with (
        counted(stack, "refused", protocol="osmand", reason="not_allowed"),
        counted(stack, "refused", more=0, protocol="osmand", reason="unknown_device"),
    ):
        assert ask(device.identifier, device.secret) == unknown
    with counted(stack, "refused", protocol="osmand", reason="not_allowed"):
        assert ask(device.identifier, "guessed") == unknown, "nor does it learn whether its secret is right"
    assert positions(stack, device) == []


def test_source_networks(stack, owner):
    device = set_rules(owner.add_imei(), networks=["127.0.0.2", "127.0.1.0/24", "2001:db8::/32"])
    assert teltonika_accepts(stack, device.identifier, "127.0.0.2")
    assert teltonika_accepts(stack, device.identifier, "127.0.1.77")
    with counted(stack, "refused", more=2, protocol="teltonika", reason="not_allowed"):
        assert not teltonika_accepts(stack, device.identifier)
        assert not teltonika_accepts(stack, device.identifier, "127.0.0.3")


# ---- clocks ----


def test_the_clock_of_a_device_is_off(stack, owner):
    """It sends UTC+2 as if it were UTC; what it has in store, too."""
    device = set_rules(owner.add_device(), clock_offset_s=-7200)
    at = now_ms()
    for said in (at + 7200_000, at + 7200_000 - 60_000):
        assert send_osmand(stack, device, 50.1, -5.1, said).status_code == 200
    wait_until(lambda: owner.stored_times(device) == [at - 60_000, at], SOON, "stored by its own time")


def test_the_offset_counts_before_a_clock_is_ahead(stack, owner):
    """An hour from the end of what may be ahead, by a clock that is an hour fast."""
    device = set_rules(owner.add_device(), clock_offset_s=-3600)
    other = owner.add_device()
    said = now_ms() + 86400_000 + 1800_000
    for one in (device, other):
        assert send_osmand(stack, one, 50.1, -5.1, said).status_code == 200
    assert fixes(stack, device) == [said - 3600_000]
    (replaced,) = positions(stack, other)
    assert replaced["time"] == replaced["received"]


def test_lost_weeks_come_back(stack, owner):
    device, at = owner.add_device(), now_ms()
    with counted(stack, "times_replaced", more=2, protocol="osmand", reason="rollover"):
        assert send_osmand(stack, device, 50.1, -5.1, at - WEEKS_1024_MS).status_code == 200
        assert send_osmand(stack, device, 50.1, -5.1, at - 1000 - 2 * WEEKS_1024_MS).status_code == 200
    assert fixes(stack, device) == [at, at - 1000]


def test_old_dates_that_no_rollover_explains_stay(stack, owner):
    device, at = owner.add_device(), now_ms()
    old = [at - 91 * 86400_000 - WEEKS_1024_MS, at - 400 * 86400_000]
    for said in old:
        assert send_osmand(stack, device, 50.1, -5.1, said).status_code == 200
    assert fixes(stack, device) == old


# ---- filters ----


def test_filters_of_a_device(stack, owner):
    rules = {"invalid": True, "zero_island": True, "accuracy_max_m": 50, "speed_max_mps": 40.5}
    device, at = set_rules(owner.add_device(), filters=rules), now_ms() - 100_000
    sent = [  # seconds, place, what else, and the filter that refuses it
        (0, 50.1, -5.1, {"accuracy": 50, "batt": 90}, None),
        (10, 50.1, -5.1, {"valid": "false"}, "invalid"),
        (20, 0.009, -0.009, {}, "zero_island"),
        (30, 50.1, -5.1, {"accuracy": 51}, "accuracy"),
        (40, 50.2, -5.1, {}, "speed"),
        (50, 50.1001, -5.1, {}, None),
        (45, 50.2, -5.1, {}, "speed"),
        (20, 50.1002, -5.1, {}, None),
        (60, 50.2, -5.1, {"batt": 42}, "speed"),
    ]
    for seconds, lat, lon, fields, refused_by in sent:
        named = {"filter": refused_by} if refused_by else {}
        with counted(stack, "filtered", more=1 if refused_by else 0, protocol="osmand", **named):
            assert send_osmand(stack, device, lat, lon, at + 1000 * seconds, **fields).status_code == 200
    assert fixes(stack, device) == [at, at + 50_000, at + 20_000]
    assert contacts(stack, device) == [at + 60_000], "what has a battery is a contact"
    wait_until(lambda: (owner.latest(device) or {}).get("battery") == 42, SOON, "its battery is shown")
    latest = owner.latest(device)
    assert (parse_time(latest["time"]), latest["lat"]) == (at + 50_000, 50.1001)


def test_a_frame_is_acknowledged_whole(stack, owner):
    """Every second record of a Teltonika packet is filtered."""
    device, at = set_rules(owner.add_imei(), filters={"period_min_s": 20}), now_ms() - 1000_000
    records = [Avl(at + 10_000 * i, 50.1, -5.1) for i in range(10)]
    with TeltonikaClient(stack, device) as tracker, counted(stack, "filtered", more=5, filter="period"):
        assert tracker.send(records) == 10
    assert fixes(stack, device) == [at + 20_000 * i for i in range(5)]
    with TeltonikaClient(stack, device) as tracker, counted(stack, "filtered", filter="period"):
        assert tracker.send([Avl(at + 99_000, 50.1, -5.1)]) == 1, "nothing of it is stored"
    assert len(positions(stack, device)) == 5


def test_what_is_sent_again_is_not_lost_to_a_filter(stack, owner):
    """The first time may have been acknowledged by nobody."""
    device, at = set_rules(owner.add_device(), filters={"period_min_s": 60, "distance_min_m": 100}), now_ms()
    for _ in range(2):
        assert send_osmand(stack, device, 50.1, -5.1, at).status_code == 200
    assert fixes(stack, device) == [at, at]
    assert send_osmand(stack, device, 50.2, -5.1, at - 30_000).status_code == 200
    assert send_osmand(stack, device, 50.1, -5.1, at + 61_000, alarm="sos").status_code == 200
    assert send_osmand(stack, device, 50.1, -5.1, at + 62_000).status_code == 200
    assert fixes(stack, device) == [at, at, at - 30_000, at + 61_000]


def test_filters_by_default_and_their_exceptions(stack, owner):
    plain, exempt = owner.add_device(), set_rules(owner.add_device(), filters={"distance_min_m": 0})
    at = now_ms() - 100_000
    stack.gateway.restart(GATEWAY_FILTER_DISTANCE_MIN="100")
    try:
        for device in (plain, exempt):
            for i in range(4):  # 55.6 m apart
                assert send_osmand(stack, device, 50.1 + 0.0005 * i, -5.1, at + 1000 * i).status_code == 200
        assert fixes(stack, plain) == [at, at + 2000]
        assert fixes(stack, exempt) == [at + 1000 * i for i in range(4)]
    finally:
        del stack.gateway.env["GATEWAY_FILTER_DISTANCE_MIN"]
        stack.gateway.restart()


# ---- unknown trackers ----


@pytest.fixture(scope="module")
def unknown(stack):
    """A function that finds an identifier in auth's list of unknown trackers; None: it is not there."""
    form, operator = {"grant_type": "client_credentials"}, ("operator", stack.operator_secret)
    answer = requests.post(stack.auth.url("/v1/oauth/token"), data=form, auth=operator, timeout=20)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def find(identifier):
        answer = requests.get(stack.auth.url("/internal/v1/devices/unknown"), headers=headers, timeout=20)
        assert answer.status_code == 200, answer.text
        return next((d for d in answer.json()["devices"] if d["identifier"] == identifier), None)

    return find


def test_unknown_trackers_are_listed(stack, unknown):
    stranger = imei()
    for _ in range(3):
        assert not teltonika_accepts(stack, stranger, "127.0.0.3")
    seen = wait_until(lambda: (d := unknown(stranger)) and d["contacts"] == 3 and d, SOON, "it is listed")
    assert (seen["protocol"], seen["address"]) == ("teltonika", "127.0.0.3")
    params = {"id": stranger, "lat": 1, "lon": 2}
    assert requests.get(stack.gateway.url("/", "osmand"), params=params, timeout=20).status_code == 400
    seen = wait_until(lambda: (d := unknown(stranger)) and d["contacts"] == 4 and d, SOON, "once more")
    assert (seen["protocol"], seen["address"]) == ("osmand", "127.0.0.1")


def test_an_unknown_tracker_is_claimed_by_its_code(stack, owner, unknown):
    stranger = imei()
    assert not teltonika_accepts(stack, stranger)
    code = wait_until(lambda: unknown(stranger), SOON, "it is listed")["code"]
    answer = owner.auth("POST", "/v1/devices", json={"name": "Found", "identifier": stranger, "code": code})
    assert answer.status_code == 201, answer.text
    wait_until(lambda: teltonika_accepts(stack, stranger), SOON, "it is known")
    assert unknown(stranger) is None


def test_who_is_refused_otherwise_is_no_stranger(stack, owner, unknown):
    limited, device, stranger = set_rules(owner.add_imei(), protocols=["gt06"]), owner.add_device(), imei()
    assert not teltonika_accepts(stack, limited.identifier)
    assert send_osmand(stack, device, 1, 2, secret="guessed").status_code == 401
    params = osmand_params(device, 1, 2)
    for impossible in ("no name", "{$ne:1}"):
        answer = requests.get(stack.gateway.url("/", "osmand"), params={**params, "id": impossible}, timeout=20)
        assert answer.status_code == 400
    assert not teltonika_accepts(stack, stranger)
    wait_until(lambda: unknown(stranger), SOON, "the one that came last is listed")
    others = (limited.identifier, device.identifier, "no name", "{$ne:1}")
    assert [unknown(identifier) for identifier in others] == [None] * 4


def test_strangers_are_kept_while_auth_is_away(stack, unknown):
    stranger = imei()
    stack.gateway.restart(GATEWAY_UNKNOWN_TTL="1m")
    try:
        assert not teltonika_accepts(stack, stranger)
        wait_until(lambda: unknown(stranger), SOON, "it is listed")
        stack.auth.stop()
        try:
            assert not teltonika_accepts(stack, stranger)
            lookups = "pettrack_gateway_lookups_total"
            before = stack.gateway.metric(lookups, result="unavailable")
            assert not teltonika_accepts(stack, imei())
            assert stack.gateway.metric(lookups, result="unavailable") > before, "auth is away"
        finally:
            stack.auth.start()
        wait_until(lambda: unknown(stranger)["contacts"] == 2, SOON, "what came meanwhile is told")
    finally:
        del stack.gateway.env["GATEWAY_UNKNOWN_TTL"]
        stack.gateway.restart()


def test_more_strangers_than_there_is_room_for(stack, unknown):
    dropped = "pettrack_gateway_strangers_dropped_total"
    stack.gateway.restart(GATEWAY_STRANGERS_MAX="1")
    try:
        for _ in range(20):
            assert not teltonika_accepts(stack, imei())
        wait_until(lambda: stack.gateway.metric(dropped, reason="no_room") > 0, SOON, "those beyond are counted")
        stranger = imei()

        def listed():
            assert not teltonika_accepts(stack, stranger)
            return unknown(stranger)

        wait_until(listed, SOON, "there is room again")
    finally:
        del stack.gateway.env["GATEWAY_STRANGERS_MAX"]
        stack.gateway.restart()
