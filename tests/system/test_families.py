"""Devices that are shared with other accounts: offered, accepted, seen and managed, and over within a second."""

import concurrent.futures
import re
import secrets
import time
import uuid

import pytest
import requests
from support.answers import problem
from support.mails import MailServer
from support.programs import role_paths
from support.times import now_ms, parse_time
from support.trackers import send_osmand
from support.waiting import LOADED_S, holds_for, wait_until

NO_DEVICE = "7a0c9f0e-5a0f-4f63-9d6c-3d1f0a4a8c11"
RULES = {"clock_offset_s": -7200}


class Replica:
    """Another auth with settings of its own, asked by people who are logged in at the first."""

    def __init__(self, stack, **settings):
        self.auth = stack.add_auth(**settings)

    def __call__(self, user, method, path, **more):
        return user.call(method, self.auth.url(path), **more)


def first(user, method, path, **more):
    return user.auth(method, path, **more)


def share(owner, device, whom, rights="view", ask=first):
    """The answer to sharing with a User or an address."""
    email = getattr(whom, "email", whom)
    return ask(owner, "POST", f"/v1/devices/{device.id}/grants", json={"email": email, "rights": rights})


def offered(owner, device, whom, rights="view", ask=first):
    answer = share(owner, device, whom, rights, ask)
    assert answer.status_code == 202, answer.text
    return answer.json()


def grants(user, side, ask=first):
    """Page after page."""
    found, params = [], {"side": side, "limit": 2}
    while True:
        answer = ask(user, "GET", "/v1/grants", params=params)
        assert answer.status_code == 200, answer.text
        found += answer.json()["grants"]
        if answer.json()["next"] is None:
            return found
        params["cursor"] = answer.json()["next"]


def states(user, side):
    return {g["device"]["name"]: g["state"] for g in grants(user, side)}


def act(user, grant, what, ask=first):
    """Accepts or declines."""
    return ask(user, "POST", f"/v1/grants/{grant['id']}/{what}")


def accepted(owner, device, whom, rights="view"):
    grant = offered(owner, device, whom, rights)
    assert act(whom, grant, "accept").status_code == 204
    return grant


def end(user, grant):
    return user.auth("DELETE", f"/v1/grants/{grant['id']}")


def shared_with(user):
    """By name, what the page lists beside his own."""
    answer = user.auth("GET", "/v1/devices", params={"shared": "true"})
    assert answer.status_code == 200, answer.text
    return {d["name"]: d for d in answer.json()["devices"]}


def place(stack, device, lat=50.1703, lon=-5.1138):
    at = now_ms()
    assert send_osmand(stack, device, lat, lon, at).status_code == 200
    return at


@pytest.fixture
def cat(owner):
    return owner.add_device("Cat", pet={"name": "Misty", "species": "cat"})


@pytest.fixture
def friend(stack):
    return stack.user(name="Ann")


# ---- offering and answering ----


def test_an_offer_says_nothing_until_it_is_accepted(stack, owner, friend, cat):
    place(stack, cat)
    wait_until(lambda: owner.latest(cat), 15, "it is stored")
    grant = offered(owner, cat, friend.email.upper())
    assert grant["device"] == {"id": cat.id, "name": "Cat", "pet_name": "Misty"}
    assert grant["owner"] == {"email": owner.email, "name": "Test Owner"}
    assert (grant["email"], grant["rights"], grant["state"]) == (friend.email, "view", "pending")
    assert grant["created"] < grant["expires"]
    assert grants(friend, "received") == [grant] == grants(owner, "given")
    assert owner.auth("GET", f"/v1/devices/{cat.id}/grants").json() == {"grants": [grant]}
    assert grants(owner, "received") == [] == grants(friend, "given")

    stranger = stack.user()
    missing = problem(friend.query(f"/v1/latest/{NO_DEVICE}"), 404, "not_found")
    for path in (f"/v1/latest/{cat.id}", f"/v1/history/{cat.id}"):
        assert problem(friend.query(path), 404, "not_found") == missing
    assert shared_with(friend) == {} and friend.query("/v1/latest").json()["positions"] == []
    problem(friend.auth("GET", f"/v1/devices/{cat.id}"), 404, "not_found")
    for what in ("accept", "decline"):
        problem(act(stranger, grant, what), 404, "not_found")
        problem(act(owner, grant, what), 404, "not_found")
    problem(end(friend, grant), 404, "not_found")  # what was not accepted is declined

    assert act(friend, grant, "accept").status_code == 204
    problem(act(friend, grant, "accept"), 404, "not_found")
    problem(act(friend, grant, "decline"), 404, "not_found")
    (given,) = grants(owner, "given")
    assert given == {**grant, "state": "accepted", "expires": None} == grants(friend, "received")[0]


