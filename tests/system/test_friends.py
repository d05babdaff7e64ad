"""OwnTracks over HTTP: the answer has the owner's other pets, as cards and locations, and nobody else's."""

import pytest
import requests
from support.times import as_datetime, format_time, now_ms
from support.trackers import send_osmand
from support.waiting import wait_until

FRESH = 0.2  # s


@pytest.fixture(scope="module")
def stack_settings():
    return {"GATEWAY_PROTOCOLS": "osmand,owntracks", "GATEWAY_FRIENDS_TTL": f"{int(FRESH * 1000)}ms"}


def post(stack, phone, at_ms=None, secret=None):
    """A position of a phone as the app sends it; the response."""
    body = {"_type": "location", "lat": 51.5, "lon": -0.1, "tst": (at_ms or now_ms()) // 1000, "tid": "PH"}
    headers = {"X-Limit-U": "jane", "X-Limit-D": phone.identifier}
    auth = ("jane", secret or phone.secret)
    return requests.post(stack.gateway.url("/", "owntracks"), json=body, headers=headers, auth=auth, timeout=20)


def told(stack, phone):
    """What the answer to a position says: {name: location}. A card and its location have the same tid and topic."""
    answer = post(stack, phone)
    assert answer.status_code == 200
    cards = {m["tid"]: m for m in answer.json() if m["_type"] == "card"}
    locations = {m["tid"]: m for m in answer.json() if m["_type"] == "location"}
    assert cards.keys() == locations.keys() and 2 * len(cards) == len(answer.json())
    assert all(cards[tid]["topic"] == locations[tid]["topic"] for tid in cards)
    return {cards[tid]["name"]: locations[tid] for tid in cards}


def place(stack, device, lat, lon, **fields):
    """A position by another protocol, stored."""
    at = now_ms()
    assert send_osmand(stack, device, lat, lon, at, **fields).status_code == 200
    wait_until(lambda: (device.owner.latest(device) or {}).get("time") == format_time(at), 15, "it is stored")
    return at


def fetches(stack, result="answered"):
    return stack.gateway.metric("pettrack_gateway_friends_fetches_total", result=result)


def degraded(stack):
    return stack.gateway.ops("/readyz").json().get("degraded", {})


def test_the_other_pets_and_nobody_elses(stack, owner):
    phone = owner.add_device("Phone")
    cat = owner.add_device("Blue collar", pet={"name": 'Misty "the Cat"'})
    owner.add_device("In a drawer")
    neighbour = stack.user()
    dog = neighbour.add_device("Dog")
    place(stack, dog, 50.2, -5.2)
    at = place(stack, cat, 50.1703, -5.1138, speed=19.44, bearing=271.4, batt=82, accuracy=8)  # 10 m/s in knots
    place(stack, phone, 51.5, -0.1)

    friends = wait_until(lambda: told(stack, phone), 15, "the app is told")
    assert friends.keys() == {'Misty "the Cat"'}, "neither itself, nor what has no place, nor another owner's"
    location = friends['Misty "the Cat"']
    assert location["tid"] == "MI" and location["topic"].startswith("owntracks/")
    assert (location["lat"], location["lon"], location["tst"]) == (50.1703, -5.1138, at // 1000)
    assert (location["acc"], location["batt"], location["vel"], location["cog"]) == (8, 82, 36, 271)

    before = fetches(stack)
    assert told(stack, dog) == {}
    wait_until(lambda: fetches(stack) > before, 15, "query was asked about the neighbour")
    assert post(stack, dog).json() == [], "the neighbour has no other pets"


def test_where_they_are_now(stack, owner):
    """Who moves is where it is, who is renamed is called so, and who is gone is gone."""
    phone = owner.add_device("Phone")
    cat = owner.add_device("Cat")
    for lat in 50.1, 50.2:
        place(stack, cat, lat, -5.1)
        wait_until(lambda lat=lat: told(stack, phone).get("Cat", {}).get("lat") == lat, 15, "the app is told")
    assert owner.auth("PATCH", f"/v1/devices/{cat.id}", json={"name": "Tiger"}).status_code == 200
    wait_until(lambda: told(stack, phone).keys() == {"Tiger"}, 15, "it has another name")
    assert owner.auth("DELETE", f"/v1/devices/{cat.id}").status_code == 204
    wait_until(lambda: told(stack, phone) == {}, 15, "it is gone")


def test_what_is_shared_with_the_owner(stack, owner):
    """Once he has accepted it, and until it ends."""
    phone, neighbour = owner.add_device("Phone"), stack.user()
    dog = neighbour.add_device("Dog", pet={"name": "Rex"})
    place(stack, dog, 50.2, -5.2)
    body = {"email": owner.email, "rights": "view"}
    grant = f"/v1/grants/{neighbour.auth('POST', f'/v1/devices/{dog.id}/grants', json=body).json()['id']}"
    before = fetches(stack)
    wait_until(lambda: told(stack, phone) == {} and fetches(stack) > before, 15, "it is not yet his")
    assert owner.auth("POST", grant + "/accept").status_code == 204
    wait_until(lambda: told(stack, phone).keys() == {"Rex"}, 15, "the app is told")
    assert neighbour.auth("DELETE", grant).status_code == 204
    wait_until(lambda: told(stack, phone) == {}, 15, "it is gone")


def test_who_is_refused_is_told_nothing(stack, owner):
    phone = owner.add_device("Phone")
    cat = owner.add_device("Cat")
    place(stack, cat, 50.1, -5.1)
    wait_until(lambda: told(stack, phone), 15, "the app is told")
    answer = post(stack, phone, secret="another")
    assert answer.status_code == 401 and "Cat" not in answer.text


def test_query_is_away(stack, owner):
    """Positions are taken all the same; who was heard of is told for a while, and then it goes on by itself."""
    phone = owner.add_device("Phone")
    cat = owner.add_device("Cat")
    place(stack, cat, 50.1, -5.1)
    wait_until(lambda: told(stack, phone), 15, "the app is told")
    other = stack.user()
    stranger, pet = other.add_device("Phone"), other.add_device("Pet")
    place(stack, pet, 50.3, -5.3)

    assert stack.query.stop() == 0
    at = now_ms() // 1000 * 1000 + 60000
    assert post(stack, stranger, at).json() == []
    failed = fetches(stack, "failed")
    wait_until(lambda: told(stack, phone) and fetches(stack, "failed") > failed, 20, "it was asked, and did not answer")
    assert told(stack, phone).keys() == {"Cat"}, "as it was last heard"
    wait_until(lambda: "query" in degraded(stack), 10, "it is said")
    assert stack.gateway.is_ready()
    stored = stack.db["positions"].find_one
    wait_until(lambda: stored({"_id.d": stranger.uuid, "_id.t": as_datetime(at)}), 15, "it is stored")

    stack.query.start()
    wait_until(lambda: told(stack, stranger).keys() == {"Pet"}, 20, "query is back")
    wait_until(lambda: not degraded(stack), 20, "and it is said")


def test_without_the_scope(stack, owner):
    """An installation from before: auth gives the gateway no right to ask."""
    clients = stack.auth.env["AUTH_CLIENTS"]
    stack.auth.restart(AUTH_CLIENTS=clients.replace(" latest.read", ""))
    stack.gateway.restart()
    try:
        phone = owner.add_device("Phone")
        place(stack, owner.add_device("Cat"), 50.1, -5.1)
        wait_until(lambda: told(stack, phone) == {} and fetches(stack, "failed") > 0, 20, "it is refused")
        wait_until(lambda: "latest.read" in degraded(stack).get("query", ""), 10, "it is said what is missing")
    finally:
        stack.auth.restart(AUTH_CLIENTS=clients)
        stack.gateway.restart()
