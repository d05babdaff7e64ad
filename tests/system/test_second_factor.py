"""Logging in by two steps, and where one is logged in: codes of an authenticator app, recovery codes, sessions.

The app is pyotp, which shares no code with the program.
"""

import concurrent.futures
import time

import pyotp
import pytest
import requests
from support.answers import problem
from support.waiting import wait_until

LIMITS = {"AUTH_LIMIT_CODE_ACCOUNT": "0", "AUTH_LIMIT_CODE_ADDRESS": "0", "AUTH_LIMIT_BACKOFF": "0s"}


@pytest.fixture(scope="module")
def stack_settings(mails):
    """Mistakes cost no time."""
    return {**LIMITS, **mails.settings}


@pytest.fixture(scope="module")
def stack_programs():
    return ("auth",)


def log_in(user, **more):
    body = {"email": user.email, "password": user.password, **more}
    return requests.post(user.stack.auth.url("/v1/sessions"), json=body, timeout=30)


class App:
    """An authenticator app: what it shows, from what it was given."""

    def __init__(self, user, shown):
        self.user, self.totp = user, pyotp.parse_uri(shown["uri"])
        assert self.totp.secret == shown["secret"]
        assert (self.totp.issuer, self.totp.name) == ("Pettrack", user.email)

    @property
    def code(self):
        return self.totp.now()

    def wait(self):
        """As if time had passed: the steps that were used are forgotten."""
        self.user.stack.db.users.update_one({"email": self.user.email}, {"$set": {"totp.step": 0}})


def begin(user):
    answer = user.auth("POST", "/v1/account/totp", json={"current_password": user.password})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return App(user, answer.json())


def turn_on(user):
    """The app and the recovery codes."""
    app = begin(user)
    answer = user.auth("POST", "/v1/account/totp/confirm", json={"code": app.code})
    assert answer.status_code == 200, answer.text
    codes = answer.json()["recovery_codes"]
    assert len(set(codes)) == 10
    app.wait()
    return app, codes


def test_it_counts_once_it_was_confirmed(owner):
    app = begin(owner)
    assert log_in(owner).status_code == 200, "a secret that waits asks for nothing"
    problem(owner.auth("POST", "/v1/account/totp/confirm", json={"code": "000000"}), 403, "invalid_code")
    problem(owner.auth("POST", "/v1/account/totp/confirm", json={}), 400, "missing_code")
    replaced, app = app, begin(owner)
    problem(owner.auth("POST", "/v1/account/totp/confirm", json={"code": replaced.code}), 403, "invalid_code")
    assert owner.auth("POST", "/v1/account/totp/confirm", json={"code": app.code}).status_code == 200
    problem(log_in(owner), 401, "second_factor_required")
    problem(owner.auth("POST", "/v1/account/totp/confirm", json={"code": app.code}), 409, "second_factor_on")
    body = {"current_password": owner.password}
    problem(owner.auth("POST", "/v1/account/totp", json=body), 409, "second_factor_on")


def test_a_secret_waits_for_a_quarter_of_an_hour(stack, owner):
    app = begin(owner)
    field = "totp_pending.expires"
    waits = stack.db.users.find_one({"email": owner.email})["totp_pending"]["expires"].timestamp() - time.time()
    assert 14 * 60 < waits <= 15 * 60
    stack.db.users.update_one({"email": owner.email}, [{"$set": {field: {"$subtract": [f"${field}", 15 * 60000]}}}])
    problem(owner.auth("POST", "/v1/account/totp/confirm", json={"code": app.code}), 403, "invalid_code")
    assert log_in(owner).status_code == 200


def test_the_password_comes_first_and_then_the_code(owner):
    app, _ = turn_on(owner)
    problem(log_in(owner, password="not the password", code=app.code), 401, "invalid_credentials")
    problem(log_in(owner), 401, "second_factor_required")
    problem(log_in(owner, code="123"), 401, "invalid_code")
    problem(log_in(owner, code=123456), 401, "second_factor_required")
    answer = log_in(owner, code=app.code)
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert requests.get(owner.stack.auth.url("/v1/sessions"), headers=headers, timeout=10).status_code == 200


def test_a_code_is_taken_once(owner):
    """Of many that show the same code at once, one gets in; nor is the one before it taken afterwards."""
    app, _ = turn_on(owner)
    now = int(time.time())
    code, before = app.totp.at(now), app.totp.at(now - 30)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: log_in(owner, code=code), range(4)))
    assert sorted(a.status_code for a in answers) == [200, 401, 401, 401]
    problem(log_in(owner, code=code), 401, "invalid_code")
    problem(log_in(owner, code=before), 401, "invalid_code")


