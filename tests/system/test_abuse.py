"""Guessing, flooding, asking who is known, and sending garbage: what auth makes of those who mean it ill.

Clients come from where X-Forwarded-For says: the tests are a trusted proxy.
"""

import base64
import concurrent.futures
import datetime
import hashlib
import itertools
import secrets
import statistics
import time

import pytest
import requests
import yaml
from support import garbage
from support.mails import MailServer
from support.programs import ROOT, Program, Stack

PASSWORD = "a cat on a hot tin roof"
WRONG = "a wrong password 123"
CLIENT = ("client", secrets.token_urlsafe(24))
PROXY = {"AUTH_TRUSTED_PROXIES": "127.0.0.1"}
TIGHT = {
    **PROXY,
    "AUTH_LIMIT_BACKOFF": "1s",
    "AUTH_LIMIT_LOGIN_ADDRESS": "1/1m burst 20",
    "AUTH_LIMIT_LOGIN_ACCOUNT": "1/1m burst 30",
    "AUTH_LIMIT_REFRESH_ADDRESS": "1/1m burst 20",
    "AUTH_LIMIT_CLIENT_ADDRESS": "1/1m burst 20",
    "AUTH_LIMIT_CLAIM_ACCOUNT": "1/1m burst 20",
}

addresses = (f"198.18.{n >> 8}.{n & 255}" for n in itertools.count())
unique = itertools.count()
DOCUMENTS = {
    name: yaml.safe_load((ROOT / f"proto/openapi/{name}.yaml").read_text(encoding="utf-8"))
    for name in ("auth", "query")
}


@pytest.fixture(scope="module")
def stack(kafka, mongo, tmp_path_factory):
    """Auth alone, with tight limits."""
    made = Stack(kafka, mongo, tmp_path_factory.mktemp("abuse"), **TIGHT)
    scopes = DOCUMENTS["auth"]["components"]["securitySchemes"]["service"]["flows"]["clientCredentials"]["scopes"]
    made.auth.env["AUTH_CLIENTS"] += f",{CLIENT[0]}:{CLIENT[1]}:{' '.join(scopes)}"
    made.auth.start()
    yield made
    made.remove()


def post(program, path, body, address, **more):
    return requests.post(program.url(path), json=body, headers={"X-Forwarded-For": address}, timeout=30, **more)


def log_in(program, email, password, address):
    return post(program, "/v1/sessions", {"email": email, "password": password}, address)


def register(program, address):
    email = f"owner-{next(unique)}-{secrets.token_hex(4)}@example.org"
    answer = post(program, "/v1/users", {"email": email, "password": PASSWORD}, address)
    assert answer.status_code == 202, answer.text
    return email


def is_limited(answer):
    """Whether it is 429, which then says all that it must."""
    if answer.status_code != 429:
        return False
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] == "too_many_attempts"
    assert int(answer.headers["Retry-After"]) >= 1
    return True


def until_limited(attempt, at_most=60):
    """How often `attempt` was let in before it was not."""
    for n in range(at_most):
        if is_limited(attempt()):
            return n
    pytest.fail(f"{at_most} attempts and no limit")


def attack(program, email):
    """Guesses at an account from ever new addresses."""
    return until_limited(lambda: log_in(program, email, WRONG, next(addresses)))


# ---- limits ----


def test_one_address_has_few_failed_log_ins(stack):
    def spray(address):
        return log_in(stack.auth, f"somebody-{next(unique)}@example.org", WRONG, address)

    here, before = next(addresses), stack.auth.metric("pettrack_auth_limited_total", limit="login", kind="address")
    assert until_limited(lambda: spray(here)) == 4, "20 tokens, 5 for a failure"
    assert spray(next(addresses)).status_code == 401
    assert stack.auth.metric("pettrack_auth_limited_total", limit="login", kind="address") == before + 1
    assert here not in stack.auth.ops("/metrics").text


def test_an_ipv6_network_is_one_address(stack):
    net = f"2001:db8:{next(unique):x}"

    def spray(address):
        return log_in(stack.auth, f"somebody-{next(unique)}@example.org", WRONG, address)

    host = itertools.count(1)
    assert until_limited(lambda: spray(f"{net}:1::{next(host):x}")) == 4
    assert spray(f"{net}:2::1").status_code == 401


