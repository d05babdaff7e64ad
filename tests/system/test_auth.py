"""Auth by itself: accounts, sessions, keys, devices, events; one process, three, and replicas.

Tokens are verified by an ES256 of this file's own; what is stored is looked at by pymongo, events by kafka-python.
"""

import base64
import concurrent.futures
import hashlib
import json
import secrets
import time
import uuid

import bson
import bson.binary
import bson.datetime_ms
import bson.raw_bson
import pyotp
import pytest
import requests
from bson.codec_options import CodecOptions
from kafka import KafkaAdminClient
from support.answers import problem
from support.people import User
from support.programs import auth_program
from support.records import read_topic
from support.times import as_datetime, now_ms
from support.waiting import wait_until

GATEWAY, QUERY = ("gateway", secrets.token_urlsafe(24)), ("query", secrets.token_urlsafe(24))
PASSWORD = "a cat on a hot tin roof"


class AuthStack:
    """Processes of auth over one database and one set of topics."""

    def __init__(self, kafka, mongo, folder):
        self.kafka, self.mongo, self.folder = kafka, mongo, folder
        self.name = "a" + secrets.token_hex(4)
        self.env = {
            "KAFKA_BROKERS": kafka.brokers,
            "KAFKA_TOPIC_PREFIX": self.name + ".",
            "KAFKA_PARTITIONS": "3",
            "MONGODB_URI": mongo.uri(self.name),
            "AUTH_MASTER_SECRET": secrets.token_urlsafe(32),
            "AUTH_CLIENTS": f"{GATEWAY[0]}:{GATEWAY[1]}:devices.lookup,{QUERY[0]}:{QUERY[1]}:access.read",
            "LOG_FORMAT": "json",
        }
        self.programs = []

    def process(self, without=(), **env):
        """One more, not started. The first is .auth."""
        wanted = {k: v for k, v in {**self.env, **env}.items() if k not in without}
        self.programs.append(auth_program(self.folder, wanted, f"auth{len(self.programs)}"))
        return self.programs[-1]

    @property
    def auth(self):
        return self.programs[0]

    def topic(self, name):
        return f"{self.name}.{name}"

    @property
    def db(self):
        options = CodecOptions(uuid_representation=bson.binary.UuidRepresentation.STANDARD, tz_aware=True)
        return self.mongo.client.get_database(self.name, codec_options=options)

    def user(self):
        user = User(self)
        user.register()
        user.login()
        return user

    def service(self, client, program=None):
        """Headers with a token of this service."""
        answer = ask_token(program or self.auth, auth=client, grant_type="client_credentials")
        assert answer.status_code == 200, answer.text
        return {"Authorization": "Bearer " + answer.json()["access_token"]}

    def remove(self):
        for program in self.programs:
            program.terminate()
        for program in self.programs:
            program.end()
        self.mongo.client.drop_database(self.name)


@pytest.fixture
def make(kafka, mongo, tmp_path):
    """A stack without a process yet; gone after the test."""
    made = AuthStack(kafka, mongo, tmp_path)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def stack(kafka, mongo, tmp_path_factory):
    made = AuthStack(kafka, mongo, tmp_path_factory.mktemp("auth"))
    made.process().start()
    yield made
    made.remove()


def post(program, path, body=None, **more):
    return requests.post(program.url(path), json=body, timeout=20, **more)


def login(program, email, password):
    return post(program, "/v1/sessions", {"email": email, "password": password})


def refresh(program, token):
    return post(program, "/v1/sessions/refresh", {"refresh_token": token})


def ask_token(program, auth=None, **form):
    return requests.post(program.url("/v1/oauth/token"), data=form, auth=auth, timeout=20)


def bearer(token):
    return {"Authorization": "Bearer " + token}


def at_once(n, call):
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return [f.result() for f in [pool.submit(call) for _ in range(n)]]


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ---- ES256, independent of the program ----

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        point = add(point, point)
        k >>= 1
    return total


def verify(token, jwks):
    """The header and claims of a token that was signed by one of these keys."""
    head, body, signature = token.split(".")
    header = json.loads(unbase64(head))
    key = next(k for k in jwks["keys"] if k["kid"] == header["kid"])
    point = tuple(int.from_bytes(unbase64(key[c]), "big") for c in "xy")
    r, s = (int.from_bytes(unbase64(signature)[i : i + 32], "big") for i in (0, 32))
    assert 0 < r < N and 0 < s < N
    digest = int.from_bytes(hashlib.sha256(f"{head}.{body}".encode()).digest(), "big")
    w = pow(s, -1, N)
    found = add(times(digest * w % N, G), times(r * w % N, point))
    assert found is not None and found[0] % N == r, "the signature is good"
    return header, json.loads(unbase64(body))


def jwks(program):
    answer = requests.get(program.url("/.well-known/jwks.json"), timeout=10)
    assert answer.status_code == 200, answer.text
    assert "max-age=300" in answer.headers["Cache-Control"]
    return answer.json()


# ---- registration ----


def test_registered_can_log_in_in_any_case(stack):
    email = f"New.Owner-{secrets.token_hex(4)}@Example.org"
    answer = post(stack.auth, "/v1/users", {"email": email, "password": PASSWORD, "name": "Morwenna"})
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert login(stack.auth, email.lower(), PASSWORD).status_code == 200
    assert login(stack.auth, email.upper(), PASSWORD).status_code == 200


