"""The api: latest and history, page by page; what it refuses; what it costs."""

import concurrent.futures
import datetime
import json
import re
import uuid

import pytest
import requests
from support.times import as_datetime, format_time, now_ms, parse_time
from support.waiting import wait_until

BASE_MS = 1_767_323_045_000  # 2026-01-02T03:04:05Z
MANY = 40_000


def fix(device, k, **more):
    """The k-th stored position of a device, one second after the one before, as the writer stores it."""
    time_ms = BASE_MS + 1000 * k
    return {
        "_id": {"d": device.uuid, "t": as_datetime(time_ms)},
        "lat": round(50 + k * 1e-6, 7),
        "lon": round(-5 - k * 1e-6, 7),
        "received": as_datetime(time_ms + 700),
        "protocol": "osmand",
        **more,
    }


def store(stack, device, count, **more):
    for start in range(0, count, 10_000):
        stack.db.positions.insert_many(
            [fix(device, k, **more) for k in range(start, min(count, start + 10_000))], ordered=False
        )


def wait_seen(owner, device):
    """A new device is the owner's as soon as query has heard of it."""
    wait_until(lambda: owner.query(f"/v1/history/{device.id}", limit=1).status_code == 200, 10, "the device is seen")
    return device


@pytest.fixture(scope="module")
def stack_settings():
    return {"MONGODB_TIMEOUT": "2s"}


@pytest.fixture(scope="module")
def owner(stack):
    return stack.user()


@pytest.fixture(scope="module")
def cat(stack, owner):
    """A device to read from; tests that write take one of their own, another_cat()."""
    return another_cat(stack, owner)


def another_cat(stack, owner):
    """A device with 250 fixes, between two others of the owner that have fixes at the same times."""
    devices = sorted((owner.add_device(f"Collar {i}") for i in range(3)), key=lambda d: d.uuid.bytes)
    for device in devices:
        store(stack, device, 250)
        wait_seen(owner, device)
    return devices[1]


def times(page):
    return [parse_time(p["time"]) for p in page["positions"]]


def every(first, last):
    """The times of the fixes first..last, in that order."""
    step = 1 if first <= last else -1
    return [BASE_MS + 1000 * k for k in range(first, last + step, step)]


def pages(owner, device, **params):
    cursor, found = None, []
    while True:
        answer = owner.query(f"/v1/history/{device.id}", cursor=cursor, **params)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        cursor = found[-1]["next"]
        if cursor is None:
            return found


def assert_problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"] and problem["detail"]
    assert problem["type"] == f"urn:pettrack:problem:{code}"


# ---- pages ----