def test_what_was_accepted_can_be_asked_for_at_once(stack, owner, friend):
    """Whatever query remembers of who asks, and before Kafka has told it."""
    for n in range(8):
        device = owner.add_device(f"Cat {n}")
        problem(friend.query(f"/v1/history/{device.id}"), 404, "not_found")
        accepted(owner, device, friend)
        answer = friend.query(f"/v1/history/{device.id}")
        assert answer.status_code == 200, f"{n}: {answer.text}"


def test_what_a_viewer_sees(stack, owner, friend, cat):
    at = place(stack, cat)
    accepted(owner, cat, friend)
    seen = wait_until(lambda: friend.latest(cat), 15, "it is stored")
    assert (seen["lat"], seen["lon"]) == (50.1703, -5.1138)
    assert friend.stored_times(cat) == [at]
    assert [p["device"] for p in friend.query("/v1/latest").json()["positions"]] == [cat.id]

    device = shared_with(friend)["Cat"]
    assert device.keys() == {"id", "name", "pet", "created", "rights", "owner"}, "neither identifier nor rules"
    assert (device["id"], device["pet"]) == (cat.id, {"name": "Misty", "species": "cat"})
    assert (device["rights"], device["owner"]) == ("view", {"email": owner.email, "name": "Test Owner"})
    assert friend.auth("GET", f"/v1/devices/{cat.id}").json() == device
    own = friend.add_device("Own")
    (listed,) = friend.auth("GET", "/v1/devices").json()["devices"]
    assert (listed["id"], listed["rights"]) == (own.id, "owner")
    assert friend.auth("GET", "/v1/devices", params={"shared": "false"}).json()["devices"] == [listed]
    problem(friend.auth("GET", "/v1/devices", params={"shared": "yes"}), 400, "invalid_shared")


def may(user, device, **body):
    return user.auth("PATCH", f"/v1/devices/{device.id}", json=body)


def test_view_and_manage(owner, friend, cat):
    viewer, path = owner.stack.user(), f"/v1/devices/{cat.id}"
    accepted(owner, cat, friend, "manage")
    accepted(owner, cat, viewer, "view")

    changed = may(friend, cat, name="Tiger", pet={"name": "Tom"}, rules=RULES)
    assert changed.status_code == 200, changed.text
    assert changed.json().keys() == {"id", "name", "pet", "rules", "created", "rights", "owner"}
    assert changed.json() == friend.auth("GET", path).json() == shared_with(friend)["Tiger"]
    mine = owner.auth("GET", path).json()
    assert (mine["name"], mine["pet"], mine["rules"]) == ("Tiger", {"name": "Tom"}, RULES)
    assert (mine["identifier"], mine["rights"]) == (cat.identifier, "owner")
    assert "rules" not in shared_with(viewer)["Tiger"]

    for body in ({"retention_days": 1}, {"retention_days": None}, {"name": "Rex", "retention_days": 1}):
        problem(may(friend, cat, **body), 403, "insufficient_rights")
    for body in ({"name": "Rex"}, {"pet": None}, {"rules": None}):
        problem(may(viewer, cat, **body), 403, "insufficient_rights")
    body = {"email": "another@example.org", "rights": "view"}
    for user in (friend, viewer):
        problem(user.auth("DELETE", path), 403, "insufficient_rights")
        problem(user.auth("POST", path + "/secret"), 403, "insufficient_rights")
        problem(user.auth("GET", path + "/grants"), 403, "insufficient_rights")
        problem(user.auth("POST", path + "/grants", json=body), 403, "insufficient_rights")
    after = owner.auth("GET", path).json()
    assert after == mine and grants(owner, "given")[-1]["email"] == viewer.email


def test_other_rights_for_who_has_it(owner, friend, cat):
    """At once, and it stays the same share."""
    grant = accepted(owner, cat, friend)
    problem(may(friend, cat, name="Rex"), 403, "insufficient_rights")
    again = offered(owner, cat, friend, "manage")
    assert again == {**grant, "rights": "manage", "state": "accepted", "expires": None}
    assert may(friend, cat, name="Rex").status_code == 200
    assert offered(owner, cat, friend, "view")["rights"] == "view"
    problem(may(friend, cat, name="Tiger"), 403, "insufficient_rights")