def test_a_forged_address_is_not_believed(stack):
    """What stands before the address that the proxy added, the client wrote."""
    here = next(addresses)

    def spray():
        forged = f"10.1.2.{next(unique) % 250}, {here}"
        return log_in(stack.auth, f"somebody-{next(unique)}@example.org", WRONG, forged)

    assert until_limited(spray) == 4


def test_an_account_under_attack_is_open_to_its_owner(stack):
    home = next(addresses)
    email = register(stack.auth, home)
    assert log_in(stack.auth, email, PASSWORD, home).status_code == 200
    assert attack(stack.auth, email) == 6, "30 tokens, 5 for a failure"
    assert is_limited(log_in(stack.auth, email, PASSWORD, next(addresses))), "elsewhere he waits like everybody"
    assert log_in(stack.auth, email, PASSWORD, home).status_code == 200
    assert stack.auth.metric("pettrack_auth_limited_total", limit="login", kind="account") >= 1


def test_an_address_that_fails_is_open_to_who_logged_in_there(stack):
    home = next(addresses)
    email = register(stack.auth, home)
    assert log_in(stack.auth, email, PASSWORD, home).status_code == 200
    until_limited(lambda: log_in(stack.auth, f"somebody-{next(unique)}@example.org", WRONG, home))
    assert log_in(stack.auth, email, PASSWORD, home).status_code == 200


def test_the_limit_does_not_tell_who_is_known(stack):
    known, unknown = register(stack.auth, next(addresses)), f"nobody-{next(unique)}@example.org"
    assert attack(stack.auth, known) == attack(stack.auth, unknown)
    answers = [log_in(stack.auth, email, WRONG, next(addresses)) for email in (known, unknown)]
    assert all(is_limited(a) for a in answers)
    assert same_shape(*answers)


def test_a_password_that_is_right_is_not_told_while_an_account_is_limited(stack):
    email = register(stack.auth, next(addresses))
    attack(stack.auth, email)
    right, wrong = (log_in(stack.auth, email, password, next(addresses)) for password in (PASSWORD, WRONG))
    assert is_limited(right) and is_limited(wrong)
    assert same_shape(right, wrong)


def link_for(stack, email, new):
    """The token of a mail that confirms `new` as the address of the account, as it was put into the link."""
    token, now = secrets.token_bytes(32), datetime.datetime.now(datetime.UTC)
    link = {
        "_id": hashlib.sha256(token).digest(),
        "kind": "email",
        "user": stack.db.users.find_one({"email": email})["_id"],
        "email": new,
        "created": now,
        "expires": now + datetime.timedelta(hours=1),
    }
    stack.db.links.insert_one(link)
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def test_who_has_a_link_does_not_guess_the_password_to_it(stack):
    """The mail went to a stranger, as the new address was mistyped."""
    email, new = register(stack.auth, next(addresses)), f"mistyped-{next(unique)}@example.org"
    token = link_for(stack, email, new)

    def confirm(password):
        body = {"token": token, "password": password}
        return post(stack.auth, "/v1/account/email/confirm", body, next(addresses))

    assert until_limited(lambda: confirm(WRONG)) == 6, "30 tokens, 5 for a failure"
    assert is_limited(confirm(PASSWORD))
    assert stack.db.users.find_one({"email": email})


def test_refresh_tokens_are_limited_by_address(stack):
    here = next(addresses)
    guess = lambda: post(stack.auth, "/v1/sessions/refresh", {"refresh_token": secrets.token_urlsafe(64)}, here)  # noqa: E731
    assert until_limited(guess) == 4


def test_services_pay_for_failures_only(stack):
    here = next(addresses)

    def ask(secret):
        form, headers = {"grant_type": "client_credentials"}, {"X-Forwarded-For": here}
        url = stack.auth.url("/v1/oauth/token")
        return requests.post(url, data=form, headers=headers, auth=(CLIENT[0], secret), timeout=10)

    assert [ask(CLIENT[1]).status_code for _ in range(30)] == [200] * 30
    assert until_limited(lambda: ask("not the secret of it")) == 4
    here = next(addresses)
    assert ask(CLIENT[1]).status_code == 200, "from elsewhere the service goes on"


