"""101 real cats through the gateway, and back out of history: every fix, outliers and gaps included."""

import concurrent.futures

import pytest
from support.cats import real_cats
from support.times import parse_time
from support.trackers import Avl, OsmandClient, TeltonikaClient
from support.waiting import wait_until

CATS, FIXES, OUTLIERS = 101, 18_215, 349
BUFFER = 20  # fixes a collar sends at once


@pytest.fixture(scope="module")
def cats():
    return real_cats()


@pytest.fixture(scope="module")
def replayed(stack, cats):
    """{tag: (device, fixes)}: every second cat wears a Teltonika collar, the others one that speaks OsmAnd."""
    owner = stack.user()
    worn = {}
    for i, (tag, fixes) in enumerate(cats.items()):
        device = owner.add_imei(tag) if i % 2 else owner.add_device(tag)
        worn[tag] = (device, fixes)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(replay_teltonika if i % 2 else replay_osmand, stack, device, fixes)
            for i, (device, fixes) in enumerate(worn.values())
        ]
        for job in jobs:
            job.result()
    return worn


def replay_osmand(stack, device, fixes):
    with OsmandClient(stack) as phone:
        for f in fixes:
            status, said = phone.send(device, f.lat, f.lon, f.time_ms, altitude=f.altitude)
            assert status == 200, said


def replay_teltonika(stack, device, fixes):
    with TeltonikaClient(stack, device) as collar:
        assert collar.accepted
        for at in range(0, len(fixes), BUFFER):
            batch = [Avl(f.time_ms, f.lat, f.lon, altitude=round(f.altitude)) for f in fixes[at : at + BUFFER]]
            assert collar.send(batch, 0x8E if at // BUFFER % 2 else 0x08) == len(batch)


def test_the_data_is_whole(cats):
    assert len(cats) == CATS
    assert sum(len(fixes) for fixes in cats.values()) == FIXES
    assert sum(fix.outlier for fixes in cats.values() for fix in fixes) == OUTLIERS
    # No cat has two fixes of one time, so every fix is a position of its own.
    assert sum(len({fix.time_ms for fix in fixes}) for fixes in cats.values()) == FIXES


@pytest.mark.timeout(300)
def test_every_fix_is_in_history(stack, replayed):
    wait_until(lambda: stack.db.positions.count_documents({}) >= FIXES, 60, f"all {FIXES} fixes are stored")
    assert stack.db.positions.count_documents({}) == FIXES
    for tag, (device, fixes) in replayed.items():
        sent = sorted((f.time_ms, f.lat, f.lon) for f in fixes)
        history = device.owner.history(device, limit=100)
        assert [(parse_time(p["time"]), p["lat"], p["lon"]) for p in history] == sent, tag


def test_altitudes_came_along(replayed):
    for i, (device, fixes) in enumerate(replayed.values()):
        altitudes = {parse_time(p["time"]): p["altitude"] for p in device.owner.history(device, limit=10000)}
        for f in fixes:
            assert altitudes[f.time_ms] == pytest.approx(f.altitude, abs=0.5 if i % 2 else 0.01)


def test_newest_first_is_the_same_backwards(replayed):
    for device, fixes in list(replayed.values())[:5]:
        times = device.owner.stored_times(device, order="desc", limit=7)
        assert times == sorted((f.time_ms for f in fixes), reverse=True)


def test_latest_is_the_newest_fix(stack, replayed):
    owner = next(iter(replayed.values()))[0].owner
    wanted = {}
    for device, fixes in replayed.values():
        newest = max(fixes, key=lambda f: f.time_ms)
        wanted[device.id] = newest.time_ms, newest.lat, newest.lon
    assert len(wanted) == CATS

    def must_be_latest():
        found, cursor = {}, None
        while True:
            page = owner.query("/v1/latest", limit=17, cursor=cursor).json()
            found.update({p["device"]: (parse_time(p["time"]), p["lat"], p["lon"]) for p in page["positions"]})
            cursor = page.get("next")
            if not cursor:
                break
        assert found == wanted
        return True

    wait_until(must_be_latest, 20, "the newest fix of each cat is its latest")


def test_nothing_was_poison(stack, replayed):
    assert stack.db.positions.count_documents({"_id.d": {"$nin": [d.uuid for d, _ in replayed.values()]}}) == 0