def test_declined_ended_and_shared_again(owner, friend, cat):
    for answer in (lambda g: act(friend, g, "decline"), lambda g: end(owner, g)):
        grant = offered(owner, cat, friend)
        assert answer(grant).status_code == 204
        assert grants(friend, "received") == [] == grants(owner, "given")
        problem(act(friend, grant, "accept"), 404, "not_found")
        problem(end(owner, grant), 404, "not_found")
    for who in (owner, friend):
        grant = accepted(owner, cat, friend)
        assert "Cat" in shared_with(friend)
        assert end(who, grant).status_code == 204
        assert grants(friend, "received") == [] == grants(owner, "given") and shared_with(friend) == {}
        problem(friend.auth("GET", f"/v1/devices/{cat.id}"), 404, "not_found")
        problem(end(who, grant), 404, "not_found")
    accepted(owner, cat, friend, "manage")
    assert shared_with(friend)["Cat"]["rights"] == "manage"


def test_what_is_ended_leaves_nothing(stack, owner, friend, cat):
    grant = accepted(owner, cat, friend)
    wait_until(lambda: "event" not in stack.db.grants.find_one({"_id": uuid.UUID(grant["id"])}), 10, "it was told")
    end(owner, grant)
    wait_until(lambda: not stack.db.grants.find_one({"_id": uuid.UUID(grant["id"])}), 10, "it is gone")


def test_an_offer_that_is_not_answered(stack, owner, friend, cat):
    brief = Replica(stack, AUTH_GRANT_TTL="1s")
    grant = offered(owner, cat, friend, ask=brief)
    assert grants(friend, "received") == [grant]
    wait_until(lambda: not grants(friend, "received"), 10, "it has expired")
    assert grants(owner, "given") == []
    for what in ("accept", "decline"):
        problem(act(friend, grant, what), 404, "not_found")
    again = accepted(owner, cat, friend)
    assert states(friend, "received") == {"Cat": "accepted"}, again


def test_no_answer_tells_whether_there_is_an_account(owner, friend, cat):
    """And who registers later finds it."""
    unknown = f"nobody-{secrets.token_hex(6)}@example.org"
    to_nobody, to_friend = share(owner, cat, unknown), share(owner, cat, friend)
    assert to_nobody.status_code == to_friend.status_code == 202
    varying = ("id", "email", "created", "expires")
    first_of, second_of = ({k: v for k, v in a.json().items() if k not in varying} for a in (to_nobody, to_friend))
    assert first_of == second_of
    assert to_nobody.headers.keys() == to_friend.headers.keys()
    late = owner.stack.user(email=unknown)
    assert states(late, "received") == {"Cat": "pending"}
    assert act(late, to_nobody.json(), "accept").status_code == 204


def test_whose_address_is_not_verified(stack, owner, friend, cat):
    """Where addresses are verified, who has not shown that one is his finds nothing; what he has already stays."""
    strict = Replica(stack, AUTH_VERIFY_EMAIL="true", AUTH_ROLES="devices")
    dog, users = owner.add_device("Dog"), stack.db.users
    accepted(owner, dog, friend)
    grant = offered(owner, cat, friend, ask=strict)
    assert [g["device"]["name"] for g in grants(friend, "received", strict)] == ["Dog"]
    for what in ("accept", "decline"):
        problem(act(friend, grant, what, strict), 404, "not_found")
    users.update_one({"email": friend.email}, {"$currentDate": {"verified": True}})
    assert [g["device"]["name"] for g in grants(friend, "received", strict)] == ["Dog", "Cat"]
    assert act(friend, grant, "accept", strict).status_code == 204


def test_the_account_has_it_whatever_its_address(stack, owner, friend, cat):
    grant = accepted(owner, cat, friend)
    other = f"other-{secrets.token_hex(6)}@example.org"
    stack.db.users.update_one({"email": friend.email}, {"$set": {"email": other}})
    assert shared_with(friend).keys() == {"Cat"}
    heir = stack.user(email=friend.email)  # somebody else has the old address now
    assert grants(heir, "received") == []
    second = offered(owner, cat, other)
    problem(act(friend, second, "accept"), 409, "already_shared")
    assert end(friend, grant).status_code == 204
    assert act(friend, second, "accept").status_code == 204


