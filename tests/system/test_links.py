"""Share links: what each shows to a stranger by REST and live, how they end, and that nothing else is shown."""

import base64
import hashlib
import json
import pathlib
import random
import re
import subprocess
import uuid

import pytest
import requests
from support.programs import PROGRAMS, binary
from support.strangers import Stranger, cell_middle, open_link, share
from support.times import as_datetime, format_time, now_ms, parse_time
from support.trackers import send_osmand
from support.waiting import holds_for, wait_until

BASE_MS = 1_767_323_045_000  # 2026-01-02T03:04:05Z
PAGE = "https://pets.example.org/map"
PER_USER = 6
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def stack_settings():
    return {"AUTH_PUBLIC_URL": PAGE, "AUTH_LINKS_PER_USER": str(PER_USER), "AUTH_LINK_AGE_MAX": "30d"}


@pytest.fixture
def cat(owner):
    return owner.add_device("Blue collar", pet={"name": "Misty"})


def fix(device, k, **more):
    """The k-th stored position, one second after the one before, as the writer stores it."""
    return {
        "_id": {"d": device.uuid, "t": as_datetime(BASE_MS + 1000 * k)},
        "lat": round(50.1703123 + k * 1e-4, 7),
        "lon": round(-5.1138456 - k * 1e-4, 7),
        "received": as_datetime(BASE_MS + 1000 * k + 700),
        "speed": 1.25,
        "course": 271.5,
        "altitude": 31.4,
        "accuracy": 7.5,
        "battery": 77,
        "protocol": "teltonika",
        "attributes": {"iccid": "8944500102198304826", "wifi": "00:11:22:33:44:55,-60", "cells": "234,10,1,2"},
        **more,
    }


def store(stack, device, count, **more):
    stack.db.positions.insert_many([fix(device, k, **more) for k in range(count)])
    newest = fix(device, count - 1, **more)
    newest |= {"_id": device.uuid, "time": newest["_id"]["t"], "contact": newest["received"]}
    stack.db.latest.replace_one({"_id": device.uuid}, newest, upsert=True)


def events(owner, link=None):
    found = owner.auth("GET", "/v1/audit", params={"limit": 1000}).json()["events"]
    return [e for e in found if link is None or e.get("link") == link["id"]]


def change(owner, link, **terms):
    answer = owner.auth("PATCH", f"/v1/links/{link['id']}", json=terms)
    assert answer.status_code == 200, answer.text
    return answer.json()