def test_known_address_is_answered_alike_and_stays_as_it_is(stack):
    email = f"known-{secrets.token_hex(4)}@example.org"
    hashes = lambda: stack.auth.metric("pettrack_auth_hash_seconds_count")  # noqa: E731
    answers, cost = [], []
    for password in (PASSWORD, "another password of mine"):
        before = hashes()
        answers.append(post(stack.auth, "/v1/users", {"email": email, "password": password}))
        cost.append(hashes() - before)
    first, second = answers
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert {k for k in first.headers} == {k for k in second.headers}
    assert cost == [1, 1], "as much is hashed for a known address"
    assert login(stack.auth, email, PASSWORD).status_code == 200
    problem(login(stack.auth, email, "another password of mine"), 401, "invalid_credentials")
    assert stack.db.users.count_documents({"email": email}) == 1


def test_one_address_at_once_is_one_user(stack):
    email = f"race-{secrets.token_hex(4)}@example.org"
    wish = {"email": email, "password": PASSWORD}
    assert [a.status_code for a in at_once(8, lambda: post(stack.auth, "/v1/users", wish))] == [202] * 8
    assert stack.db.users.count_documents({"email": email}) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "no address"}, "invalid_email"),
        ({"email": None}, "invalid_email"),
        ({"email": ["a@example.org"]}, "invalid_email"),
        ({"email": "a@example.org\u0000"}, None),
        ({"email": "x" * 300 + "@example.org"}, "invalid_email"),
        ({"password": "elevenchars"}, "password_too_short"),
        ({"password": None}, "password_too_short"),
        ({"password": "x" * 129}, "password_too_long"),
        ({"name": ""}, "invalid_name"),
        ({"name": 7}, "invalid_name"),
        ({"name": "x" * 101}, "invalid_name"),
    ],
)
def test_malformed_registration_is_refused(stack, change, code):
    answer = post(stack.auth, "/v1/users", {"email": "a@example.org", "password": PASSWORD, **change})
    if code is None:
        assert 400 <= answer.status_code < 500
    else:
        problem(answer, 422, code)


def test_bodies_are_bounded_json(stack):
    url = stack.auth.url("/v1/users")
    problem(requests.post(url, data="{", headers={"Content-Type": "application/json"}, timeout=10), 400, "invalid_json")
    problem(requests.post(url, json=[1], timeout=10), 400, "invalid_json")
    assert requests.post(url, data={"email": "a@example.org"}, timeout=10).status_code == 415
    assert requests.post(url, json={"email": "x" * 300_000}, timeout=10).status_code == 413


# ---- log in ----


def test_who_is_known_is_not_told(stack):
    user = stack.user()
    hashes = lambda: stack.auth.metric("pettrack_auth_hash_seconds_count")  # noqa: E731
    answers, cost = [], []
    for email in (user.email, f"nobody-{secrets.token_hex(4)}@example.org"):
        before = hashes()
        answers.append(login(stack.auth, email, "a wrong password 123"))
        cost.append(hashes() - before)
    known, unknown = answers
    problem(known, 401, "invalid_credentials")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert cost == [1, 1], "as much is hashed for an unknown address"


@pytest.mark.parametrize("body", [{}, {"email": "a@example.org"}, {"password": PASSWORD}, {"email": 1, "password": 2}])
def test_half_a_log_in_is_invalid(stack, body):
    problem(post(stack.auth, "/v1/sessions", body), 401, "invalid_credentials")