def test_codes_of_another_time_are_refused(owner):
    app, _ = turn_on(owner)
    for apart in (-120, -90, 90, 120):
        problem(log_in(owner, code=app.totp.at(int(time.time()) + apart)), 401, "invalid_code")
    assert log_in(owner, code=app.code).status_code == 200


def test_each_recovery_code_is_good_once(owner):
    _, codes = turn_on(owner)
    assert log_in(owner, recovery_code=codes[0]).status_code == 200
    problem(log_in(owner, recovery_code=codes[0]), 401, "invalid_code")
    typed = codes[1].upper().replace("-", " ")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: log_in(owner, recovery_code=typed), range(4)))
    assert sorted(a.status_code for a in answers) == [200, 401, 401, 401]
    problem(log_in(owner, recovery_code="2222-2222-2222"), 401, "invalid_code")
    assert owner.auth("GET", "/v1/account").json()["recovery_codes"] == 8


def test_a_code_is_its_owners_only(stack, owner):
    """Nor does a secret that was copied in the database into somebody else's account open that."""
    (app, codes), other = turn_on(owner), stack.user()
    turn_on(other)
    problem(log_in(other, code=app.code), 401, "invalid_code")
    problem(log_in(other, recovery_code=codes[0]), 401, "invalid_code")
    copied = stack.db.users.find_one({"email": owner.email})
    changed = {"totp": copied["totp"], "recovery": copied["recovery"]}
    stack.db.users.update_one({"email": other.email}, {"$set": changed})
    problem(log_in(other, recovery_code=codes[0]), 401, "invalid_code")
    assert log_in(other, code=app.code).status_code == 500


def test_nothing_of_it_is_stored_in_the_clear(stack, owner):
    app, codes = turn_on(owner)
    stored = repr(stack.db.users.find_one({"email": owner.email}))
    log = repr(stack.auth.log_lines)
    for secret in (app.totp.secret, *codes, *(c.replace("-", "") for c in codes)):
        assert secret not in stored and secret not in log


def test_new_recovery_codes_replace_the_old(owner):
    app, codes = turn_on(owner)
    body = {"current_password": owner.password}
    problem(owner.auth("POST", "/v1/account/recovery-codes", json=body), 403, "second_factor_required")
    wrong = {"current_password": "not the password", "code": app.code}
    problem(owner.auth("POST", "/v1/account/recovery-codes", json=wrong), 403, "wrong_password")
    answer = owner.auth("POST", "/v1/account/recovery-codes", json={**body, "code": app.code})
    assert answer.status_code == 200, answer.text
    new = answer.json()["recovery_codes"]
    assert len(new) == 10 and not set(new) & set(codes)
    problem(log_in(owner, recovery_code=codes[0]), 401, "invalid_code")
    assert log_in(owner, recovery_code=new[0]).status_code == 200


def test_it_is_turned_off_with_both(owner):
    app, codes = turn_on(owner)
    path, body = "/v1/account/totp/disable", {"current_password": owner.password}
    problem(owner.auth("POST", path, json=body), 403, "second_factor_required")
    problem(owner.auth("POST", path, json={**body, "code": "000000"}), 403, "invalid_code")
    problem(owner.auth("POST", path, json={"code": app.code}), 400, "missing_password")
    assert owner.auth("POST", path, json={**body, "recovery_code": codes[3]}).status_code == 204
    assert log_in(owner).status_code == 200
    problem(owner.auth("POST", path, json=body), 409, "second_factor_off")
    problem(owner.auth("POST", "/v1/account/recovery-codes", json=body), 409, "second_factor_off")
    turn_on(owner)


def test_its_owner_is_told_by_mail(owner, mails):
    """Whoever has stolen a session or a recovery code does not go unseen."""
    before = len(mails.to(owner.email))
    _, codes = turn_on(owner)
    assert log_in(owner, recovery_code=codes[0]).status_code == 200
    body = {"current_password": owner.password, "recovery_code": codes[1]}
    assert owner.auth("POST", "/v1/account/totp/disable", json=body).status_code == 204
    mails.wait(owner.email, before + 4)
    told = [mail.message["Subject"] for mail in mails.to(owner.email)[before:]]
    assert sorted(told) == [
        "A recovery code was used",
        "A recovery code was used",
        "Your account has a second factor now",
        "Your account has no second factor any more",
    ]


def test_guesses_are_limited(make_stack):
    """By account, so that many addresses guess no faster."""
    stack = make_stack(programs=("auth",), AUTH_LIMIT_CODE_ACCOUNT="10/1h burst 30")
    owner = stack.user()
    app, _ = turn_on(owner)
    answers = [log_in(owner, code="000000") for _ in range(12)]
    assert [a.status_code for a in answers[:5]] == [401] * 5
    last = answers[-1]
    problem(last, 429, "too_many_attempts")
    assert int(last.headers["Retry-After"]) >= 1
    problem(log_in(owner, code=app.code), 429, "too_many_attempts")