def test_codes_of_trackers_are_limited_by_user(stack):
    home = next(addresses)
    email = register(stack.auth, home)
    token = log_in(stack.auth, email, PASSWORD, home).json()["access_token"]

    def guess():
        body = {"name": "Not mine", "identifier": f"unknown-{next(unique)}", "code": "AAAA-AAAA"}
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": next(addresses)}
        return requests.post(stack.auth.url("/v1/devices"), json=body, headers=headers, timeout=10)

    assert until_limited(guess) == 4


def test_other_limits_are_not_touched(stack):
    here = next(addresses)
    until_limited(lambda: log_in(stack.auth, f"somebody-{next(unique)}@example.org", WRONG, here))
    assert post(stack.auth, "/v1/sessions/refresh", {"refresh_token": "x"}, here).status_code == 401


# ---- password hashes ----


def at_once(n, call):
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        return [f.result() for f in [pool.submit(call) for _ in range(n)]]


TOKENS = 60


@pytest.fixture(scope="module")
def narrow(stack):
    """One hash at a time, one that waits."""
    program = Program("auth", stack.folder, {**stack.auth.env, "AUTH_PORT": "0", "OPS_PORT": "0"}, "narrow")
    program.env.update(AUTH_HASH_THREADS="1", AUTH_HASH_QUEUE="1")
    for limit in ("LOGIN_ADDRESS", "LOGIN_ACCOUNT", "SIGN_UP_ADDRESS"):
        program.env[f"AUTH_LIMIT_{limit}"] = f"1/1m burst {TOKENS}"
    yield program.start()
    program.end()


def log_in_again(program, email, address):
    return log_in(program, email, PASSWORD, address)


def sign_up_again(program, email, address):
    return post(program, "/v1/users", {"email": email, "password": PASSWORD}, address)


@pytest.mark.parametrize("attempt", [log_in_again, sign_up_again])
def test_what_was_not_tried_costs_nothing(narrow, attempt):
    """More are refused as busy than there are tokens."""
    home, busy = next(addresses), []
    email = register(narrow, home)
    while len(busy) <= TOKENS:
        answers = at_once(24, lambda: attempt(narrow, email, home))
        assert {a.status_code for a in answers} <= {200, 202, 503}
        busy += [a for a in answers if a.status_code == 503]
    for answer in busy:
        assert answer.json()["code"] == "busy"
        assert int(answer.headers["Retry-After"]) >= 1


def test_other_routes_do_not_wait_for_password_hashes(narrow):
    def timed(call):
        begun = time.monotonic()
        return call().status_code, time.monotonic() - begun

    def hashed():
        return timed(lambda: log_in(narrow, f"somebody-{next(unique)}@example.org", WRONG, next(addresses)))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        log_ins = [pool.submit(hashed) for _ in range(60)]
        others = []
        while not all(f.done() for f in log_ins):
            others.append(timed(lambda: requests.get(narrow.url("/.well-known/jwks.json"), timeout=30)))
    waited = [seconds for status, seconds in (f.result() for f in log_ins) if status == 401]
    assert waited and len(others) > 5
    assert {status for status, _ in others} == {200}
    assert statistics.median(seconds for _, seconds in others) < statistics.median(waited)


# ---- who is known ----


def same_shape(one, other):
    """Whether two answers cannot be told apart but by Date and how long to wait."""
    kept = lambda a: {k: v for k, v in a.headers.items() if k not in ("Date", "Retry-After", "Content-Length")}  # noqa: E731
    bodies = [{**a.json(), "detail": None} if a.status_code == 429 else a.content for a in (one, other)]
    return one.status_code == other.status_code and kept(one) == kept(other) and bodies[0] == bodies[1]


@pytest.fixture(scope="module")
def open_door(stack):
    """The same without limits, and with a mail server."""
    mails = MailServer().start()
    env = {k: v for k, v in stack.auth.env.items() if k not in TIGHT}
    program = Program(
        "auth", stack.folder, {**env, **PROXY, **mails.settings, "AUTH_PORT": "0", "OPS_PORT": "0"}, "open"
    )
    yield program.start()
    program.end()
    mails.stop()


ROUTES = {
    "log in": lambda email: ("/v1/sessions", {"email": email, "password": WRONG}),
    "sign up": lambda email: ("/v1/users", {"email": email, "password": WRONG}),
}
TURNS = 12