@pytest.mark.parametrize("limit", [1, 7, 125, 249, 250, 251, 10_000])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_hold_each_fix_once(owner, cat, limit, order):
    found = pages(owner, cat, limit=limit, order=order)
    assert [t for page in found for t in times(page)] == (every(0, 249) if order == "asc" else every(249, 0))
    assert all(len(page["positions"]) == limit for page in found[:-1])
    assert len(found) == max(1, -(-250 // limit))
    assert {p["device"] for page in found for p in page["positions"]} == {cat.id}


def test_from_is_in_the_range_and_to_is_not(owner, cat):
    start, end = format_time(BASE_MS + 10_000), format_time(BASE_MS + 20_000)
    assert owner.stored_times(cat, start=start, end=end, limit=3) == every(10, 19)
    assert owner.stored_times(cat, start=start, end=end, limit=3, order="desc") == every(19, 10)
    later = {"start": format_time(BASE_MS + 10_001), "end": format_time(BASE_MS + 20_001)}
    assert owner.stored_times(cat, **later) == every(11, 20)
    assert owner.stored_times(cat, start=start, end=start) == []
    assert owner.stored_times(cat, end=format_time(BASE_MS)) == []
    assert owner.stored_times(cat, start=format_time(BASE_MS + 250_000)) == []
    offset = datetime.timezone(datetime.timedelta(hours=2))
    local = datetime.datetime.fromtimestamp((BASE_MS + 240_000) / 1000, offset).isoformat()
    assert owner.stored_times(cat, start=local) == every(240, 249)


def test_a_fix_that_comes_meanwhile_does_not_disturb_the_pages(stack, owner):
    cat = another_cat(stack, owner)
    path = f"/v1/history/{cat.id}"
    first = owner.query(path, limit=100).json()
    stack.db.positions.insert_one(fix(cat, 50.5))  # behind the cursor
    stack.db.positions.insert_one(fix(cat, 150.5))  # before it
    second = owner.query(path, limit=1000, cursor=first["next"]).json()
    assert times(second) == sorted([*every(100, 249), BASE_MS + 150_500])


def test_a_cursor_is_good_at_every_replica(stack, owner, cat):
    other = stack.add_query()
    first = owner.query(f"/v1/history/{cat.id}", limit=200).json()
    second = owner.query(f"/v1/history/{cat.id}", other, limit=200, cursor=first["next"]).json()
    assert times(first) + times(second) == every(0, 249)


def test_history_reads_only_its_own_stretch(stack, owner, cat):
    """The plan is a bounded scan of the clustered collection, whichever way, and touches no more than the page."""
    stack.db.command("profile", 2)
    try:
        for order in ("asc", "desc"):
            owner.query(f"/v1/history/{cat.id}", limit=20, order=order, from_=format_time(BASE_MS + 50_000))
        wanted = {"planSummary": 1, "docsExamined": 1, "hasSortStage": 1}
        seen = list(stack.db.system.profile.find({"op": "query", "ns": f"{stack.name}.positions"}, wanted))
    finally:
        stack.db.command("profile", 0)
    assert len(seen) == 2
    for plan in seen:
        assert plan["planSummary"].startswith("CLUSTERED_IXSCAN"), plan["planSummary"]
        assert plan["docsExamined"] <= 22, plan
        assert not plan.get("hasSortStage")


# ---- what a position looks like ----


def test_everything_stored_is_answered(stack, owner):
    device = owner.add_device()
    more = {
        "speed": 1.25,
        "course": 271.5,
        "altitude": -3.0,
        "accuracy": 8.0,
        "battery": 77.0,
        "valid": False,
        "protocol": "teltonika",
        "attributes": {"steps": 2**40, "charging": True, "hdop": 0.7, "note": 'a "b" \u00e9 \U0001f408'},
    }
    store(stack, device, 1, **more)
    wait_seen(owner, device)
    page = owner.query(f"/v1/history/{device.id}").json()
    assert page == {
        "positions": [
            {
                "device": device.id,
                "time": format_time(BASE_MS),
                "received": format_time(BASE_MS + 700),
                "lat": 50,
                "lon": -5,
                **more,
            }
        ],
        "next": None,
    }


def test_geojson_is_geojson(stack, owner):
    cat = another_cat(stack, owner)
    stack.db.positions.update_one({"_id": fix(cat, 1)["_id"]}, {"$set": {"altitude": 31.5}})
    answer = owner.query(f"/v1/history/{cat.id}", format="geojson", limit=100)
    assert answer.headers["Content-Type"] == "application/geo+json"
    page = answer.json()
    assert set(page) == {"type", "features", "next"} and page["type"] == "FeatureCollection"
    assert len(page["features"]) == 100
    for k, feature in enumerate(page["features"]):
        assert set(feature) == {"type", "geometry", "properties"} and feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "Point"
        stored, altitude = fix(cat, k), [31.5] if k == 1 else []
        assert feature["geometry"]["coordinates"] == [stored["lon"], stored["lat"], *altitude]
        assert feature["properties"]["time"] == format_time(BASE_MS + 1000 * k)
        assert not {"lat", "lon"} & set(feature["properties"])
    rest = owner.query(f"/v1/history/{cat.id}", format="geojson", cursor=page["next"]).json()
    assert len(rest["features"]) == 150 and rest["next"] is None


# ---- latest ----


def test_latest_page_by_page(stack):
    owner = stack.user()
    devices = sorted((owner.add_device(f"Collar {i}") for i in range(7)), key=lambda d: d.uuid.bytes)
    heard = devices[:6]  # the seventh never was
    for k, device in enumerate(heard):
        document = {"_id": device.uuid, "contact": as_datetime(BASE_MS + 5000)}
        if k:  # the first one never had a fix
            document |= {"time": as_datetime(BASE_MS + k), "lat": 50.0, "lon": -5.0, "protocol": "osmand"}
            document |= {"received": as_datetime(BASE_MS + 5000), "loc": {"type": "Point", "coordinates": [-5.0, 50.0]}}
        stack.db.latest.insert_one(document)
    wait_until(lambda: len(owner.query("/v1/latest").json()["positions"]) == 6, 10, "all devices are seen")
    for limit in (1, 2, 3, 5, 6, 7):
        found, cursor = [], None
        while True:
            page = owner.query("/v1/latest", limit=limit, cursor=cursor).json()
            assert len(page["positions"]) <= limit
            found += page["positions"]
            cursor = page["next"]
            if cursor is None:
                break
        assert [p["device"] for p in found] == [d.id for d in heard]
        assert {p["contact"] for p in found} == {format_time(BASE_MS + 5000)}
        assert set(found[0]) == {"device", "contact"}
        assert found[1]["time"] == format_time(BASE_MS + 1) and "loc" not in found[1]
    assert owner.latest(heard[3]) == found[3]
    assert owner.latest(devices[6]) is None


# ---- what is refused ----


def without_date(answer):
    headers = {k: v for k, v in answer.headers.items() if k != "Date"}
    return answer.status_code, headers, answer.content


def test_somebody_elses_device_is_like_none(stack, owner, cat):
    stranger = stack.user()
    never_heard_of = stranger.add_device()
    nothing = without_date(stranger.query(f"/v1/history/{uuid.uuid4()}"))
    assert nothing[0] == 404
    for path in (f"/v1/history/{cat.id}", f"/v1/latest/{cat.id}", f"/v1/latest/{uuid.uuid4()}", "/v1/history/x"):
        assert without_date(stranger.query(path)) == nothing
    assert without_date(stranger.query(f"/v1/history/{cat.id}", limit=0, cursor="x")) == nothing
    assert without_date(stranger.query(f"/v1/latest/{never_heard_of.id}")) == nothing
    cursor = owner.query(f"/v1/history/{cat.id}", limit=1).json()["next"]
    assert without_date(stranger.query(f"/v1/history/{cat.id}", cursor=cursor)) == nothing
    assert stranger.query("/v1/latest").json() == {"positions": [], "next": None}


def test_a_device_that_is_deleted_is_gone(stack, owner):
    cat = another_cat(stack, owner)
    assert owner.auth("DELETE", f"/v1/devices/{cat.id}").status_code == 204
    wait_until(lambda: owner.query(f"/v1/history/{cat.id}").status_code == 404, 10, "its history is gone")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"from_": "yesterday"}, "invalid_time"),
        ({"to": "2026-02-30T00:00:00Z"}, "invalid_time"),
        ({"from_": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "invalid_time"),
        ({"order": "up"}, "invalid_order"),
        ({"limit": 0}, "invalid_limit"),
        ({"limit": 10_001}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"format": "gpx"}, "invalid_format"),
        ({"cursor": ""}, "invalid_cursor"),
        ({"cursor": "x" * 1000}, "invalid_cursor"),
    ],
)
def test_mistakes_are_told(owner, cat, params, code):
    assert_problem(owner.query(f"/v1/history/{cat.id}", **params), 400, code)