# ---- what is refused ----


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "invalid_email"), ({"email": "nobody", "rights": "view"}, "invalid_email"),
     ({"email": 7, "rights": "view"}, "invalid_email"), ({"email": "a@example.org"}, "invalid_rights"),
     ({"email": "a@example.org", "rights": "owner"}, "invalid_rights"),
     ({"email": "a@example.org", "rights": ["view"]}, "invalid_rights")],
)  # fmt: skip
def test_what_is_no_share(owner, cat, body, code):
    problem(owner.auth("POST", f"/v1/devices/{cat.id}/grants", json=body), 422, code)
    assert grants(owner, "given") == []


def test_with_oneself(owner, cat):
    problem(share(owner, cat, owner), 422, "own_address")
    problem(share(owner, cat, owner.email.upper()), 422, "own_address")


def test_what_was_offered_to_what_is_now_the_owners_address(stack, owner, cat):
    other = f"other-{secrets.token_hex(6)}@example.org"
    grant = offered(owner, cat, other)
    stack.db.users.update_one({"email": owner.email}, {"$set": {"email": other}})
    assert grants(owner, "received") == []
    problem(act(owner, grant, "accept"), 404, "not_found")


@pytest.mark.parametrize("side", [None, "", "both"])
def test_what_is_no_side(owner, side):
    problem(owner.auth("GET", "/v1/grants", params={"side": side} if side is not None else {}), 400, "invalid_side")


def test_the_same_offer_at_once_is_one(owner, friend, cat):
    token, url = owner.token, owner.stack.auth.url(f"/v1/devices/{cat.id}/grants")

    def offer(rights):
        body, headers = {"email": friend.email, "rights": rights}, {"Authorization": "Bearer " + token}
        return requests.post(url, json=body, headers=headers, timeout=20).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(offer, ["view", "manage"] * 8))
    assert 202 in answers and answers <= {202, 503}
    assert len(grants(friend, "received")) == 1 == len(grants(owner, "given"))


def test_how_many(stack, owner, friend, cat):
    few = Replica(stack, AUTH_GRANTS_PER_DEVICE="2", AUTH_GRANTS_PER_USER="3")
    dog, bird = owner.add_device("Dog"), owner.add_device("Bird")
    for name in ("a", "b"):
        offered(owner, cat, f"{name}@example.org", ask=few)
    problem(share(owner, cat, "c@example.org", ask=few), 409, "too_many_grants")
    offered(owner, cat, "b@example.org", "manage", ask=few)  # no further one
    offered(owner, dog, friend, ask=few)
    problem(share(owner, dog, "a@example.org", ask=few), 409, "too_many_grants")
    assert end(owner, grants(owner, "given")[0]).status_code == 204
    to_friend = [offered(owner, bird, friend, ask=few), *grants(friend, "received")[:1]]

    other = stack.user()
    received = [offered(other, other.add_device(f"Pet {i}"), friend) for i in range(2)]
    for grant in (*received, to_friend[1]):
        assert act(friend, grant, "accept", few).status_code == 204
    problem(act(friend, to_friend[0], "accept", few), 409, "too_many_grants")
    assert len(shared_with(friend)) == 3


def test_how_often(stack, owner, cat):
    slow = Replica(stack, AUTH_LIMIT_SHARE_ACCOUNT="2/1h")
    for _ in range(2):
        offered(owner, cat, "a@example.org", ask=slow)
    refused = share(owner, cat, "b@example.org", ask=slow)
    problem(refused, 429, "too_many_attempts")
    assert int(refused.headers["Retry-After"]) > 0
    other = stack.user()
    offered(other, other.add_device(), "a@example.org", ask=slow)


# What a request needs that would go well, where it needs something.
BODIES = {
    ("PATCH", "/v1/devices/{id}"): {"name": "Mine"},
    ("POST", "/v1/devices/{id}/grants"): {"email": "a@example.org", "rights": "view"},
    ("POST", "/v1/devices/{id}/links"): {"label": "Walker", "expires_in_s": 3600, "live": True, "history": False},
    ("PATCH", "/v1/links/{id}"): {"label": "Walker"},
}
METHODS = ("GET", "POST", "PATCH", "DELETE")


def routes_of_one_thing():
    """Each path of role devices that names a thing of somebody's, with each method."""
    public = [p for p in role_paths("devices") if p.startswith("/v1/") and "{id}" in p]
    return sorted({(method, path) for path in public for method in METHODS})