def test_what_happened_is_in_the_owners_log(owner):
    app, codes = turn_on(owner)
    log_in(owner, recovery_code=codes[0])
    log_in(owner, code="000000")
    body = {"current_password": owner.password, "code": app.code}
    assert owner.auth("POST", "/v1/account/totp/disable", json=body).status_code == 204
    events = [e["event"] for e in owner.auth("GET", "/v1/audit").json()["events"]]
    assert events[::-1] == [
        "session.begun",
        "totp.enabled",
        "recovery_code.used",
        "session.begun",
        "session.refused",
        "totp.disabled",
    ]


# ---- sessions ----


def with_token(user, tokens, method, path):
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return requests.request(method, user.stack.auth.url(path), headers=headers, timeout=10)


def test_sessions_are_listed_with_what_made_them(stack, owner):
    agent = "Kitchen/1.0 (caf\u00e9) " + "x" * 400  # Latin-1, as nobody should send it
    answer = requests.post(
        stack.auth.url("/v1/sessions"),
        json={"email": owner.email, "password": owner.password},
        headers={"User-Agent": agent.encode("latin-1")},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    sessions = owner.auth("GET", "/v1/sessions").json()["sessions"]
    assert [s["current"] for s in sessions] == [False, True], "the last used first"
    assert all(s["address"] == "127.0.0.1" for s in sessions)
    made, own = sessions
    assert made["client"].startswith("Kitchen/1.0 (caf?) x") and len(made["client"]) == 254
    assert own["client"].startswith("python-requests/")
    assert made["created"] == made["last_used"] < made["expires"]


def test_using_a_session_shows(stack, owner):
    answer = log_in(owner).json()
    listed = owner.auth("GET", "/v1/sessions").json()["sessions"]
    refreshed = requests.post(
        stack.auth.url("/v1/sessions/refresh"), json={"refresh_token": owner.tokens["refresh_token"]}, timeout=10
    )
    assert refreshed.status_code == 200
    again = with_token(owner, answer, "GET", "/v1/sessions").json()["sessions"]
    assert [s["id"] for s in again] == [s["id"] for s in listed][::-1]
    assert again[0]["last_used"] > listed[1]["last_used"] and again[0]["expires"] > listed[1]["expires"]


def test_one_session_is_ended(owner):
    tokens = log_in(owner).json()
    ended = next(s for s in owner.auth("GET", "/v1/sessions").json()["sessions"] if not s["current"])
    assert owner.auth("DELETE", f"/v1/sessions/{ended['id']}").status_code == 204
    problem(with_token(owner, tokens, "GET", "/v1/sessions"), 401, "invalid_token")
    problem(owner.auth("DELETE", f"/v1/sessions/{ended['id']}"), 404, "not_found")
    assert len(owner.auth("GET", "/v1/sessions").json()["sessions"]) == 1


def test_somebody_elses_session_is_not_found(stack, owner):
    other = stack.user()
    theirs = other.auth("GET", "/v1/sessions").json()["sessions"][0]["id"]
    for session in (theirs, "00000000-0000-4000-8000-000000000000", "x"):
        problem(owner.auth("DELETE", f"/v1/sessions/{session}"), 404, "not_found")
    assert other.auth("GET", "/v1/sessions").status_code == 200


def test_all_others_are_ended(stack, owner):
    others, stranger = [log_in(owner).json() for _ in range(3)], stack.user()
    assert owner.auth("DELETE", "/v1/sessions").status_code == 204
    for tokens in others:
        problem(with_token(owner, tokens, "GET", "/v1/sessions"), 401, "invalid_token")
    assert [s["current"] for s in owner.auth("GET", "/v1/sessions").json()["sessions"]] == [True]
    assert stranger.auth("GET", "/v1/sessions").status_code == 200


def test_an_ended_session_leaves_nothing(stack, owner):
    """Its client and address go with it, and the document itself once others have been told."""
    log_in(owner)
    ended = next(s for s in owner.auth("GET", "/v1/sessions").json()["sessions"] if not s["current"])
    assert owner.auth("DELETE", f"/v1/sessions/{ended['id']}").status_code == 204
    wait_until(lambda: stack.db.sessions.count_documents({}) == len(live_sessions(stack)), 15, "it is gone")


def live_sessions(stack):
    return list(stack.db.sessions.find({"revoked": {"$exists": False}}))