def test_a_changed_cursor_is_told(owner, cat):
    path = f"/v1/history/{cat.id}"
    cursor = owner.query(path, limit=10).json()["next"]
    for at in range(len(cursor)):
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        assert_problem(owner.query(path, cursor=changed), 400, "invalid_cursor")
    assert_problem(owner.query(path, cursor=cursor[:-1]), 400, "invalid_cursor")
    assert_problem(owner.query(path, cursor=cursor + "A"), 400, "invalid_cursor")
    assert_problem(owner.query(path, cursor=cursor, order="desc"), 400, "invalid_cursor")
    assert_problem(owner.query("/v1/latest", cursor=cursor), 400, "invalid_cursor")
    other = next(d for d in owner.auth("GET", "/v1/devices").json()["devices"] if d["id"] != cat.id)
    assert_problem(owner.query(f"/v1/history/{other['id']}", cursor=cursor), 400, "invalid_cursor")


def test_unknown_parameters_are_passed_over(owner, cat):
    assert owner.query(f"/v1/history/{cat.id}", colour="blue").status_code == 200


def test_a_token_is_needed(stack, owner, cat):
    url = stack.query.url(f"/v1/history/{cat.id}")
    forged = owner.token[:-9] + ("B" if owner.token[-9] == "A" else "A") + owner.token[-8:]
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {forged}"}):
        answer = requests.get(url, headers=headers, timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="pettrack"')
    assert requests.get(url, params={"access_token": owner.token}, timeout=10).status_code == 401


def test_what_the_page_must_know(stack):
    config = requests.get(stack.query.url("/v1/config"), timeout=10).json()
    assert set(config) == {"auth_url", "live_url", "tile_url", "tile_attribution"}


# ---- what it costs ----


def raw_pages(owner, device, **params):
    """As they come: to be read by whoever compares them."""
    cursor, found = None, []
    while True:
        answer = owner.query(f"/v1/history/{device.id}", cursor=cursor, **params)
        assert answer.status_code == 200, answer.text
        found.append(answer.content)
        following = re.search(rb'"next":"([^"]+)"}$', answer.content[-1000:])
        if not following:
            return found
        cursor = following[1].decode()


def test_many_positions_in_little_memory(stack, owner):
    """40,000 positions to eight clients at once: pages of 10,000, none of them whole in memory."""
    device = owner.add_device()
    store(stack, device, MANY, speed=1.25, attributes={"note": "x" * 100})
    wait_seen(owner, device)
    before = stack.query.metric("process_resident_memory_bytes")
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        first, *others = clients.map(lambda _: raw_pages(owner, device, limit=10_000), range(8))
    grown = stack.query.metric("process_resident_memory_bytes") - before
    assert [t for page in first for t in times(json.loads(page))] == every(0, MANY - 1)
    assert all(other == first for other in others)
    assert grown < 24 << 20, f"{grown / 2**20:.1f} MiB more than before"


def test_a_client_that_does_not_read_holds_nobody_up(stack, owner):
    device = owner.add_device()
    store(stack, device, 10_000, attributes={"note": "x" * 200})
    wait_seen(owner, device)
    headers = {"Authorization": f"Bearer {owner.token}"}
    url = stack.query.url(f"/v1/history/{device.id}?limit=10000")
    idle = [requests.get(url, headers=headers, stream=True, timeout=30) for _ in range(4)]
    start = now_ms()
    assert owner.query("/v1/latest").status_code == 200
    assert now_ms() - start < 2000
    for answer in idle:
        answer.close()


def test_without_the_database(stack, owner, cat, mongo):
    mongo.stop()
    try:
        for path in (f"/v1/history/{cat.id}", f"/v1/latest/{cat.id}", "/v1/latest"):
            answer = owner.query(path)
            assert_problem(answer, 503, "unavailable")
            assert answer.headers["Retry-After"] == "1"
    finally:
        mongo.start()
    wait_until(lambda: owner.query(f"/v1/history/{cat.id}").status_code == 200, 30, "history is answered again")