def test_strangers_find_nothing(stack, owner, friend, cat):
    """On no route does a thing of others' look different from one that does not exist."""
    grant, stranger = accepted(owner, cat, friend), stack.user()
    waiting = offered(owner, owner.add_device("Dog"), friend)
    ids = {"devices": [cat.id], "grants": [grant["id"], waiting["id"]]}
    before = [grants(owner, "given"), owner.auth("GET", "/v1/devices").json()]
    tried = 0
    for method, path in routes_of_one_thing():
        body = BODIES.get((method, path))
        missing = stranger.auth(method, path.replace("{id}", str(uuid.uuid4())), json=body)
        if missing.status_code == 405:
            continue
        tried += 1
        assert problem(missing, 404, "not_found"), (method, path)
        for text in ("x", NO_DEVICE.upper(), *ids.get(path.split("/")[2], ids["devices"])):
            answer = stranger.auth(method, path.replace("{id}", text), json=body)
            assert (answer.status_code, answer.json()) == (404, missing.json()), (method, path)
    assert tried >= 9, "the routes were found"
    assert [grants(owner, "given"), owner.auth("GET", "/v1/devices").json()] == before


# ---- live ----


def watching(user):
    live = user.live()
    live.subscribe()
    return live


def times(live, device):
    return {parse_time(p["time"]) for p in live.positions(device)}


def removed(live):
    return [d for f in live.of_type("devices") for d in f["removed"]]


def test_who_accepts_sees_it_on_the_open_stream(stack, owner, friend, cat):
    with watching(owner) as owners, watching(friend) as friends:
        grant = offered(owner, cat, friend)
        place(stack, cat)
        wait_until(lambda: owners.positions(cat), 10, "the owner is told")
        assert friends.positions() == [] == friends.of_type("devices")
        assert act(friend, grant, "accept").status_code == 204
        wait_until(lambda: friends.of_type("devices", added=[cat.id]), 10, "it is among those that he may see")
        place(stack, cat)
        wait_until(lambda: friends.positions(cat), 10, "he is told")


@pytest.mark.parametrize("who", ["owner", "friend"])
def test_what_is_ended_is_silent_within_a_second(stack, owner, friend, cat, who):
    """Ended by one or left by the other; the owner goes on seeing it."""
    grant, kept = accepted(owner, cat, friend), friend.add_device("Own")
    with watching(owner) as owners, watching(friend) as friends:
        place(stack, cat)
        wait_until(lambda: friends.positions(cat), 10, "he is told")
        assert end({"owner": owner, "friend": friend}[who], grant).status_code == 204
        over = time.monotonic() + 1
        while time.monotonic() < over:
            place(stack, cat)
            time.sleep(0.02)
        late = {place(stack, cat) for _ in range(3)}
        wait_until(lambda: max(late) in times(owners, cat), 10, "the owner is told to the end")
        place(stack, kept)
        wait_until(lambda: friends.positions(kept), 10, "his own goes on")
        assert removed(friends) == [cat.id] and not times(friends, cat) & late
        assert not friends.closed.is_set()
    problem(friend.query(f"/v1/latest/{cat.id}"), 404, "not_found")


def test_a_device_that_is_deleted_is_nobodys(stack, owner, friend, cat):
    accepted(owner, cat, friend)
    waits = stack.user()
    offer = offered(owner, cat, waits)
    with watching(friend) as friends:
        assert owner.auth("DELETE", f"/v1/devices/{cat.id}").status_code == 204
        wait_until(lambda: removed(friends) == [cat.id], LOADED_S, "he is told at once")
    assert grants(friend, "received") == [] == grants(waits, "received") == grants(owner, "given")
    problem(act(waits, offer, "accept"), 404, "not_found")
    problem(friend.query(f"/v1/latest/{cat.id}"), 404, "not_found")
    wait_until(lambda: not stack.db.grants.count_documents({"$or": [
        {"device": cat.uuid}, {"owner": {"$exists": False}}]}), 10, "nothing is left of them")  # fmt: skip


def test_others_hear_nothing_of_it(stack, owner, friend, cat):
    """Neither who has an offer, nor who is a stranger; not even when they ask for the device by its id."""
    offered(owner, cat, friend)
    with watching(owner) as owners, friend.live() as friends, watching(stack.user()) as strangers:
        assert friends.subscribe([cat])["devices"] == []
        place(stack, cat)
        wait_until(lambda: owners.positions(cat), 10, "the owner is told")
        holds_for(lambda: not friends.positions() and not strangers.positions(), 0.2, "nobody else is")


# ---- what people, modules and owners are told ----