def test_too_many_log_ins_at_once_are_told_so(make):
    auth = make.process(AUTH_HASH_THREADS="1", AUTH_HASH_QUEUE="1").start()
    user = make.user()
    answers = at_once(16, lambda: login(auth, user.email, user.password))
    busy = [a for a in answers if a.status_code == 503]
    assert busy and len(busy) < 16
    for answer in busy:
        problem(answer, 503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1
    assert all(a.status_code == 200 for a in answers if a not in busy)
    assert auth.metric("pettrack_auth_logins_total", result="busy") == len(busy)


def log_in_meanwhile(make, change):
    """Has log-ins read the user and wait for their hash, while `change` is called with another replica and the user."""
    settings = {"AUTH_HASH_QUEUE": "64", "AUTH_SESSIONS_PER_USER": "64", "AUTH_LIMIT_LOGIN_ACCOUNT": "0"}
    auth, other = (make.process(AUTH_HASH_THREADS="1", **settings).start() for _ in range(2))
    user = make.user()
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        waiting = [pool.submit(login, auth, user.email, user.password) for _ in range(48)]
        concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
        change(other, user)
        return [f.result() for f in waiting]


def test_no_session_that_begins_meanwhile_outlives_a_change_of_password(make):
    def change(auth, user):
        body = {"current_password": user.password, "password": PASSWORD}
        answer = post(auth, "/v1/account/password", body, headers=bearer(user.token))
        assert answer.status_code == 204, answer.text

    answers = log_in_meanwhile(make, change)
    standing = make.db.sessions.count_documents({"revoked": {"$exists": False}})
    assert standing == 1, "the one that changed the password"
    late = [a for a in answers if a.status_code != 200]
    assert late, "some were on their way"
    for answer in late:
        problem(answer, 401, "invalid_credentials")


def test_no_session_begins_without_a_second_factor_that_is_turned_on_meanwhile(make):
    def change(auth, user):
        headers = bearer(user.token)
        shown = post(auth, "/v1/account/totp", {"current_password": user.password}, headers=headers).json()
        body = {"code": pyotp.parse_uri(shown["uri"]).now()}
        answer = post(auth, "/v1/account/totp/confirm", body, headers=headers)
        assert answer.status_code == 200, answer.text

    answers = log_in_meanwhile(make, change)
    codes = [a.json()["code"] for a in answers if a.status_code != 200]
    assert "invalid_credentials" in codes, "some were on their way"


def test_the_oldest_session_makes_room(make):
    auth = make.process(AUTH_SESSIONS_PER_USER="2").start()
    user = make.user()
    tokens = [user.tokens] + [login(auth, user.email, user.password).json() for _ in range(2)]
    problem(refresh(auth, tokens[0]["refresh_token"]), 401, "invalid_token")
    assert refresh(auth, tokens[1]["refresh_token"]).status_code == 200
    assert refresh(auth, tokens[2]["refresh_token"]).status_code == 200


# ---- tokens and keys ----


def test_access_token(stack):
    user = stack.user()
    assert user.tokens["token_type"] == "Bearer"
    assert user.tokens["expires_in"] == 900
    assert user.tokens["refresh_expires_in"] == 30 * 86400
    header, claims = verify(user.tokens["access_token"], jwks(stack.auth))
    assert header["alg"] == "ES256" and header["typ"] == "at+jwt"
    assert claims["iss"] == "pettrack" and claims["aud"] == "pettrack"
    assert stack.db.users.find_one({"email": user.email})["_id"] == uuid.UUID(claims["sub"])
    assert stack.db.sessions.find_one({"_id": uuid.UUID(claims["sid"])})["user"] == uuid.UUID(claims["sub"])
    assert claims["exp"] == claims["iat"] + 900
    assert abs(claims["iat"] - time.time()) < 10
    assert "client_id" not in claims


def test_jwks_has_the_current_and_the_next_key(stack):
    keys = jwks(stack.auth)["keys"]
    assert len(keys) == 2
    for key in keys:
        assert {k: key[k] for k in ("kty", "crv", "alg", "use")} == {
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
        }  # fmt: skip
        assert "d" not in key


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.e30", "x" * 5000])
def test_no_token_no_entry(stack, token):
    answer = requests.get(stack.auth.url("/v1/devices"), headers=bearer(token), timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_another_installations_token_is_refused(stack, make):
    make.process().start()
    stranger = make.user()
    answer = requests.get(stack.auth.url("/v1/devices"), headers=bearer(stranger.token), timeout=10)
    problem(answer, 401, "invalid_token")


def test_replicas_that_start_together_end_with_the_same_keys(make):
    replicas = [make.process() for _ in range(4)]
    for replica in replicas:
        replica.start(ready=False)
    for replica in replicas:
        replica.wait_ready()
    sets = [jwks(r) for r in replicas]
    assert all(s == sets[0] for s in sets)
    assert make.db.signing_keys.count_documents({}) == 2
    user = make.user()
    for replica in replicas:
        assert requests.get(replica.url("/v1/devices"), headers=bearer(user.token), timeout=10).status_code == 200


def test_keys_change_and_old_tokens_stay_good(make):
    """With a key age of 10 s: the next key takes over, another waits, and nobody is logged out."""
    one, two = (make.process(AUTH_KEY_AGE="10s").start() for _ in range(2))
    user = make.user()
    old, before = user.token, jwks(one)
    first = verify(old, before)[0]["kid"]
    following = next(k["kid"] for k in before["keys"] if k["kid"] != first)

    session = login(one, user.email, user.password).json()

    def signed_by_another_key():  # of one session: the oldest of too many would end, and its tokens with it
        session.update(refresh(one, session["refresh_token"]).json())
        token = session["access_token"]
        return token if json.loads(unbase64(token.split(".")[0]))["kid"] != first else None

    new = wait_until(signed_by_another_key, 80, "the next key signs")
    assert verify(new, before)[0]["kid"] == following, "whoever had the key set before the change can verify"
    for replica in (one, two):
        for token in (old, new):
            assert requests.get(replica.url("/v1/devices"), headers=bearer(token), timeout=10).status_code == 200
    after = jwks(one)
    assert first in {k["kid"] for k in after["keys"]}, "kept until its tokens have ended"
    assert len(after["keys"]) >= 3


def test_another_master_secret_stops_the_program_loudly(make):
    make.process().start()
    other = make.process(AUTH_ROLES="authentication", AUTH_MASTER_SECRET=secrets.token_urlsafe(32))
    other.spawn([other.path], env=other.env)
    assert other.process.wait(30) == 1
    assert "AUTH_MASTER_SECRET" in other.log.read_text()
    assert jwks(make.auth)["keys"], "the one with the right secret is not disturbed"


def test_nothing_secret_is_stored(stack):
    user = stack.user()
    device = user.add_device("Blue collar", pet={"name": "Misty"})
    raw = stack.db.with_options(codec_options=CodecOptions(document_class=bson.raw_bson.RawBSONDocument))
    everything = b"".join(
        document.raw for name in ("users", "sessions", "signing_keys", "devices") for document in raw[name].find()
    )
    assert user.email.encode() in everything and device.uuid.bytes in everything, "this is how it would be found"
    for secret in (
        user.password, user.tokens["refresh_token"], user.tokens["access_token"], device.secret, "PRIVATE KEY",
        stack.env["AUTH_MASTER_SECRET"],
    ):  # fmt: skip
        assert secret.encode() not in everything
    assert unbase64(user.tokens["refresh_token"])[16:48] not in everything, "the random part of it"
    stored = stack.db.users.find_one({"email": user.email})["password"]
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stack.db.devices.find_one({"_id": device.uuid})["secret"] == hashlib.sha256(device.secret.encode()).digest()


# ---- refresh ----


def test_refresh_gives_the_next_pair(stack):
    user = stack.user()
    first = user.tokens
    answer = refresh(stack.auth, first["refresh_token"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    second = answer.json()
    assert set(second) == set(first)
    assert second["refresh_token"] != first["refresh_token"]
    keys = jwks(stack.auth)
    assert verify(second["access_token"], keys)[1]["sid"] == verify(first["access_token"], keys)[1]["sid"]
    third = refresh(stack.auth, second["refresh_token"])
    assert third.status_code == 200


def test_the_same_token_twice_within_the_grace(stack):
    """Two tabs, or an answer that was lost: both go on, with one and the same successor."""
    user = stack.user()
    answers = at_once(8, lambda: refresh(stack.auth, user.tokens["refresh_token"]))
    assert [a.status_code for a in answers] == [200] * 8
    successors = {a.json()["refresh_token"] for a in answers}
    assert len(successors) == 1
    late = refresh(stack.auth, user.tokens["refresh_token"])
    assert late.json()["refresh_token"] in successors
    assert refresh(stack.auth, successors.pop()).status_code == 200


def test_the_grace_holds_across_replicas(make):
    one, two = make.process().start(), make.process().start()
    user = make.user()
    first = refresh(one, user.tokens["refresh_token"]).json()
    second = refresh(two, user.tokens["refresh_token"]).json()
    assert first["refresh_token"] == second["refresh_token"]


def session_of(stack, tokens):
    return uuid.UUID(json.loads(unbase64(tokens["access_token"].split(".")[1]))["sid"])


def revocations(stack, session):
    return [
        (r.key, json.loads(r.value))
        for r in read_topic(stack, "access")
        if json.loads(r.value).get("session") == str(session)
    ]


def expect_family_ended(stack, user, tokens):
    problem(refresh(stack.auth, tokens["refresh_token"]), 401, "invalid_token")
    answer = requests.get(stack.auth.url("/v1/devices"), headers=bearer(tokens["access_token"]), timeout=10)
    problem(answer, 401, "invalid_token")
    session = session_of(stack, tokens)
    key, event = wait_until(lambda: revocations(stack, session), 15, "others hear of it")[0]
    owner = stack.db.users.find_one({"email": user.email})["_id"]
    assert key == owner.bytes
    assert event == {"event": "session_revoked", "user": str(owner), "session": str(session)}
    wait_until(lambda: stack.db.sessions.find_one({"_id": session}) is None, 10, "nothing of it stays")


def test_reuse_after_the_grace_ends_the_session(stack):
    user = stack.user()
    stolen = user.tokens["refresh_token"]
    second = refresh(stack.auth, stolen).json()
    past = stack.db.sessions.find_one({"_id": session_of(stack, second)})["rotated"].timestamp() - 31
    stack.db.sessions.update_one(
        {"_id": session_of(stack, second)},
        {"$set": {"rotated": bson.datetime_ms.DatetimeMS(int(past * 1000))}},
    )
    problem(refresh(stack.auth, stolen), 401, "invalid_token")
    expect_family_ended(stack, user, second)


def test_reuse_of_an_older_token_ends_the_session(stack):
    user = stack.user()
    second = refresh(stack.auth, user.tokens["refresh_token"]).json()
    third = refresh(stack.auth, second["refresh_token"]).json()
    problem(refresh(stack.auth, user.tokens["refresh_token"]), 401, "invalid_token")
    expect_family_ended(stack, user, third)


def test_a_made_up_token_ends_nothing(stack):
    """Whoever knows a session's id, which every access token shows, cannot end it."""
    user = stack.user()
    session = session_of(stack, user.tokens)
    real = unbase64(user.tokens["refresh_token"])
    for made_up in (session.bytes + secrets.token_bytes(48), real[:-1] + bytes([real[-1] ^ 1]), real[:48], b"x"):
        token = base64.urlsafe_b64encode(made_up).decode().rstrip("=")
        problem(refresh(stack.auth, token), 401, "invalid_token")
    assert refresh(stack.auth, user.tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": 7}])
def test_refresh_without_a_token(stack, body):
    problem(post(stack.auth, "/v1/sessions/refresh", body), 400, "missing_token")


def test_an_old_refresh_token_has_ended(stack):
    user = stack.user()
    stack.db.sessions.update_one(
        {"_id": session_of(stack, user.tokens)}, {"$set": {"expires": bson.datetime_ms.DatetimeMS(0)}}
    )
    problem(refresh(stack.auth, user.tokens["refresh_token"]), 401, "invalid_token")
    assert user.auth("GET", "/v1/devices").status_code == 401


def test_ended_sessions_are_cleared_by_an_index(stack):
    assert stack.db.sessions.index_information()["expires"]["expireAfterSeconds"] == 0


# ---- log out ----


def test_log_out_ends_the_session_everywhere_at_once(make):
    one, two = make.process().start(), make.process().start()
    user = make.user()
    tokens = user.tokens
    assert requests.get(two.url("/v1/devices"), headers=bearer(tokens["access_token"]), timeout=10).status_code == 200
    answer = requests.delete(one.url("/v1/sessions/current"), headers=bearer(tokens["access_token"]), timeout=10)
    assert answer.status_code == 204
    answer = requests.get(two.url("/v1/devices"), headers=bearer(tokens["access_token"]), timeout=10)
    problem(answer, 401, "invalid_token")
    expect_family_ended(make, user, tokens)


def test_log_out_leaves_other_sessions(stack):
    user = stack.user()
    other = login(stack.auth, user.email, user.password).json()
    assert user.auth("DELETE", "/v1/sessions/current").status_code == 204
    assert refresh(stack.auth, other["refresh_token"]).status_code == 200


# ---- devices ----

PET = {
    "name": "Misty", "species": "cat", "breed": "Maine Coon", "sex": "female", "birth": "2021-04-01", "weight_kg": 4.2,
}  # fmt: skip


def test_a_devices_life(stack):
    owner = stack.user()
    made = owner.auth("POST", "/v1/devices", json={"name": "Blue collar", "pet": PET})
    assert made.status_code == 201
    device = made.json()
    assert made.headers["Location"] == f"/v1/devices/{device['id']}"
    assert len(unbase64(device.pop("secret"))) == 24
    assert device["name"] == "Blue collar" and device["pet"] == PET
    assert device["identifier"] and device["created"].endswith("Z")

    path = f"/v1/devices/{device['id']}"
    assert owner.auth("GET", path).json() == device
    assert owner.auth("GET", "/v1/devices").json() == {"devices": [device], "next": None}

    changed = owner.auth("PATCH", path, json={"name": "Red collar"})
    assert changed.status_code == 200 and changed.json() == {**device, "name": "Red collar"}
    changed = owner.auth("PATCH", path, json={"pet": {"name": "Mist", "weight_kg": 5}})
    assert changed.json()["pet"] == {"name": "Mist", "weight_kg": 5}
    changed = owner.auth("PATCH", path, json={"pet": None})
    assert changed.json()["pet"] is None and changed.json()["name"] == "Red collar"

    secret = owner.auth("POST", path + "/secret")
    assert secret.status_code == 200 and len(unbase64(secret.json()["secret"])) == 24

    assert owner.auth("DELETE", path).status_code == 204
    for method in ("GET", "DELETE"):
        problem(owner.auth(method, path), 404, "not_found")
    problem(owner.auth("PATCH", path, json={"name": "x"}), 404, "not_found")
    problem(owner.auth("POST", path + "/secret"), 404, "not_found")
    assert owner.auth("GET", "/v1/devices").json() == {"devices": [], "next": None}


def test_somebody_elses_device_is_like_none(stack):
    owner, stranger = stack.user(), stack.user()
    device = owner.add_device()
    none = str(uuid.uuid4())
    for method, more in [("GET", {}), ("PATCH", {"json": {"name": "x"}}), ("DELETE", {})]:
        theirs = stranger.auth(method, f"/v1/devices/{device.id}", **more)
        nobodys = stranger.auth(method, f"/v1/devices/{none}", **more)
        problem(theirs, 404, "not_found")
        assert theirs.content == nobodys.content
    assert stranger.auth("POST", f"/v1/devices/{device.id}/secret").status_code == 404
    assert stranger.auth("GET", "/v1/devices").json()["devices"] == []
    assert owner.auth("GET", f"/v1/devices/{device.id}").status_code == 200
    problem(owner.auth("GET", "/v1/devices/not-an-id"), 404, "not_found")


def test_an_identifier_is_one_devices(stack):
    owner, other = stack.user(), stack.user()
    imei = "35" + "".join(secrets.choice("0123456789") for _ in range(13))
    answers = at_once(8, lambda: owner.auth("POST", "/v1/devices", json={"name": "c", "identifier": imei}))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7
    problem(other.auth("POST", "/v1/devices", json={"name": "c", "identifier": imei}), 409, "identifier_taken")
    device = next(a.json() for a in answers if a.status_code == 201)
    assert owner.auth("DELETE", f"/v1/devices/{device['id']}").status_code == 204
    again = other.auth("POST", "/v1/devices", json={"name": "c", "identifier": imei})
    assert again.status_code == 201, "free at once after the device is gone"
    assert again.json()["id"] != device["id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": None}, "invalid_name"),
        ({"name": ""}, "invalid_name"),
        ({"name": "x" * 101}, "invalid_name"),
        ({"name": "a\nb"}, "invalid_name"),
        ({"identifier": ""}, "invalid_identifier"),
        ({"identifier": "a b"}, "invalid_identifier"),
        ({"identifier": "a:b"}, "invalid_identifier"),
        ({"identifier": "x" * 65}, "invalid_identifier"),
        ({"identifier": 356307042441013}, "invalid_identifier"),
        ({"pet": []}, "invalid_pet"),
        ({"pet": {"sex": "tom"}}, "invalid_pet"),
        ({"pet": {"birth": "2021-02-30"}}, "invalid_pet"),
        ({"pet": {"birth": "2999-01-01"}}, "invalid_pet"),
        ({"pet": {"weight_kg": 0}}, "invalid_pet"),
        ({"pet": {"weight_kg": "4"}}, "invalid_pet"),
    ],
)
def test_malformed_device_is_refused(stack, owner_of_nothing, change, code):
    problem(owner_of_nothing.auth("POST", "/v1/devices", json={"name": "c", **change}), 422, code)
    assert owner_of_nothing.auth("GET", "/v1/devices").json()["devices"] == []


@pytest.fixture(scope="module")
def owner_of_nothing(stack):
    return stack.user()


def test_change_of_nothing_is_refused(stack):
    owner = stack.user()
    device = owner.add_device()
    problem(owner.auth("PATCH", f"/v1/devices/{device.id}", json={}), 422, "nothing_to_change")
    problem(owner.auth("PATCH", f"/v1/devices/{device.id}", json={"name": None}), 422, "invalid_name")
    problem(owner.auth("PATCH", f"/v1/devices/{device.id}", json={"pet": {"sex": 1}}), 422, "invalid_pet")


def test_pages_of_devices(stack):
    owner = stack.user()
    made = [owner.add_device(f"Collar {i}").id for i in range(7)]
    found, cursor, sizes = [], None, []
    while True:
        page = owner.auth("GET", "/v1/devices", params={"limit": 3, "cursor": cursor}).json()
        found += [d["id"] for d in page["devices"]]
        sizes.append(len(page["devices"]))
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(found) == sorted(made) and sizes == [3, 3, 1]
    assert [d["id"] for d in owner.auth("GET", "/v1/devices").json()["devices"]] == found
    for limit in ("0", "1001", "x", "-1"):
        problem(owner.auth("GET", "/v1/devices", params={"limit": limit}), 400, "invalid_limit")
    problem(owner.auth("GET", "/v1/devices", params={"cursor": "xyz"}), 400, "invalid_cursor")


def test_one_user_has_a_bounded_number(make):
    make.process(AUTH_DEVICES_PER_USER="2").start()
    owner = make.user()
    first, _ = owner.add_device(), owner.add_device()
    problem(owner.auth("POST", "/v1/devices", json={"name": "c"}), 409, "too_many_devices")
    assert owner.auth("DELETE", f"/v1/devices/{first.id}").status_code == 204
    owner.add_device()


# ---- services ----


def test_service_token(stack):
    for answer in (
        ask_token(stack.auth, auth=GATEWAY, grant_type="client_credentials"),
        ask_token(stack.auth, grant_type="client_credentials", client_id=GATEWAY[0], client_secret=GATEWAY[1]),
        ask_token(stack.auth, auth=GATEWAY, grant_type="client_credentials", scope="devices.lookup"),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 900, "devices.lookup")
        _, claims = verify(body["access_token"], jwks(stack.auth))
        assert claims["client_id"] == claims["sub"] == "gateway"
        assert claims["scope"] == "devices.lookup"


@pytest.mark.parametrize(
    ("auth", "form", "status", "error"),
    [
        (None, {"grant_type": "client_credentials"}, 401, "invalid_client"),
        (("gateway", "wrong"), {"grant_type": "client_credentials"}, 401, "invalid_client"),
        (("nobody", GATEWAY[1]), {"grant_type": "client_credentials"}, 401, "invalid_client"),
        (("query", GATEWAY[1]), {"grant_type": "client_credentials"}, 401, "invalid_client"),
        (GATEWAY, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (GATEWAY, {"scope": "devices.lookup"}, 400, "invalid_request"),
        (GATEWAY, {"grant_type": "client_credentials", "client_secret": GATEWAY[1]}, 400, "invalid_request"),
        (GATEWAY, {"grant_type": "client_credentials", "scope": "access.read"}, 400, "invalid_scope"),
    ],
)
def test_service_token_refused(stack, auth, form, status, error):
    answer = ask_token(stack.auth, auth=auth, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert status != 401 or answer.headers["WWW-Authenticate"].startswith("Basic")


def test_look_up_by_identifier(stack):
    owner = stack.user()
    device = owner.add_device()
    gateway = stack.service(GATEWAY)

    def look_up(identifiers, headers=gateway):
        return post(stack.auth, "/internal/v1/devices/lookup", {"identifiers": identifiers}, headers=headers)

    answer = look_up([device.identifier, "nobodys", "not: an identifier", "", "x" * 100])
    user = stack.db.users.find_one({"email": owner.email})["_id"]
    assert answer.json() == {
        "devices": [
            {
                "identifier": device.identifier,
                "id": device.id,
                "owner": str(user),
                "secret_sha256": hashlib.sha256(device.secret.encode()).hexdigest(),
            }
        ]
    }
    secret = owner.auth("POST", f"/v1/devices/{device.id}/secret").json()["secret"]
    found = look_up([device.identifier]).json()["devices"][0]
    assert found["secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert look_up([]).json() == {"devices": []}
    assert look_up([f"{i:064}" for i in range(1000)]).json() == {"devices": []}
    for bad in (["x"] * 1001, [1], "x", None):
        problem(look_up(bad), 422, "invalid_identifiers")
    owner.auth("DELETE", f"/v1/devices/{device.id}")
    assert look_up([device.identifier]).json() == {"devices": []}

    assert look_up(["x"], {}).status_code == 401
    assert look_up(["x"], bearer(owner.token)).status_code == 403
    problem(look_up(["x"], stack.service(QUERY)), 403, "insufficient_scope")


def test_what_a_user_may_see(stack):
    owner = stack.user()
    one, two = owner.add_device("Blue", pet={"name": "Misty"}), owner.add_device("Red")
    user = stack.db.users.find_one({"email": owner.email})["_id"]
    query = stack.service(QUERY)

    def seen(who, headers=query):
        url = stack.auth.url(f"/internal/v1/users/{who}/devices")
        return requests.get(url, headers=headers, timeout=10)

    assert sorted(seen(user).json()["devices"], key=lambda d: d["name"]) == [
        {"id": one.id, "name": "Blue", "pet_name": "Misty", "rights": "owner"},
        {"id": two.id, "name": "Red", "pet_name": None, "rights": "owner"},
    ]
    assert seen(uuid.uuid4()).json() == {"devices": []}
    assert seen("nobody").status_code == 404
    assert seen(user, stack.service(GATEWAY)).status_code == 403
    assert seen(user, bearer(owner.token)).status_code == 403


def test_a_service_is_no_user(stack):
    answer = requests.get(stack.auth.url("/v1/devices"), headers=stack.service(GATEWAY), timeout=10)
    assert answer.status_code == 403


# ---- events ----


def device_events(stack, device):
    return [json.loads(r.value)["event"] for r in read_topic(stack, "devices") if r.key == uuid.UUID(device.id).bytes]


def access_events(stack, user):
    return [json.loads(r.value) for r in read_topic(stack, "access") if r.key == user.bytes]


def wait_events(stack, device, wanted, timeout=15):
    wait_until(lambda: device_events(stack, device) == wanted, timeout, f"{wanted}, has {device_events(stack, device)}")


def test_changes_are_told_in_order(stack):
    owner = stack.user()
    user = stack.db.users.find_one({"email": owner.email})["_id"]
    device = owner.add_device()
    wait_events(stack, device, ["created"])
    owner.auth("PATCH", f"/v1/devices/{device.id}", json={"name": "Red"})
    wait_events(stack, device, ["created", "changed"])
    owner.auth("POST", f"/v1/devices/{device.id}/secret")
    wait_events(stack, device, ["created", "changed", "changed"])
    owner.auth("DELETE", f"/v1/devices/{device.id}")
    wait_events(stack, device, ["created", "changed", "changed", "deleted"])
    last = [json.loads(r.value) for r in read_topic(stack, "devices") if r.key == device.uuid.bytes][-1]
    assert last == {"event": "deleted", "id": device.id, "identifier": device.identifier}
    wanted = [{"event": "devices_changed", "user": str(user)}] * 4
    wait_until(lambda: access_events(stack, user) == wanted, 15, "the owner's list has changed as often")
    wait_until(lambda: stack.db.devices.find_one({"_id": device.uuid}) is None, 10, "nothing of a deleted device stays")


def test_no_event_is_lost_while_kafka_is_away(make):
    """Auth serves everything meanwhile, is ready, and is killed in between."""
    auth = make.process().start()
    owner = make.user()
    wait_events(make, owner.add_device(), ["created"])
    make.kafka.stop()
    try:
        devices = [owner.add_device(f"Collar {i}") for i in range(40)]
        assert owner.auth("DELETE", f"/v1/devices/{devices[0].id}").status_code == 204
        assert owner.auth("PATCH", f"/v1/devices/{devices[1].id}", json={"name": "x"}).status_code == 200
        other = login(auth, owner.email, owner.password).json()
        headers = bearer(other["access_token"])
        assert requests.delete(auth.url("/v1/sessions/current"), headers=headers, timeout=10).status_code == 204
        assert auth.ops("/readyz").status_code == 200
        auth.kill9()
        auth.start()
        assert owner.auth("GET", f"/v1/devices/{devices[2].id}").status_code == 200
    finally:
        make.kafka.start()
    # What the one that was killed had claimed is due again in half a minute: that is over.
    for events in (make.db.devices, make.db.sessions):
        events.update_many({"event": {"$exists": True}}, {"$set": {"event.due": as_datetime(now_ms())}})
    wanted = {str(d.id): ["created"] for d in devices[1:]} | {str(devices[0].id): ["deleted"]}

    def told():
        found = {}
        for r in read_topic(make, "devices"):
            event = json.loads(r.value)
            found.setdefault(event["id"], []).append(event["event"])
        # At least once: what was told twice is told the same way.
        return all(d in found and set(found[d]) == set(events) for d, events in wanted.items())

    wait_until(told, 60, "every event arrives")
    wait_until(lambda: revocations(make, session_of(make, other)), 30, "the log-out is told too")
    wait_until(lambda: make.db.devices.count_documents({"event": {"$exists": True}}) == 0, 30, "nothing stays marked")


def test_topics_that_vanish_are_made_again(make):
    make.process().start()
    owner = make.user()
    wait_events(make, owner.add_device(), ["created"])
    admin = KafkaAdminClient(bootstrap_servers=make.kafka.brokers)
    try:
        admin.delete_topics([make.topic("devices"), make.topic("access")])
    finally:
        admin.close()
    device = owner.add_device()
    wait_until(lambda: make.topic("devices") in topics(make), 60, "the topic is there again")
    wait_until(lambda: device_events(make, device)[-1:] == ["created"], 60, "the event arrives")


def topics(stack):
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka.brokers)
    try:
        return admin.list_topics()
    finally:
        admin.close()


def test_events_of_several_replicas_stay_in_order(make):
    replicas = [make.process().start() for _ in range(3)]
    owner = make.user()
    device = owner.add_device()
    for i in range(30):
        url = replicas[i % 3].url(f"/v1/devices/{device.id}")
        assert requests.patch(url, json={"name": f"n{i}"}, headers=bearer(owner.token), timeout=10).status_code == 200
    url = replicas[1].url(f"/v1/devices/{device.id}")
    assert requests.delete(url, headers=bearer(owner.token), timeout=10).status_code == 204
    wait_until(lambda: device_events(make, device)[-1:] == ["deleted"], 20, "the end is told last")
    assert set(device_events(make, device)[:-1]) <= {"created", "changed"}
    wait_until(lambda: make.db.devices.find_one({"_id": device.uuid}) is None, 10, "nothing of it stays")


# ---- MongoDB away ----


def test_mongodb_away_is_answered_and_comes_back(make):
    auth = make.process(MONGODB_TIMEOUT="1s").start()
    owner = make.user()
    token = owner.token
    make.mongo.stop()
    try:
        problem(login(auth, owner.email, owner.password), 503, "unavailable")
        answer = requests.get(auth.url("/v1/devices"), headers=bearer(token), timeout=20)
        assert answer.status_code == 503
        answer = post(auth, "/v1/users", {"email": "mongo.away@example.org", "password": PASSWORD})
        problem(answer, 503, "unavailable")
        wait_until(lambda: auth.ops("/readyz").status_code == 503, 20, "not ready")
        assert auth.ops("/healthz").status_code == 200
        assert jwks(auth)["keys"], "keys are still served"
        late = make.process(MONGODB_TIMEOUT="1s").start(ready=False)
        problem(login(late, owner.email, owner.password), 503, "unavailable")
        problem(post(late, "/v1/users", {"email": "a@example.org", "password": PASSWORD}), 503, "unavailable")
        assert requests.get(late.url("/.well-known/jwks.json"), timeout=10).status_code == 503
    finally:
        make.mongo.start()
    for program in (auth, late):
        program.wait_ready()
        assert login(program, owner.email, owner.password).status_code == 200


# ---- roles ----


def test_three_processes_do_what_one_does(make):
    """Each role alone, with the least it needs: the others do without the master secret."""
    without = ("AUTH_MASTER_SECRET", "AUTH_CLIENTS")
    devices = make.process(AUTH_ROLES="devices", without=without).start(ready=False)
    registration = make.process(AUTH_ROLES="registration", without=without).start(ready=False)
    for program in (devices, registration):
        assert program.ops("/readyz").status_code == 503, "there are no keys yet"
    authentication = make.process(AUTH_ROLES="authentication").start()
    for program in (devices, registration):
        program.wait_ready()

    email = f"roles-{secrets.token_hex(4)}@example.org"
    wish = {"email": email, "password": PASSWORD}
    assert post(registration, "/v1/users", wish).status_code == 202
    tokens = post(authentication, "/v1/sessions", wish).json()
    headers = bearer(tokens["access_token"])
    made = post(devices, "/v1/devices", {"name": "c"}, headers=headers)
    assert made.status_code == 201
    found = post(
        devices, "/internal/v1/devices/lookup", {"identifiers": [made.json()["identifier"]]},
        headers=make.service(GATEWAY, authentication),
    )  # fmt: skip
    assert [d["id"] for d in found.json()["devices"]] == [made.json()["id"]]
    assert requests.delete(authentication.url("/v1/sessions/current"), headers=headers, timeout=10).status_code == 204
    assert requests.get(devices.url("/v1/devices"), headers=headers, timeout=10).status_code == 401

    for program, path in [
        (registration, "/v1/sessions"), (registration, "/v1/oauth/token"), (registration, "/v1/devices"),
        (authentication, "/v1/users"), (authentication, "/v1/devices"), (authentication, "/internal/v1/devices/lookup"),
        (devices, "/v1/users"), (devices, "/v1/sessions"), (devices, "/v1/oauth/token"),
    ]:  # fmt: skip
        assert post(program, path, {}).status_code == 404, f"{program.name} {path}"


def test_master_secret_is_asked_for(make):
    auth = make.process(without=("AUTH_MASTER_SECRET",), AUTH_ROLES="authentication")
    auth.spawn([auth.path], env=auth.env)
    assert auth.process.wait(10) == 2
    assert "AUTH_MASTER_SECRET_FILE" in auth.log.read_text()
    short = make.process(AUTH_ROLES="authentication", AUTH_MASTER_SECRET="too short")
    short.spawn([short.path], env=short.env)
    assert short.process.wait(10) == 2
    assert "AUTH_MASTER_SECRET" in short.log.read_text() and "too short" not in short.log.read_text()


def test_counters(stack):
    before = {
        name: stack.auth.metric(name, result="ok")
        for name in ("pettrack_auth_logins_total", "pettrack_auth_refreshes_total")
    }
    user = stack.user()
    assert refresh(stack.auth, user.tokens["refresh_token"]).status_code == 200
    for name, value in before.items():
        assert stack.auth.metric(name, result="ok") == value + 1
    assert stack.auth.metric("pettrack_auth_events_failed_total") == 0