def assert_problem(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


# ---- made, listed, opened, counted ----


def test_a_link_is_made_opened_counted_and_logged(stack, owner, cat):
    link = share(cat, label="Walker", blur=6, history=True)
    assert link["url"] == f"{PAGE}/#share={link['token']}"
    assert len(link["token"]) == 43
    stored = stack.db.share_links.find_one({"_id": uuid.UUID(link["id"])})
    assert link["token"] not in repr(stored)
    assert hashlib.sha256(base64.urlsafe_b64decode(link["token"] + "=")).digest() in stored.values()

    shown = {k: v for k, v in link.items() if k not in ("token", "url")}
    assert (shown["uses"], shown["last_used"], shown["device"]) == (0, None, cat.id)
    assert owner.auth("GET", f"/v1/links/{link['id']}").json() == shown
    assert owner.auth("GET", f"/v1/devices/{cat.id}/links").json() == {"links": [shown], "next": None}

    answer = open_link(stack, link["token"], **{"User-Agent": "A vet's browser"})
    assert answer.headers["Cache-Control"] == "no-store"
    opened = answer.json()
    assert opened["device"] == {"id": cat.id, "name": "Blue collar", "pet_name": "Misty"}
    assert {k: opened[k] for k in ("live", "history", "from", "until", "blur", "expires")} == {
        k: link[k] for k in ("live", "history", "from", "until", "blur", "expires")
    }
    assert 0 < opened["expires_in"] <= 300
    assert owner.email not in answer.text and cat.identifier not in answer.text

    assert open_link(stack, link["token"]).status_code == 200
    counted = owner.auth("GET", f"/v1/links/{link['id']}").json()
    assert counted["uses"] == 2 and parse_time(counted["last_used"]) <= now_ms()
    *opened, made = events(owner, link)
    first = opened[-1]
    assert [e["event"] for e in (made, first)] == ["link.made", "link.opened"]
    assert sum(e["count"] for e in opened) == 2
    assert parse_time(first["time"]) <= parse_time(opened[0]["last"]) <= now_ms()
    assert (first["address"], first["agent"], first["device"]) == ("127.0.0.1", "A vet's browser", cat.id)
    assert first["name"] == made["name"] == "Walker"
    assert "session" in made and "session" not in first


def test_a_token_ends_with_its_link(stack, cat):
    link = share(cat, expires_in_s=100)
    assert 90 <= Stranger(stack, link["token"]).shown["expires_in"] <= 100


@pytest.mark.parametrize(
    ("terms", "member"),
    [
        ({}, "expires"),
        ({"expires_in_s": 30 * 86400 + 1}, "expires_in_s"),
        ({"expires": "2020-01-01T00:00:00Z"}, "expires"),
        ({"expires_in_s": 60, "live": False}, "live"),
        ({"expires_in_s": 60, "blur": 3}, "blur"),
        ({"expires_in_s": 60, "from": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"expires_in_s": 60, "label": ""}, "label"),
    ],
)
def test_what_cannot_be_is_refused(owner, cat, terms, member):
    answer = owner.auth("POST", f"/v1/devices/{cat.id}/links", json=terms)
    assert_problem(answer, 422, "invalid_link")
    assert f'"{member}"' in answer.json()["detail"]


def test_links_are_their_owners(stack, owner, cat):
    link = share(cat)
    other = stack.user()
    assert_problem(other.auth("POST", f"/v1/devices/{cat.id}/links", json={"expires_in_s": 60}), 404, "not_found")
    assert_problem(other.auth("GET", f"/v1/devices/{cat.id}/links"), 404, "not_found")
    for method in ("GET", "PATCH", "DELETE"):
        more = {"json": {"expires_in_s": 60}} if method == "PATCH" else {}
        assert_problem(other.auth(method, f"/v1/links/{link['id']}", **more), 404, "not_found")
        assert_problem(other.auth(method, f"/v1/links/{uuid.uuid4()}", **more), 404, "not_found")
        assert_problem(other.auth(method, "/v1/links/x", **more), 404, "not_found")
    assert Stranger(stack, link["token"]), "and it still is"


def test_a_user_has_so_many(owner, cat):
    made = [share(cat) for _ in range(PER_USER)]
    answer = owner.auth("POST", f"/v1/devices/{cat.id}/links", json={"expires_in_s": 60})
    assert_problem(answer, 409, "too_many_links")
    found, cursor = [], {}
    while cursor is not None:
        page = owner.auth("GET", f"/v1/devices/{cat.id}/links", params={"limit": 4, **cursor}).json()
        found += page["links"]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert [link["id"] for link in found] == [link["id"] for link in made], "in the order in which they were made"
    assert owner.auth("DELETE", f"/v1/links/{made[0]['id']}").status_code == 204

    def one_more():
        return owner.auth("POST", f"/v1/devices/{cat.id}/links", json={"expires_in_s": 60}).status_code == 201

    wait_until(one_more, 10, "there is room again")


def test_no_link_answers_like_one_that_has_ended(stack, owner, cat):
    """What never was, was revoked or has ended: one answer."""
    gone, ended = share(cat), share(cat, expires_in_s=1)
    assert owner.auth("DELETE", f"/v1/links/{gone['id']}").status_code == 204
    wait_until(lambda: now_ms() > parse_time(ended["expires"]), 10, "it ends")
    for token in (gone["token"], ended["token"], "A" * 43, "", "x", "é" * 43, gone["token"] + "A", "A" * 5000):
        answer = open_link(stack, token)
        assert_problem(answer, 404, "no_such_link")
        assert answer.content == open_link(stack, "B" * 43).content
    assert owner.auth("GET", f"/v1/links/{ended['id']}").json()["uses"] == 0
    assert [e["event"] for e in events(owner, ended)] == ["link.made"]
    url = stack.auth.url("/v1/links/open")
    assert_problem(requests.post(url, json={"token": 7}, timeout=10), 400, "missing_token")


# ---- what is shown: REST ----


def test_a_stranger_sees_one_device_and_nothing_that_names_the_tracker(stack, owner, cat):
    dog = owner.add_device("Dog")
    for device in (cat, dog):
        store(stack, device, 3)
    stranger = Stranger(stack, share(cat, history=True)["token"])
    exact = fix(cat, 2)
    latest = stranger.query(f"/v1/latest/{cat.id}")
    assert latest.json() == stranger.query("/v1/latest").json()["positions"][0]
    wanted = {"lat", "lon", "speed", "course", "altitude", "accuracy", "battery"}
    assert {k: latest.json()[k] for k in wanted} == {k: exact[k] for k in wanted}
    assert latest.json().keys() == wanted | {"device", "time", "received", "contact"}
    assert [p["device"] for p in stranger.history()] == [cat.id] * 3
    assert len(stranger.query("/v1/latest").json()["positions"]) == 1
    for path in (f"/v1/latest/{dog.id}", f"/v1/history/{dog.id}"):
        assert stranger.query(path).content == stranger.query(f"/v1/latest/{uuid.uuid4()}").content
    with stranger.live(subscribe=False) as live:
        live.send(type="subscribe", devices=[dog.id])
        assert live.wait_for("error")["code"] == "not_found"


def test_history_is_of_the_window(stack, owner, cat):
    store(stack, cat, 30)
    window = {"from": format_time(BASE_MS + 10_000), "until": format_time(BASE_MS + 20_000)}
    stranger = Stranger(stack, share(cat, history=True, **window)["token"])
    inside = [format_time(BASE_MS + 1000 * k) for k in range(10, 20)]
    assert [p["time"] for p in stranger.history()] == inside
    assert [p["time"] for p in stranger.history(limit=3, order="desc")] == inside[::-1]
    wider = {"from_": format_time(BASE_MS), "to": format_time(BASE_MS + 30_000)}
    assert [p["time"] for p in stranger.history(**wider)] == inside
    assert [p["time"] for p in stranger.history(from_=inside[3], to=inside[5])] == inside[3:5]
    assert stranger.history(from_=window["until"]) == stranger.history(to=window["from"]) == []
    outside = owner.query(f"/v1/history/{cat.id}", limit=25).json()["next"]
    assert stranger.query(f"/v1/history/{cat.id}", cursor=outside).json()["positions"] == []
    # The newest position is after the window.
    assert stranger.query("/v1/latest").json()["positions"] == []
    assert_problem(stranger.query(f"/v1/latest/{cat.id}"), 404, "not_found")


def test_live_only_and_history_only(stack, cat):
    store(stack, cat, 3)
    live_only = Stranger(stack, share(cat)["token"])
    assert_problem(live_only.query(f"/v1/history/{cat.id}"), 403, "no_history")
    assert live_only.query(f"/v1/latest/{cat.id}").status_code == 200
    past_only = Stranger(stack, share(cat, live=False, history=True)["token"])
    assert len(past_only.history()) == 3
    assert past_only.query(f"/v1/latest/{cat.id}").status_code == 200
    with past_only.live(subscribe=False) as live:
        live.send(type="subscribe", devices="all")
        assert live.wait_for("error")["code"] == "not_live"
        assert not live.of_type("snapshot")


# ---- blurred ----

BLURRED = {"device", "time", "lat", "lon", "accuracy"}


def near(cells):
    """Places to the last of the digits shown."""
    return pytest.approx([n for cell in cells for n in cell], abs=1.1e-7)


def flat(positions):
    return [n for p in positions for n in (p["lat"], p["lon"])]


def numbers(text):
    """Every number with a fraction in an answer or a frame."""
    return {float(n) for n in re.findall(r"-?\d+\.\d+(?:[eE][-+]?\d+)?", text)}


@pytest.mark.parametrize("blur", [4, 5, 6, 7])
def test_blurred_no_answer_has_a_place(stack, cat, blur):
    rng = random.Random(blur)
    places = [(round(rng.uniform(-89, 89), 7), round(rng.uniform(-180, 180), 7)) for _ in range(300)]
    fixes = [fix(cat, k) | {"lat": lat, "lon": lon} for k, (lat, lon) in enumerate(places)]
    stack.db.positions.insert_many(fixes)
    newest = fixes[-1] | {"_id": cat.uuid, "time": fixes[-1]["_id"]["t"], "contact": fixes[-1]["received"]}
    stack.db.latest.insert_one(newest)
    stranger = Stranger(stack, share(cat, blur=blur, history=True)["token"])
    cells = [cell_middle(lat, lon, blur) for lat, lon in places]

    shown = stranger.history()
    assert flat(shown) == near(cells)
    assert all(p.keys() == BLURRED for p in shown)
    path = f"/v1/history/{cat.id}"
    features = stranger.query(path, format="geojson").json()["features"]
    assert [n for f in features for n in reversed(f["geometry"]["coordinates"])] == near(cells)
    latest = stranger.query(f"/v1/latest/{cat.id}")
    assert latest.json().keys() == BLURRED and flat([latest.json()]) == near(cells[-1:])

    said = set()
    for answer in (latest, stranger.query("/v1/latest"), stranger.query(path), stranger.query(path, format="geojson")):
        said |= numbers(answer.text)
    exact = {n for place in places for n in place} | {1.25, 271.5, 31.4, 7.5}
    assert not said & exact


@pytest.mark.parametrize("blur", [4, 7])
def test_blurred_no_frame_has_a_place(stack, cat, blur):
    rng = random.Random(100 + blur)
    places = [(round(rng.uniform(-89, 89), 6), round(rng.uniform(-180, 180), 6)) for _ in range(40)]
    start = now_ms() - 100_000
    with requests.Session() as http:

        def send(k):
            lat, lon = places[k]
            assert send_osmand(stack, cat, lat, lon, start + k * 1000, speed=5, http=http).status_code == 200

        send(0)
        wait_until(lambda: cat.owner.latest(cat), 15, "it is stored")
        blurred = Stranger(stack, share(cat, blur=blur)["token"])
        plain = Stranger(stack, share(cat)["token"])
        with blurred.live() as live, plain.live() as other:
            for k in range(1, len(places)):
                send(k)
            wait_until(lambda: len(live.positions()) >= len(places) - 1, 20, "all are pushed")
            wait_until(lambda: len(other.positions()) >= len(places) - 1, 20, "to the other too")
            frames = json.dumps(live.frames)
            assert flat(live.snapshot() + live.positions()) == near(cell_middle(*place, blur) for place in places)
            assert all(p.keys() == BLURRED for p in live.snapshot() + live.positions())
            assert [(p["lat"], p["lon"]) for p in other.snapshot() + other.positions()] == places
            assert not [p for p in other.positions() if p.keys() & {"protocol", "attributes"}]
    assert not numbers(frames) & {n for place in places for n in place}
    assert cat.identifier not in frames and cat.owner.email not in frames


# ---- live: the window, what was missed ----


def test_live_is_of_the_window(stack, cat):
    start = now_ms()
    link = share(cat, **{"from": format_time(start), "until": format_time(start + 60_000)})
    with Stranger(stack, link["token"]).live() as live:
        for at in (start - 1, start, start + 59_999, start + 60_000):
            assert send_osmand(stack, cat, 50.17, -5.11, at).status_code == 200
        with cat.owner.live() as own:
            own.subscribe([cat])
            assert send_osmand(stack, cat, 50.17, -5.11, start + 70_000).status_code == 200
            wait_until(lambda: own.positions(cat), 10, "the owner sees one after the window")
        wait_until(lambda: len(live.positions()) == 2, 10, "what is in the window is pushed")
        assert [parse_time(p["time"]) for p in live.positions()] == [start, start + 59_999]


@pytest.mark.parametrize("history", [False, True])
def test_what_was_missed_is_history(stack, cat, history):
    start = now_ms()
    link = share(cat, history=history, **{"from": format_time(start)})
    stranger = Stranger(stack, link["token"])
    with stranger.live() as live:
        assert send_osmand(stack, cat, 50.17, -5.11, start).status_code == 200
        wait_until(live.positions, 10, "it is pushed")
        cursor = live.cursor
    with cat.owner.live() as own:
        own.subscribe([cat])
        for at in (start + 1000, start - 5000, start + 2000):
            assert send_osmand(stack, cat, 50.17, -5.11, at).status_code == 200
        wait_until(lambda: len(own.positions()) == 3, 10, "all are there")
    with stranger.live(subscribe=False) as live:
        recovered = live.subscribe(cursor=cursor)["recovered"]
        assert recovered == history
        if history:
            wait_until(lambda: len(live.positions()) == 2, 10, "what was missed, of the window")
            assert [parse_time(p["time"]) for p in live.positions()] == [start + 1000, start + 2000]
        else:
            assert [parse_time(p["time"]) for p in live.snapshot()] == [start + 2000]


def test_without_history_nothing_comes_late(stack, cat):
    start = now_ms()
    stranger = Stranger(stack, share(cat)["token"])
    with stranger.live() as live:
        for at in (start, start - 5000, start + 1000):
            assert send_osmand(stack, cat, 50.17, -5.11, at).status_code == 200
        wait_until(lambda: len(live.positions()) == 2, 10, "they are pushed")
        assert [parse_time(p["time"]) for p in live.positions()] == [start, start + 1000]


# ---- its end ----


def assert_sees_nothing(stranger, device):
    """At once or a moment later: query hears of it."""
    paths = (f"/v1/latest/{device.id}", f"/v1/history/{device.id}")
    wait_until(lambda: all(stranger.query(p).status_code in (401, 404) for p in paths), 10, "nothing is shown")
    listed = stranger.query("/v1/latest")
    assert listed.status_code == 401 or listed.json()["positions"] == []


def test_revocation_cuts_a_stream(stack, owner, cat):
    store(stack, cat, 1)
    link, other = share(cat, history=True), share(cat)
    stranger = Stranger(stack, link["token"])
    with stranger.live() as live, Stranger(stack, other["token"]).live() as spared:
        assert owner.auth("DELETE", f"/v1/links/{link['id']}").status_code == 204
        assert live.wait_closed(5) == 4401
        assert not spared.closed.is_set()
    assert stranger.query("/v1/latest").status_code == 401
    assert_sees_nothing(stranger, cat)
    assert_problem(open_link(stack, link["token"]), 404, "no_such_link")
    assert_problem(owner.auth("GET", f"/v1/links/{link['id']}"), 404, "not_found")
    assert_problem(owner.auth("PATCH", f"/v1/links/{link['id']}", json={"expires_in_s": 60}), 404, "not_found")
    assert [e["event"] for e in events(owner, link)] == ["link.revoked", "link.opened", "link.made"]
    gone = {"_id": uuid.UUID(link["id"])}
    wait_until(lambda: stack.db.share_links.find_one(gone) is None, 10, "nothing of it is left")


def test_a_stream_ends_with_its_link_which_can_be_renewed(stack, owner, cat):
    store(stack, cat, 1)
    link = share(cat, expires_in_s=2, history=True)
    stranger = Stranger(stack, link["token"])
    with stranger.live() as live:
        assert live.wait_closed(10) == 4401
    assert_sees_nothing(stranger, cat)
    assert_problem(open_link(stack, link["token"]), 404, "no_such_link")
    assert owner.auth("GET", f"/v1/devices/{cat.id}/links").json()["links"], "its owner still has it"

    renewed = change(owner, link, expires_in_s=600)
    assert parse_time(renewed["expires"]) > now_ms()
    again = Stranger(stack, link["token"])
    wait_until(lambda: len(again.query("/v1/latest").json()["positions"]) == 1, 10, "it shows as before")
    with again.live() as live:
        assert len(live.snapshot()) == 1
    logged = [e["event"] for e in events(owner, link)]
    assert [event for event in logged if event != "link.opened"] == ["link.renewed", "link.made"]
    assert sum(e.get("count", 0) for e in events(owner, link)) == 2
    assert renewed["uses"] == 1


def test_an_end_that_is_put_forward(stack, owner, cat):
    store(stack, cat, 1)
    link = share(cat, history=True)
    stranger = Stranger(stack, link["token"])
    with stranger.live() as live:
        change(owner, link, expires_in_s=1)
        assert live.wait_closed(10) == 4401, "the token was good for longer"
    assert_sees_nothing(stranger, cat)
    change(owner, link, expires_in_s=600)
    wait_until(lambda: stranger.query(f"/v1/latest/{cat.id}").status_code == 200, 10, "the same token is good again")


def test_what_is_no_longer_live_is_not_watched_again(stack, owner, cat):
    """Nor by who follows all, this one left out."""
    store(stack, cat, 1)
    link = share(cat, history=True)
    with Stranger(stack, link["token"]).live() as live:
        live.send(type="unsubscribe", devices=[cat.id])
        change(owner, link, live=False)
        assert live.wait_closed(10) == 1012, "to hear that it is not live"


def test_what_it_shows_can_be_changed(stack, owner, cat):
    store(stack, cat, 1)
    link = share(cat, label="Vet", history=True)
    stranger = Stranger(stack, link["token"])
    with stranger.live() as live:
        changed = change(owner, link, blur=5, label=None, history=False)
        assert (changed["blur"], changed["label"], changed["history"]) == (5, None, False)
        assert changed["expires"] == link["expires"]
        assert live.wait_closed(10) == 1012, "to come back to what it shows now"
    wait_until(lambda: stranger.query(f"/v1/latest/{cat.id}").json().keys() == BLURRED, 10, "a cell is shown")
    assert_problem(stranger.query(f"/v1/history/{cat.id}"), 403, "no_history")
    with stranger.live() as live:
        assert [p.keys() for p in live.snapshot()] == [BLURRED]
    change(owner, link, live=False, history=True, blur=0, until=format_time(BASE_MS))
    wait_until(lambda: stranger.query(f"/v1/history/{cat.id}").json().get("positions") == [], 10, "its window is over")
    answer = owner.auth("PATCH", f"/v1/links/{link['id']}", json={"history": False})
    assert_problem(answer, 422, "invalid_link")
    assert [e["event"] for e in events(owner, link)] == ["link.changed", "link.changed", "link.opened", "link.made"]


def test_a_renewal_does_not_disturb(stack, owner, cat):
    link = share(cat)
    with Stranger(stack, link["token"]).live() as live:
        change(owner, link, expires_in_s=900)
        assert send_osmand(stack, cat, 50.17, -5.11).status_code == 200
        wait_until(live.positions, 10, "the stream goes on")
        assert not live.closed.is_set()


def test_links_end_with_their_device(stack, owner, cat):
    store(stack, cat, 1)
    link = share(cat, history=True)
    stranger = Stranger(stack, link["token"])
    with stranger.live() as live:
        assert owner.auth("DELETE", f"/v1/devices/{cat.id}").status_code == 204
        assert live.wait_closed(10) == 4401
    assert_problem(open_link(stack, link["token"]), 404, "no_such_link")
    assert_sees_nothing(stranger, cat)


# ---- nothing else ----


def routes(kind):
    done = subprocess.run(
        [binary(PROGRAMS[kind][0]), "--routes"], capture_output=True, text=True, timeout=30, check=True
    )
    return [(route["method"], route["path"]) for route in json.loads(done.stdout)]


SHOWN = {("GET", "/v1/latest"), ("GET", "/v1/latest/{device}"), ("GET", "/v1/history/{device}")}


@pytest.mark.parametrize("kind", ["auth", "query"])
def test_a_links_token_is_good_for_nothing_else(stack, cat, kind):
    stranger = Stranger(stack, share(cat, history=True)["token"])
    program, guarded = getattr(stack, kind), 0
    for method, path in routes(kind):
        url = program.url(re.sub(r"{\w+}", cat.id, path))
        body = {"json": {}} if method not in ("GET", "DELETE") else {}
        if requests.request(method, url, timeout=10, **body).status_code != 401:
            continue  # anybody's
        guarded += 1
        status = stranger.call(method, url, **body).status_code
        if (method, path) in SHOWN:
            assert status in (200, 404), f"{method} {path}: {status}"
        else:
            assert status in (401, 403), f"{method} {path}: {status}"
    assert guarded >= (20 if kind == "auth" else 4)
    if kind == "query":
        with stranger.live() as live:
            holds_for(lambda: not live.closed.is_set(), 0.1, "and for the live stream")


# ---- the log ----


def test_the_log_page_by_page_newest_first(stack, owner, cat):
    link = share(cat)
    for label in "abcde":
        change(owner, link, label=label)
    pages, cursor = [], {}
    while cursor is not None:
        page = owner.auth("GET", "/v1/audit", params={"limit": 2, **cursor}).json()
        pages.append(page["events"])
        cursor = {"cursor": page["next"]} if page["next"] else None
    found = [e for page in pages for e in page]
    assert all(len(page) == 2 for page in pages[:-1])
    assert found == events(owner) and len(found) >= 6
    assert [parse_time(e["time"]) for e in found] == sorted((parse_time(e["time"]) for e in found), reverse=True)
    assert_problem(owner.auth("GET", "/v1/audit", params={"limit": 0}), 400, "invalid_limit")
    assert_problem(owner.auth("GET", "/v1/audit", params={"cursor": "x"}), 400, "invalid_cursor")
    other = stack.user()
    assert not {e.get("link") for e in events(other)} & {link["id"]}, "each reads his own"


def test_what_an_owner_does_with_a_device_is_logged(owner):
    cat = owner.add_device("Blue collar")
    assert owner.auth("POST", f"/v1/devices/{cat.id}/secret").status_code == 200
    assert owner.auth("DELETE", f"/v1/devices/{cat.id}").status_code == 204
    logged = [(e["event"], e.get("name")) for e in events(owner) if e.get("device") == cat.id]
    name = "Blue collar"
    assert logged == [("device.deleted", None), ("device.secret_changed", name), ("device.added", name)]


def test_a_users_agent_is_cut_and_cleaned(stack, owner, cat):
    shown = []
    for agent in ("x" * 1000, b"caf\xe9"):
        link = share(cat)
        assert open_link(stack, link["token"], **{"User-Agent": agent}).status_code == 200
        shown.append(events(owner, link)[0]["agent"])
    assert shown == ["x" * 254, "caf?"]


def test_a_stranger_does_not_bury_the_log(stack, owner, cat):
    """What is opened again and again is one event, of an hour of the clock: two where that ends meanwhile."""
    link, other = share(cat), share(cat)
    for _ in range(5):
        assert open_link(stack, link["token"]).status_code == 200
    assert open_link(stack, other["token"]).status_code == 200
    opened = [e for e in events(owner, link) if e["event"] == "link.opened"]
    assert 1 <= len(opened) <= 2
    assert sum(e["count"] for e in opened) == 5
    assert [e["count"] for e in events(owner, other) if e["event"] == "link.opened"] == [1]


def test_a_link_is_not_opened_unwritten(stack, owner, cat):
    link = share(cat)
    stack.db.command("collMod", "audit", validator={"$expr": False})
    try:
        assert_problem(open_link(stack, link["token"]), 503, "unavailable")
    finally:
        stack.db.command("collMod", "audit", validator={})
    assert open_link(stack, link["token"]).status_code == 200


def test_who_changed_what_of_a_device_is_logged(stack, owner, cat):
    friend, path = stack.user(), f"/v1/devices/{cat.id}"
    grant = owner.auth("POST", f"{path}/grants", json={"email": friend.email, "rights": "manage"})
    assert friend.auth("POST", f"/v1/grants/{grant.json()['id']}/accept").status_code == 204
    assert owner.auth("PATCH", path, json={"name": "Red collar", "retention_days": 7}).status_code == 200
    assert friend.auth("PATCH", path, json={"rules": None, "pet": {"name": "Secretive"}}).status_code == 200
    assert friend.auth("PATCH", path, json={"retention_days": 1}).status_code == 403
    assert friend.auth("PATCH", path, json={"name": ""}).status_code == 422
    by_friend, by_owner = (e for e in events(owner) if e["event"] == "device.changed")
    assert (by_owner["changed"], by_owner["name"], by_owner["device"]) == ("name, retention_days", "Red collar", cat.id)
    assert "session" in by_owner and "who" not in by_owner
    assert (by_friend["changed"], by_friend["who"], by_friend["device"]) == ("pet, rules", friend.email, cat.id)
    assert not {"address", "agent", "session"} & set(by_friend) and "Secretive" not in repr(by_friend)
    assert not [e for e in events(friend) if e["event"] == "device.changed"]


def test_a_wrong_password_of_somebody_who_is_logged_in_is_logged(owner):
    paths = ("/v1/account/password", "/v1/account/totp", "/v1/account/deletion")
    for path in paths:
        body = {"current_password": "not the password", "password": "another password"}
        assert_problem(owner.auth("POST", path, json=body), 403, "wrong_password")
    refused = [e for e in events(owner) if e["event"] == "password.refused"]
    assert len(refused) == len(paths)
    assert all(e["address"] == "127.0.0.1" and "session" in e for e in refused)


def test_of_many_events_the_newest_are_kept(stack, owner, cat):
    """By one process that keeps few; of nobody else's."""
    replica, user, bound = stack.add_auth(AUTH_AUDIT_PER_USER="20"), uuid.uuid4(), 20
    mine = uuid.UUID(owner.auth("GET", "/v1/account").json()["id"])
    old = {"event": "account.changed", "expires": as_datetime(now_ms() + 3600_000)}
    for whose in (mine, user):
        stack.db.audit.insert_many(
            [{"_id": uuid.uuid4(), "user": whose, "time": as_datetime(BASE_MS + k), **old} for k in range(50)]
        )
    answer = owner.call("PATCH", replica.url(f"/v1/devices/{cat.id}"), json={"name": "Red collar"})
    assert answer.status_code == 200, answer.text
    left = events(owner)
    assert len(left) == bound
    assert [e["event"] for e in left[:2]] == ["device.changed", "device.added"]
    assert [parse_time(e["time"]) for e in left if e["event"] == "account.changed"][0] == BASE_MS + 49
    assert stack.db.audit.count_documents({"user": user}) == 50


def test_events_are_all_explained():
    """docs/IDENTITY.md has each event that the code can write, and no other."""
    named = set(re.findall(r'^#define AUDIT_\w+ "([a-z_.]+)"', (ROOT / "auth/common/audit.h").read_text(), re.M))
    named -= {"audit"}
    table = (ROOT / "docs/IDENTITY.md").read_text().split("<!-- table: events -->")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.M)
    assert named == {event for row in rows for event in re.findall(r"`([a-z_.]+)`", row)}
