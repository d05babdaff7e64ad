"""Trackers that come before they are anybody's: listed, bounded, claimed by a code. And the rules of those that are."""

import base64
import concurrent.futures
import json
import secrets

import pytest
import requests
from support.answers import problem
from support.records import read_topic
from support.times import now_ms, parse_time
from support.waiting import wait_until

ALPHABET = set("23456789abcdefghjkmnpqrstuvwxyz")
GUESSES = 10
WRONG = "00000000"  # a code has no 0


class Service:
    """A module of Pettrack's as auth sees it."""

    def __init__(self, stack, client, secret, auth=None):
        self.auth = auth or stack.auth
        answer = requests.post(
            self.auth.url("/v1/oauth/token"),
            data={"grant_type": "client_credentials"},
            auth=(client, secret),
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": "Bearer " + answer.json()["access_token"]}

    def call(self, method, path, **more):
        return requests.request(method, self.auth.url(path), headers=self.headers, timeout=20, **more)


class Gateway(Service):
    def __init__(self, stack, auth=None):
        super().__init__(stack, "gateway", stack.gateway.env["CLIENT_SECRET"], auth)

    def post(self, contacts):
        return self.call("POST", "/internal/v1/devices/unknown", json={"contacts": contacts})

    def met(self, *identifiers, **more):
        answer = self.post([contact(i, **more) for i in identifiers])
        assert answer.status_code == 204, answer.text

    def look_up(self, identifier):
        """What the gateway is told of a device; None where there is none."""
        answer = self.call("POST", "/internal/v1/devices/lookup", json={"identifiers": [identifier]})
        assert answer.status_code == 200, answer.text
        return next(iter(answer.json()["devices"]), None)


class Operator(Service):
    def __init__(self, stack, auth=None):
        super().__init__(stack, "operator", stack.operator_secret, auth)

    def page(self, **params):
        return self.call("GET", "/internal/v1/devices/unknown", params=params)

    def listed(self):
        """By identifier, page after page."""
        found, cursor = {}, None
        while True:
            answer = self.page(limit=1000, **({"cursor": cursor} if cursor else {}))
            assert answer.status_code == 200, answer.text
            found |= {d["identifier"]: d for d in answer.json()["devices"]}
            cursor = answer.json()["next"]
            if cursor is None:
                return found

    def code(self, identifier):
        return self.listed()[identifier]["code"]


def contact(identifier, protocol="gt06", address="192.0.2.7", count=1):
    return {"identifier": identifier, "protocol": protocol, "address": address, "count": count}


def imei():
    return "35" + "".join(secrets.choice("0123456789") for _ in range(13))


def add(owner, auth=None, **body):
    url = (auth or owner.stack.auth).url("/v1/devices")
    return owner.call("POST", url, json={"name": "Collar", **body})


@pytest.fixture
def gateway(stack):
    return Gateway(stack)


@pytest.fixture
def operator(stack):
    return Operator(stack)


# ---- the list ----


def test_contacts_are_counted(gateway, operator):
    tracker, begin = imei(), now_ms()
    gateway.met(tracker, count=3)
    first = operator.listed()[tracker]
    assert {k: first[k] for k in ("protocol", "address", "contacts")} == {
        "protocol": "gt06", "address": "192.0.2.7", "contacts": 3}  # fmt: skip
    assert first["first_contact"] == first["last_contact"]
    assert begin <= parse_time(first["first_contact"]) <= now_ms()
    assert len(first["code"]) == 8 and set(first["code"]) <= ALPHABET

    gateway.met(tracker, protocol="h02", address="2001:db8::1", count=2)
    second = operator.listed()[tracker]
    assert (second["protocol"], second["address"], second["contacts"]) == ("h02", "2001:db8::1", 5)
    assert (second["first_contact"], second["code"]) == (first["first_contact"], first["code"])
    assert parse_time(second["last_contact"]) > parse_time(first["last_contact"])

    gateway.met(tracker, address=None)
    assert operator.listed()[tracker]["address"] == "2001:db8::1", "the last that is known"


def test_one_tracker_twice_in_a_message(gateway, operator):
    tracker = imei()
    gateway.post([contact(tracker, count=2), contact(tracker, protocol="h02", count=5)])
    assert operator.listed()[tracker]["contacts"] == 7


def test_two_gateways_that_meet_one_at_once(gateway, operator):
    trackers = [imei() for _ in range(50)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gateway.post([contact(t) for t in trackers]), range(8)))
    assert {a.status_code for a in answers} == {204}
    listed = operator.listed()
    assert all(listed[t]["contacts"] == 8 for t in trackers)