def test_a_mail_tells_of_an_offer(stack, owner, friend, cat):
    """A mail that would be one too many is left out, and the offer stands without it."""
    mails, other = MailServer().start(), f"other-{secrets.token_hex(6)}@example.org"
    try:
        telling = Replica(stack, AUTH_LIMIT_MAIL_ACCOUNT="1/1h", **mails.settings)
        grant = offered(owner, cat, friend, ask=telling)
        text = mails.wait(friend.email).text
        assert owner.email in text and "Cat" in text and "https://pets.example.org" in text
        assert grant["id"] not in text
        offered(owner, owner.add_device("Dog"), friend, ask=telling)
        assert states(friend, "received") == {"Cat": "pending", "Dog": "pending"}
        offered(owner, cat, other, ask=telling)
        mails.wait(other)
        assert len(mails.to(friend.email)) == 1
    finally:
        mails.stop()


def test_what_query_is_told(stack, owner, friend, cat):
    accepted(owner, cat, friend, "manage")
    offered(owner, owner.add_device("Dog"), friend)
    own = friend.add_device("Own")
    secret = stack.query.env["CLIENT_SECRET"]
    form = {"grant_type": "client_credentials"}
    token = requests.post(stack.auth.url("/v1/oauth/token"), data=form, auth=("query", secret), timeout=20).json()
    headers = {"Authorization": "Bearer " + token["access_token"]}
    user = stack.db.users.find_one({"email": friend.email})["_id"]
    told = requests.get(stack.auth.url(f"/internal/v1/users/{user}/devices"), headers=headers, timeout=20).json()
    assert told["devices"] == [
        {"id": own.id, "name": "Own", "pet_name": None, "rights": "owner"},
        {"id": cat.id, "name": "Cat", "pet_name": "Misty", "rights": "manage"},
    ]


def events(user, kind="grant."):
    """What of the audit log begins with `kind`, oldest first, without times: (event, the other's address, address?)."""
    found = user.auth("GET", "/v1/audit", params={"limit": 100}).json()["events"]
    return [(e["event"], e.get("who"), "address" in e) for e in reversed(found) if e["event"].startswith(kind)]


def test_the_audit_log(owner, friend, cat):
    """Each has the other's address, and of a request only where he himself was."""
    grant = offered(owner, cat, friend)
    act(friend, grant, "decline")
    grant = accepted(owner, cat, friend)
    offered(owner, cat, friend, "manage")
    end(owner, grant)
    end(friend, accepted(owner, cat, friend))
    end(owner, offered(owner, cat, friend))
    him, her = owner.email, friend.email
    assert events(owner) == [
        ("grant.offered", her, True), ("grant.declined", her, False),
        ("grant.offered", her, True), ("grant.accepted", her, False),
        ("grant.changed", her, True), ("grant.ended", her, True),
        ("grant.offered", her, True), ("grant.accepted", her, False), ("grant.left", her, False),
        ("grant.offered", her, True), ("grant.ended", her, True),
    ]  # fmt: skip
    assert events(friend) == [
        ("grant.declined", him, True), ("grant.accepted", him, True), ("grant.changed", him, False),
        ("grant.ended", him, False), ("grant.accepted", him, True), ("grant.left", him, True),
    ]  # fmt: skip


# ---- the command line ----


def test_by_the_command_line(stack, owner, friend, cat, tmp_path):
    def cli(user, *arguments, **more):
        env = {"HOME": str(tmp_path / user.email), "PETTRACK_EMAIL": user.email, "PETTRACK_PASSWORD": user.password}
        return stack.cli(*arguments, env=env, **more)

    for user in (owner, friend):
        (tmp_path / user.email).mkdir()
        cli(user, "login")
    said = cli(owner, "device", "share", "Cat", friend.email, "--manage").stdout
    assert said.startswith(f"Cat is shared with {friend.email}, to manage, once it is accepted by ")
    listed = cli(friend, "shares").stdout
    assert owner.email in listed and "pending" in listed
    (share_id,) = re.findall(r"^([0-9a-f-]{36}) ", listed, re.M)
    cli(friend, "shares", "accept", share_id)
    listed = cli(owner, "device", "shares", "Cat").stdout
    assert re.search(rf"{share_id} +{re.escape(friend.email)} +manage +accepted", listed)
    assert shared_with(friend).keys() == {"Cat"}
    cli(friend, "shares", "leave", share_id)
    assert "Nothing is shared with you." in cli(friend, "shares").stdout
    assert cli(friend, "shares", "accept", share_id, check=False).returncode == 1