@pytest.mark.parametrize("route", ROUTES)
def test_neither_answer_nor_time_tells_who_is_known(open_door, route):
    """In turns, so that both kinds meet the same machine; a hash too many or too few would be a factor of ten.

    Routes that send mails are in test_accounts.py."""
    known, times, here = register(open_door, next(addresses)), ([], []), next(addresses)
    for turn in range(2 * TURNS):
        email = known if turn % 2 else f"nobody-{next(unique)}-{secrets.token_hex(4)}@example.org"
        path, body = ROUTES[route](email)
        begun = time.monotonic()
        answer = post(open_door, path, body, here)
        times[turn % 2].append(time.monotonic() - begun)
        if turn == 0:
            first = answer
        assert same_shape(first, answer), answer.text
    unknown, known = (statistics.median(t) for t in times)
    assert 1 / 3 < known / unknown < 3


# ---- garbage ----

ANSWER_MAX = 64 << 10  # bytes
HERE = "198.19.0.1"


class Sender:
    """Sends anything to one program, as whoever a route wants to hear."""

    def __init__(self, program, auth, document):
        self.program, self.auth, self.document, self.http = program, auth, document, requests.Session()
        self.email = register(auth, HERE)

    def headers(self, operation):
        wanted = [scheme for need in operation.get("security", self.document["security"]) for scheme in need]
        if "user" in wanted:
            return {"Authorization": f"Bearer {self.user_token()}"}
        return {"Authorization": f"Bearer {self.service_token()}"} if "service" in wanted else {}

    def user_token(self):
        """What garbage did to the session before does not matter: a new one."""
        answer = log_in(self.auth, self.email, PASSWORD, HERE)
        if answer.status_code != 200:  # nor what it did to the account
            self.email = register(self.auth, HERE)
            answer = log_in(self.auth, self.email, PASSWORD, HERE)
        return answer.json()["access_token"]

    def service_token(self):
        form = {"grant_type": "client_credentials"}
        answer = requests.post(self.auth.url("/v1/oauth/token"), data=form, auth=CLIENT, timeout=10)
        return answer.json()["access_token"]

    def wrong(self, method, path, headers, body=None):
        """What is wrong with the answer; None: nothing."""
        request = requests.Request(method, self.program.url(), data=body, headers=headers)
        prepared = self.http.prepare_request(request)
        prepared.url = self.program.url(path)  # as it is: requests would mend it
        answer = self.http.send(prepared, timeout=30)
        if answer.status_code >= 500:
            return f"{answer.status_code} {answer.text:.200}"
        if len(answer.content) > ANSWER_MAX:
            return f"{len(answer.content)} bytes"
        if "X-Injected" in answer.headers:
            return "a header of the client's"
        if answer.status_code >= 400 and not answer.json().keys() & {"code", "error"}:
            return f"says not why: {answer.text:.200}"
        return None


@pytest.fixture(scope="module")
def senders(stack, open_door):
    programs = {"auth": open_door, "query": stack.query.start()}
    return {name: Sender(program, open_door, DOCUMENTS[name]) for name, program in programs.items()}


def name_of(value):
    return value if isinstance(value, str) else ""


OPERATIONS = [(name, *operation) for name, document in DOCUMENTS.items() for operation in garbage.operations(document)]


@pytest.mark.parametrize(("name", "method", "path", "operation"), OPERATIONS, ids=name_of)
def test_garbage_is_refused_politely(senders, name, method, path, operation):
    sender = senders[name]
    pid, found = sender.program.pid, []
    headers = sender.headers(operation)
    somewhere = path.replace("{", "0").replace("}", "0")

    def send(what, target, **more):
        wrong = sender.wrong(method, target, {**headers, **more.pop("headers", {})}, **more)
        found.extend([f"{what}: {wrong}"] if wrong else [])

    for what, kind, body in garbage.bodies(sender.document, operation):
        send(what, somewhere, body=body, headers={"Content-Type": kind} if kind else {})
    for query in garbage.QUERIES:
        send(query, f"{somewhere}?{query}")
    for segment in garbage.SEGMENTS if "{" in path else []:
        send(segment, path[: path.index("{")] + segment + path[path.index("}") + 1 :])
    assert found == []
    assert sender.program.pid == pid and sender.program.is_ready()