def test_devices_and_what_can_be_none_are_passed_over(stack, gateway, operator, owner):
    device, tracker, before = owner.add_device(), imei(), set(operator.listed())
    gateway.met(device.identifier, "not an identifier", "", "x" * 65, "ü", "$where", tracker)
    assert set(operator.listed()) - before == {tracker}


def test_pages(gateway, operator):
    trackers = sorted(f"page-{secrets.token_hex(4)}-{i}" for i in range(5))
    gateway.met(*trackers)
    wanted, seen, cursor = sorted(operator.listed()), [], None
    while True:
        answer = operator.page(limit=2, **({"cursor": cursor} if cursor else {}))
        assert answer.headers["Cache-Control"] == "no-store"
        page = answer.json()
        assert len(page["devices"]) == 2 or page["next"] is None
        seen += [d["identifier"] for d in page["devices"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == wanted and set(trackers) <= set(seen)
    problem(operator.page(limit=0), 400, "invalid_limit")
    problem(operator.page(cursor="no cursor"), 400, "invalid_cursor")


@pytest.mark.parametrize(
    "contacts",
    [None, {}, "x", [7], [contact("x")] * 1001, [contact(7)], [contact("x", protocol="GT06")],
     [contact("x", protocol="\x1b[2J")], [contact("x", address="192.0.2.0/24")], [contact("x", address="\x1b[2J")],
     [contact("x", count=0)], [contact("x", count="1")], [contact("good"), contact("x", count=-1)]],
)  # fmt: skip
def test_what_is_no_list_of_contacts(gateway, operator, contacts):
    problem(gateway.post(contacts), 422, "invalid_contacts")
    assert "good" not in operator.listed(), "all of it or nothing"


def test_who_may(stack, gateway, operator, owner):
    url = stack.auth.url("/internal/v1/devices/unknown")
    problem(gateway.call("GET", "/internal/v1/devices/unknown"), 403, "insufficient_scope")
    problem(operator.call("POST", "/internal/v1/devices/unknown", json={"contacts": []}), 403, "insufficient_scope")
    problem(operator.call("POST", "/internal/v1/devices/lookup", json={"identifiers": []}), 403, "insufficient_scope")
    problem(owner.call("GET", url), 403, "forbidden")
    problem(requests.get(url, timeout=20), 401, "unauthorized")
    problem(requests.post(url, json={"contacts": []}, timeout=20), 401, "unauthorized")


def test_the_list_is_bounded(stack):
    """Those that were heard of longest ago go, also of many that came at the same moment."""
    auth = stack.add_auth(AUTH_UNKNOWN_MAX="5")
    gateway, operator = Gateway(stack, auth), Operator(stack, auth)
    old, new = [imei() for _ in range(4)], [imei() for _ in range(3)]
    for tracker in old:
        gateway.met(tracker)
    assert set(operator.listed()) >= set(old)
    gateway.met(old[0])
    gateway.met(*new)
    assert set(operator.listed()) == {old[0], old[3], *new}
    gateway.met(*(imei() for _ in range(20)))
    assert len(operator.listed()) == 5


def test_who_comes_no_more_is_forgotten(stack, owner):
    auth = stack.add_auth(AUTH_UNKNOWN_TTL="1s")
    gateway, operator, tracker = Gateway(stack, auth), Operator(stack, auth), imei()
    gateway.met(tracker)
    stored = stack.db.unknown_devices.find_one({"_id": tracker})
    assert (stored["expires"] - stored["last"]).total_seconds() == 1
    assert stack.db.unknown_devices.index_information()["expires"]["expireAfterSeconds"] == 0
    wait_until(lambda: tracker not in operator.listed(), 20, "it is not listed any more")
    problem(add(owner, identifier=tracker, code=stored["code"]), 403, "wrong_code")


# ---- claiming ----


def test_the_right_code(gateway, operator, owner):
    tracker = imei()
    gateway.met(tracker)
    answer = add(owner, identifier=tracker, code=operator.code(tracker))
    assert answer.status_code == 201, answer.text
    assert tracker not in operator.listed()
    found = gateway.look_up(tracker)
    subject = owner.tokens["access_token"].split(".")[1]
    assert found["id"] == answer.json()["id"]
    assert found["owner"] == json.loads(base64.urlsafe_b64decode(subject + "=="))["sub"]
    gateway.met(tracker)  # heard of before the gateway knew
    assert tracker not in operator.listed()


def test_a_wrong_code(stack, gateway, operator, owner):
    """Whether the identifier is listed, nobody's, or somebody else's: the answer is the same."""
    tracker, wrong = imei(), stack.auth.metric("pettrack_auth_claims_total", result="wrong")
    gateway.met(tracker)
    right = operator.code(tracker)
    other = ("3" if right[0] != "3" else "4") + right[1:]
    answers = [
        problem(add(owner, identifier=tracker, code=code), 403, "wrong_code")
        for code in (other, right[:-1], right + "2", right.upper() + " ", "", "x" * 1000)
    ]
    answers.append(problem(add(owner, identifier=imei(), code=right), 403, "wrong_code"))
    taken = stack.user().add_device().identifier
    answers.append(problem(add(owner, identifier=taken, code=right), 403, "wrong_code"))
    assert all(answer == answers[0] for answer in answers)
    assert gateway.look_up(tracker) is None
    assert stack.auth.metric("pettrack_auth_claims_total", result="wrong") == wrong + len(answers)
    assert add(owner, identifier=tracker, code=right).status_code == 201


@pytest.mark.parametrize(
    "body", [{"code": "7kq2mzpw"}, {"identifier": "x", "code": 7}, {"identifier": "x", "code": []}]
)
def test_what_is_no_code(owner, body):
    problem(add(owner, **body), 422, "invalid_code")


def test_a_code_that_is_null_is_none(owner):
    assert add(owner, identifier=imei(), code=None).status_code == 201


def test_ten_guesses(gateway, operator, owner):
    tracker = imei()
    gateway.met(tracker)
    right = operator.code(tracker)
    for _ in range(GUESSES - 1):
        problem(add(owner, identifier=tracker, code=WRONG), 403, "wrong_code")
    assert operator.code(tracker) == right
    problem(add(owner, identifier=tracker, code=WRONG), 403, "wrong_code")
    following = operator.code(tracker)
    assert following != right
    problem(add(owner, identifier=tracker, code=right), 403, "wrong_code")
    assert add(owner, identifier=tracker, code=following).status_code == 201


def test_many_who_guess_at_once(gateway, operator, owner):
    """At most ten of them are compared with one code: the others meet the next one, or none."""
    tracker = imei()
    gateway.met(tracker)
    right, token = operator.code(tracker), owner.token
    url = owner.stack.auth.url("/v1/devices")
    body = {"name": "Collar", "identifier": tracker, "code": WRONG}

    def guess(_):
        return requests.post(url, json=body, headers={"Authorization": "Bearer " + token}, timeout=20).status_code

    with concurrent.futures.ThreadPoolExecutor(GUESSES) as pool:
        assert set(pool.map(guess, range(GUESSES))) == {403}
    assert operator.code(tracker) != right


def test_no_code_is_needed(gateway, operator, owner):
    """And the tracker is on the list no more, however it became a device."""
    tracker = imei()
    gateway.met(tracker)
    assert add(owner, identifier=tracker).status_code == 201
    assert tracker not in operator.listed()


def test_a_code_is_needed(stack, gateway, operator, owner):
    strict, tracker = stack.add_auth(AUTH_CLAIM_REQUIRED="true"), imei()
    gateway.met(tracker)
    required = problem(add(owner, strict, identifier=tracker), 403, "code_required")
    taken = owner.add_device().identifier
    for other in (imei(), taken):
        assert problem(add(owner, strict, identifier=other), 403, "code_required") == required
        problem(add(owner, strict, identifier=other, code=WRONG), 403, "wrong_code")
    problem(add(owner, strict, identifier=tracker, code=WRONG), 403, "wrong_code")
    assert tracker in operator.listed()
    assert add(owner, strict, identifier=tracker, code=operator.code(tracker)).status_code == 201
    assert add(owner, strict).status_code == 201, "an identifier that auth makes needs none"


# ---- rules ----

RULES = {
    "clock_offset_s": -7200,
    "protocols": ["gt06", "teltonika-udp"],
    "networks": ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"],
    "filters": {"invalid": True, "zero_island": False, "accuracy_max_m": 50, "speed_max_mps": 40.5, "period_min_s": 0},
}


def test_rules_are_told_to_the_gateway(gateway, owner):
    made = add(owner, rules=RULES)
    assert made.status_code == 201 and made.json()["rules"] == RULES
    path, identifier = f"/v1/devices/{made.json()['id']}", made.json()["identifier"]
    assert gateway.look_up(identifier)["rules"] == RULES
    assert owner.auth("GET", path).json()["rules"] == RULES
    assert next(d for d in owner.auth("GET", "/v1/devices").json()["devices"])["rules"] == RULES

    assert owner.auth("PATCH", path, json={"name": "Bell"}).json()["rules"] == RULES
    one = {"filters": {"invalid": False}}
    assert owner.auth("PATCH", path, json={"rules": {"networks": None, **one}}).json()["rules"] == one, "as a whole"
    assert gateway.look_up(identifier)["rules"] == one
    assert owner.auth("PATCH", path, json={"rules": None}).json()["rules"] is None
    assert "rules" not in gateway.look_up(identifier)


def test_a_change_of_rules_is_published(stack, owner):
    device = owner.add_device()

    def events():
        told = [json.loads(r.value) for r in read_topic(stack, "devices") if r.value]
        return [e["event"] for e in told if e["id"] == device.id]

    wait_until(lambda: events() == ["created"], 20, "it is told of")
    assert owner.auth("PATCH", f"/v1/devices/{device.id}", json={"rules": RULES}).status_code == 200
    wait_until(lambda: events() == ["created", "changed"], 20, "the gateways are told")


@pytest.mark.parametrize(
    ("rules", "member"),
    [([], "rules"), ({"protocol": ["gt06"]}, "rules"), ({"clock_offset_s": 86401}, "rules.clock_offset_s"),
     ({"networks": ["10.0.0.1/8"]}, "rules.networks"), ({"filters": {"invalid": 1}}, "rules.filters.invalid")],
)  # fmt: skip
def test_bad_rules_are_named(owner, rules, member):
    device = owner.add_device()
    for answer in (add(owner, rules=rules), owner.auth("PATCH", f"/v1/devices/{device.id}", json={"rules": rules})):
        detail = problem(answer, 422, "invalid_rules")["detail"]
        assert detail.startswith(f'"{member}" must ')
    assert owner.auth("GET", f"/v1/devices/{device.id}").json()["rules"] is None


# ---- the command line ----


def test_by_the_command_line(stack, gateway, operator, owner):
    tracker = imei()
    gateway.met(tracker, protocol="watch", count=4)
    env = {"AUTH_URL": stack.auth.inside_url, "CLIENT_SECRET": stack.operator_secret}
    rows = [line.split() for line in stack.cli("device", "unknown", env=env).stdout.splitlines()]
    (row,) = [row for row in rows if row[0] == tracker]
    assert row[1:3] + row[5:] == ["watch", "192.0.2.7", "4", operator.code(tracker)]
    assert json.loads(stack.cli("device", "unknown", "--json", env=env).stdout)[0]["identifier"] == tracker
    refused = stack.cli("device", "unknown", env={**env, "CLIENT_SECRET": "x" * 20}, check=False)
    assert refused.returncode == 1 and not refused.stdout

    stack.cli("login", env={"PETTRACK_EMAIL": owner.email, "PETTRACK_PASSWORD": owner.password})
    claim = ["device", "claim", "--identifier", tracker, "--name", "Bell", "--json", "--code"]
    for _ in range(GUESSES - 1):  # each counts once: the right one is still within ten
        wrong = stack.cli(*claim, WRONG, check=False)
        assert wrong.returncode == 1 and "not the code" in wrong.stderr
    made = json.loads(stack.cli(*claim, row[-1]).stdout)
    assert made["identifier"] == tracker and made["secret"]

    changed = stack.cli("device", "rules", tracker, "--clock-offset", "-2h", "--networks", "192.0.2.0/24", "--json")
    assert json.loads(changed.stdout) == {"clock_offset_s": -7200, "networks": ["192.0.2.0/24"]}
    stack.cli("device", "rules", "Bell", "--networks", "default", "--accuracy-max", "50")
    assert gateway.look_up(tracker)["rules"] == {"clock_offset_s": -7200, "filters": {"accuracy_max_m": 50}}
    bad = stack.cli("device", "rules", "Bell", "--networks", "192.0.2.1/24", check=False)
    assert bad.returncode == 1 and '"rules.networks" must be a list' in bad.stderr
    assert "clock offset        -7200 s" in stack.cli("device", "rules", "Bell").stdout
