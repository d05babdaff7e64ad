"""`pettrack simulate` speaks every protocol, and what it says is what the owner finds.

Simulator and gateway share no code of a protocol: each is the other's test.
"""

import json
import re

import pytest
from support.times import format_time, parse_time
from support.waiting import wait_until

PROTOCOLS = (
    "osmand",
    "owntracks",
    "overland",
    "gpslogger",
    "gt06",
    "jt808",
    "teltonika",
    "teltonika-udp",
    "h02",
    "watch",
    "gl200",
    "gps103",
    "tk103",
    "t55",
    "meitrack",
)
SILENT = ("t55",)  # nothing is answered to a position
FIXES = 20
FIRST_MS = 1767323045000  # 2026-01-02 03:04:05
STEP_MS = 61000
PLACE_ERROR_DEG = 1e-6  # the coarsest count in a ten-thousandth of a minute

# Where signs change: all four quarters of the earth, the poles and the date line near.
CORNERS = ((50.1703, -5.1138), (-33.8568, 151.2153), (-54.8019, -68.3030), (0.0001, 0.0001), (89.9, 179.9))


@pytest.fixture(scope="module")
def stack_settings():
    """Its gateway speaks everything."""
    return {"GATEWAY_PROTOCOLS": ",".join(PROTOCOLS)}


def walk():
    """A track as (ms, latitude, longitude): a few steps from each corner."""
    fixes = []
    for i in range(FIXES):
        lat, lon = CORNERS[i % len(CORNERS)]
        fixes.append((FIRST_MS + i * STEP_MS, round(lat + i * 0.0012345, 7), round(lon + i * 0.0023456, 7)))
    return fixes


@pytest.fixture
def track(tmp_path):
    path = tmp_path / "track.csv"
    rows = [f"Misty,{format_time(ms)[:-1].replace('T', ' ')},{lon:.7f},{lat:.7f}" for ms, lat, lon in walk()]
    path.write_text("\n".join(["tag-local-identifier,timestamp,location-long,location-lat", *rows]) + "\n")
    return path


def simulate(stack, owner, protocol, *arguments):
    """Plays a tracker of the owner's to its end; the counts."""
    env = {"PETTRACK_EMAIL": owner.email, "PETTRACK_PASSWORD": owner.password, "HOME": "/proc/nowhere"}
    gateway = f"127.0.0.1:{stack.gateway.ports[protocol]}"
    done = stack.cli(
        "simulate", "--register", "--protocol", protocol, "--gateway", gateway, "--json", *arguments, env=env
    )
    return json.loads(done.stdout)


def stored(owner, device, count):
    """The positions of the device in its history, when there are `count`."""
    answer = owner.query(f"/v1/history/{device['id']}", limit=1000)
    assert answer.status_code == 200, answer.text
    positions = answer.json()["positions"]
    return positions if len(positions) >= count else None


def moments(owner, devices, count):
    """(identifier, ms) of each position of all the devices, when there are `count`."""
    found = [(d["identifier"], parse_time(p["time"])) for d in devices for p in stored(owner, d, 1) or ()]
    return found if len(found) >= count else None


def assert_stored(owner, protocol):
    """Each fix of the walk is in the history of the owner's one device, once, and nothing else is."""
    (device,) = owner.auth("GET", "/v1/devices").json()["devices"]
    positions = wait_until(lambda: stored(owner, device, FIXES), 20, f"{FIXES} positions are stored")
    assert [parse_time(p["time"]) for p in positions] == [ms for ms, _, _ in walk()]
    for position, (_, lat, lon) in zip(positions, walk(), strict=True):
        assert position["lat"] == pytest.approx(lat, abs=PLACE_ERROR_DEG)
        assert position["lon"] == pytest.approx(lon, abs=PLACE_ERROR_DEG)
        assert position["protocol"] == protocol
        assert position.get("valid", True)


@pytest.mark.parametrize("records", [1, 7], ids=["one by one", "seven at once"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_said_in_any_protocol_is_stored(stack, owner, track, protocol, records):
    counts = simulate(stack, owner, protocol, "--tracks", track, "--keep-times", "--speed-up", 0, "--records", records)
    assert counts["sent"] == FIXES
    assert counts["acked"] == (0 if protocol in SILENT else FIXES)
    assert (counts["resent"], counts["refused"], counts["denied"], counts["unanswered"]) == (0, 0, 0, 0)
    assert_stored(owner, protocol)


@pytest.mark.parametrize("codec", ["8e", "16"])
@pytest.mark.parametrize("protocol", ["teltonika", "teltonika-udp"])
def test_other_codecs(stack, owner, track, protocol, codec):
    counts = simulate(
        stack, owner, protocol, "--codec", codec, "--tracks", track, "--keep-times", "--speed-up", 0, "--records", 7
    )
    assert (counts["sent"], counts["acked"]) == (FIXES, FIXES)
    assert_stored(owner, protocol)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pets_that_move_now(stack, owner, tmp_path, protocol):
    """As people play them: live, by the model, several at once; what is acknowledged is what is stored."""
    log = tmp_path / "acknowledged"
    live = ("--trackers", 3, "--interval", "2s", "--speed-up", 20, "--count", 30, "--records", 3, "--ack-log", log)
    counts = simulate(stack, owner, protocol, *live)
    assert counts["sent"] == 30
    acked = [json.loads(line) for line in log.read_text().splitlines()]
    assert counts["acked"] == len(acked) == (0 if protocol in SILENT else 30)

    devices = owner.auth("GET", "/v1/devices").json()["devices"]
    assert len(devices) == 3
    found = wait_until(lambda: moments(owner, devices, 30), 20, "30 positions are stored, no two at one time")
    if protocol not in SILENT:
        assert sorted(found) == sorted((line["identifier"], line["time"]) for line in acked)


def test_every_protocol_is_tried(stack):
    """What the gateway speaks (as `decode` says, which has its table), the simulator speaks."""
    gateways = re.search(r"PROTOCOL is one of (.+)\.", stack.cli("decode", "--help").stdout)
    simulators = re.search(r"--protocol .*\n +(.+)", stack.cli("simulate", "--help").stdout)
    assert sorted(gateways[1].split(", ")) == sorted(PROTOCOLS)
    assert sorted(simulators[1].split(", ")) == sorted((*PROTOCOLS, "owntracks-mqtt"))  # test_mqtt.py has a broker
