"""Accounts: how one gets one, proves the address, forgets the password, changes it, invites others; and the mails.

The mail server is aiosmtpd (support/mails.py). What anybody may ask is asked for known and unknown addresses, and must
be answered and cost the same.
"""

import concurrent.futures
import datetime
import json
import secrets
import statistics
import subprocess
import time
import uuid

import pytest
import requests
from support.mails import MailServer
from support.programs import CLI, Program, Stack, binary, clean_environment
from support.secure import Authority
from support.waiting import wait_until

PASSWORD = "a cat on a hot tin roof"
OTHER = "another cat on that roof"
OPERATOR = ("inviter", secrets.token_urlsafe(24))


@pytest.fixture(scope="module")
def stack(kafka, mongo, tmp_path_factory, mails):
    """Auth alone, which verifies addresses."""
    settings = {"AUTH_VERIFY_EMAIL": "true", "AUTH_INVITATIONS_PER_USER": "2", **mails.settings}
    made = Stack(kafka, mongo, tmp_path_factory.mktemp("accounts"), **settings)
    made.auth.env["AUTH_CLIENTS"] += f",{OPERATOR[0]}:{OPERATOR[1]}:users.invite"
    made.auth.start()
    yield made
    made.remove()


@pytest.fixture(autouse=True)
def everything_is_accepted(mails):
    yield
    mails.accept()


def address():
    return f"owner-{secrets.token_hex(6)}@example.org"


def post(stack, path, body, token=None, method="POST"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(method, stack.auth.url(path), json=body, headers=headers, timeout=30)


def get(stack, path, token):
    return requests.get(stack.auth.url(path), headers={"Authorization": f"Bearer {token}"}, timeout=30)


def register(stack, email, password=PASSWORD, **more):
    answer = post(stack, "/v1/users", {"email": email, "password": password, **more})
    assert answer.status_code == 202, answer.text


def verify(stack, token, password=PASSWORD):
    return post(stack, "/v1/users/verify", {"token": token, "password": password})


def log_in(stack, email, password=PASSWORD):
    return post(stack, "/v1/sessions", {"email": email, "password": password})


def token_of(stack, email, password=PASSWORD):
    answer = log_in(stack, email, password)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def member(stack, mails, name=None):
    """A verified account: its address and a token."""
    email = address()
    register(stack, email, name=name)
    assert verify(stack, mails.wait(email).token("verify")).status_code == 204
    return email, token_of(stack, email)


def processes(stack):
    """Those that send: auth may be three."""
    return list(getattr(stack.auth, "roles", {"all": stack.auth}).values())


def missing(stack):
    """The servers that a process of auth does without."""
    return {name for program in processes(stack) for name in program.ops("/readyz").json().get("degraded", {})}


def problem(answer):
    return answer.status_code, answer.json()["code"]


# ---- sign-up ----


def test_an_address_is_verified_by_link_and_password(stack, mails):
    email = address()
    register(stack, email, name="You")
    mail = mails.wait(email)
    token = mail.token("verify")
    assert problem(log_in(stack, email)) == (401, "invalid_credentials")
    assert problem(verify(stack, token, OTHER)) == (403, "wrong_password")
    assert problem(verify(stack, token[:-1] + "x")) == (400, "invalid_token")
    assert verify(stack, token).status_code == 204
    assert problem(verify(stack, token)) == (400, "invalid_token"), "good once"
    account = get(stack, "/v1/account", token_of(stack, email)).json()
    assert account == account | {"email": email, "name": "You", "verified": True, "totp": False, "recovery_codes": 0}
    assert account["pending_email"] is None


def test_the_form_of_a_mail(stack, mails):
    email = address()
    register(stack, email)
    mail = mails.wait(email)
    message = mail.message
    assert message["To"] == email
    assert message["From"] == "Pettrack <pettrack@pets.example.org>"
    assert mail.sender == "pettrack@pets.example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert abs(message["Date"].datetime.timestamp() - time.time()) < 60
    assert message["Message-ID"].endswith("@pets.example.org>")
    assert message.defects == []
    assert mail.raw.count(b"\n") == mail.raw.count(b"\r\n")
    assert "https://pets.example.org/#verify=" in mail.text, "in the fragment, which no server sees"


def test_a_second_registration_replaces_an_unverified_one(stack, mails):
    email = address()
    register(stack, email)
    first = mails.wait(email).token("verify")
    register(stack, email, OTHER)
    second = mails.wait(email, 2).token("verify")
    assert problem(verify(stack, first, OTHER)) == (400, "invalid_token")
    assert problem(verify(stack, second, PASSWORD)) == (403, "wrong_password")
    assert verify(stack, second, OTHER).status_code == 204
    assert log_in(stack, email, OTHER).status_code == 200


def test_a_verified_one_is_told_and_stays(stack, mails):
    email, _ = member(stack, mails, "First")
    register(stack, email, OTHER, name="Second")
    mail = mails.wait(email, 2)
    assert mail.message["Subject"] == "You already have an account"
    assert "#" not in mail.text
    assert log_in(stack, email, OTHER).status_code == 401
    assert get(stack, "/v1/account", token_of(stack, email)).json()["name"] == "First"


def test_another_mail_verifies_as_well(stack, mails):
    email = address()
    register(stack, email)
    mails.wait(email)
    assert post(stack, "/v1/users/verification", {"email": email}).status_code == 202
    assert verify(stack, mails.wait(email, 2).token("verify")).status_code == 204
    assert verify(stack, mails.to(email)[0].token("verify")).status_code == 400, "the first link went with it"


def test_an_unverified_account_goes(stack, mails):
    """MongoDB removes what has expired; it looks once a minute, so here it is looked at what it will remove."""
    email = address()
    register(stack, email)
    user = stack.db.users.find_one({"email": email})
    assert 86000 < user["expires"].timestamp() - time.time() <= 86400
    ttl = [i for i in stack.db.users.list_indexes() if i["name"] == "expires"]
    assert ttl[0]["expireAfterSeconds"] == 0
    verify(stack, mails.wait(email).token("verify"))
    assert "expires" not in stack.db.users.find_one({"email": email})


def test_a_link_ends(stack, mails):
    email = address()
    register(stack, email)
    token = mails.wait(email).token("verify")
    user = stack.db.users.find_one({"email": email})["_id"]
    past = stack.db.users.find_one({"email": email})["created"]
    assert stack.db.links.update_many({"user": user}, {"$set": {"expires": past}}).modified_count == 1
    assert problem(verify(stack, token)) == (400, "invalid_token")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("too short", "password_too_short"),
        ("x" * 129, "password_too_long"),
        ("1q2w3e4r5t6y", "password_common"),
        ("JustinBieber", "password_common"),
        ("{local}", "password_guessable"),
        ("{email}", "password_guessable"),
        ("Pettrack2026", "password_guessable"),
    ],
)
def test_passwords_that_are_guessed_first(stack, password, code):
    email = address()
    password = password.format(email=email, local=email.partition("@")[0])
    assert problem(post(stack, "/v1/users", {"email": email, "password": password})) == (422, code)


# ---- a forgotten password ----


def ask_reset(stack, email):
    answer = post(stack, "/v1/password-resets", {"email": email})
    assert answer.status_code == 202, answer.text


def reset(stack, token, password=OTHER):
    return post(stack, "/v1/password-resets/confirm", {"token": token, "password": password})


def test_a_forgotten_password(stack, mails):
    email, token = member(stack, mails)
    ask_reset(stack, email)
    link = mails.wait(email, 2).token("reset")
    assert problem(reset(stack, link, "1q2w3e4r5t6y")) == (422, "password_common"), "and the link is still good"
    assert reset(stack, link).status_code == 204
    assert problem(reset(stack, link)) == (400, "invalid_token")
    assert get(stack, "/v1/account", token).status_code == 401, "sessions end"
    assert log_in(stack, email).status_code == 401
    assert log_in(stack, email, OTHER).status_code == 200
    assert mails.wait(email, 3).message["Subject"] == "Your password was changed"


def test_a_reset_verifies_the_address(stack, mails):
    email = address()
    register(stack, email)
    ask_reset(stack, email)
    assert reset(stack, mails.wait(email, 2).token("reset")).status_code == 204
    assert log_in(stack, email, OTHER).status_code == 200


def test_of_many_who_use_a_link_at_once_one_does(stack, mails):
    email, _ = member(stack, mails)
    ask_reset(stack, email)
    link = mails.wait(email, 2).token("reset")
    passwords = [f"password of number {i}" for i in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda p: reset(stack, link, p).status_code, passwords))
    assert sorted(answers) == [204] + [400] * 5
    assert log_in(stack, email, passwords[answers.index(204)]).status_code == 200


def test_a_link_is_of_its_kind(stack, mails):
    email = address()
    register(stack, email)
    link = mails.wait(email).token("verify")
    assert problem(reset(stack, link)) == (400, "invalid_token")
    assert problem(confirm_email(stack, link)) == (400, "invalid_token")


# ---- what one does with an account ----


def test_the_password_is_changed_with_the_old_one(stack, mails):
    email, here = member(stack, mails)
    there = token_of(stack, email)
    ask_reset(stack, email)
    link = mails.wait(email, 2).token("reset")

    def change(old, new):
        return post(stack, "/v1/account/password", {"current_password": old, "password": new}, here)

    assert problem(change(OTHER, OTHER)) == (403, "wrong_password")
    assert problem(change(PASSWORD, email)) == (422, "password_guessable")
    assert problem(post(stack, "/v1/account/password", {"password": OTHER}, here)) == (400, "missing_password")
    assert change(PASSWORD, OTHER).status_code == 204
    assert get(stack, "/v1/account", here).status_code == 200, "this session goes on"
    assert get(stack, "/v1/account", there).status_code == 401, "the others do not"
    assert log_in(stack, email).status_code == 401
    assert log_in(stack, email, OTHER).status_code == 200
    assert reset(stack, link).status_code == 400, "links that were mailed are void"
    assert mails.wait(email, 3).message["Subject"] == "Your password was changed"


def test_the_name(stack, mails):
    _, token = member(stack, mails)
    for name in ("Ø. O'B-N", None):
        answer = post(stack, "/v1/account", {"name": name}, token, "PATCH")
        assert (answer.status_code, answer.json()["name"]) == (200, name)
    assert problem(post(stack, "/v1/account", {"name": "a\nb"}, token, "PATCH")) == (422, "invalid_name")
    assert problem(post(stack, "/v1/account", {}, token, "PATCH")) == (422, "nothing_to_change")


def change_email(stack, token, email, password=PASSWORD):
    return post(stack, "/v1/account/email", {"current_password": password, "email": email}, token)


def confirm_email(stack, token, password=PASSWORD):
    return post(stack, "/v1/account/email/confirm", {"token": token, "password": password})


def test_another_address(stack, mails):
    old, token = member(stack, mails)
    new = address()
    assert problem(change_email(stack, token, new, OTHER)) == (403, "wrong_password")
    assert change_email(stack, token, new).status_code == 202
    link = mails.wait(new).token("email")
    assert mails.wait(old, 2).message["Subject"] == "Your e-mail address is to be changed"
    assert get(stack, "/v1/account", token).json()["pending_email"] == new
    ask_reset(stack, old)
    stale = mails.wait(old, 3).token("reset")
    assert confirm_email(stack, link).status_code == 204
    assert problem(confirm_email(stack, link)) == (400, "invalid_token")
    account = get(stack, "/v1/account", token).json()
    assert (account["email"], account["verified"], account["pending_email"]) == (new, True, None)
    assert log_in(stack, old).status_code == 401
    assert log_in(stack, new).status_code == 200
    assert mails.wait(old, 4).message["Subject"] == "Your e-mail address was changed"
    assert reset(stack, stale).status_code == 400, "what went to the old address is void"
    user = uuid.UUID(account["id"])
    (former,) = stack.db.users.find_one({"_id": user})["former"]
    assert former["email"] == old, "what names it is found when the account ends"
    assert post(stack, "/v1/account/deletion", {"current_password": PASSWORD}, token).status_code == 202
    assert stack.db.erasures.find_one({"user": user})["former"] == [former]


def test_an_address_that_is_taken_is_not_told(stack, mails):
    _, token = member(stack, mails)
    taken, _ = member(stack, mails)
    asked, shown = [], []
    for email in (address(), taken):
        asked.append(change_email(stack, token, email))
        account = get(stack, "/v1/account", token).json()
        assert account["pending_email"] == email
        shown.append({k: v for k, v in account.items() if k != "pending_email"})
    assert (asked[1].status_code, asked[1].text) == (asked[0].status_code, asked[0].text)
    assert asked[0].status_code == 202
    assert shown[0] == shown[1]
    mail = mails.wait(taken, 2)
    assert mail.message["Subject"] == "You already have an account"
    assert "#" not in mail.text


def test_who_gets_a_mistyped_address_does_not_get_the_account(stack, mails):
    old, token = member(stack, mails)
    new = address()
    assert change_email(stack, token, new).status_code == 202
    link = mails.wait(new).token("email")
    path = "/v1/account/email/confirm"
    assert problem(post(stack, path, {"token": link})) == (400, "missing_password")
    for wrong in (OTHER, "short", "x" * 4097):
        assert problem(confirm_email(stack, link, wrong)) == (403, "wrong_password")
    account = get(stack, "/v1/account", token).json()
    assert (account["email"], account["pending_email"]) == (old, new)
    assert confirm_email(stack, link).status_code == 204, "the link is not used up by that"


def test_an_address_that_somebody_only_began_is_free(stack, mails):
    _, token = member(stack, mails)
    email = address()
    register(stack, email, OTHER)
    assert change_email(stack, token, email).status_code == 202
    assert confirm_email(stack, mails.wait(email, 2).token("email")).status_code == 204
    assert log_in(stack, email, OTHER).status_code == 401
    assert log_in(stack, email).status_code == 200


def test_an_address_that_was_taken_meanwhile(stack, mails):
    _, token = member(stack, mails)
    email = address()
    assert change_email(stack, token, email).status_code == 202
    link = mails.wait(email).token("email")
    register(stack, email, OTHER)
    assert verify(stack, mails.wait(email, 2).token("verify"), OTHER).status_code == 204
    assert problem(confirm_email(stack, link)) == (409, "email_in_use")


def test_the_last_mail(stack, mails):
    email, token = member(stack, mails)
    assert post(stack, "/v1/account/deletion", {"current_password": PASSWORD}, token).status_code == 202
    assert mails.wait(email, 2).message["Subject"] == "Your account is deleted"
    assert log_in(stack, email).status_code == 401


# ---- who is known is not to be learnt ----

PUBLIC = [
    ("/v1/users", lambda email: {"email": email, "password": OTHER}),
    ("/v1/users/verification", lambda email: {"email": email}),
    ("/v1/password-resets", lambda email: {"email": email}),
]


@pytest.mark.parametrize(("path", "body"), PUBLIC)
def test_known_and_unknown_are_answered_the_same(stack, mails, path, body):
    known, _ = member(stack, mails)
    begun = address()
    register(stack, begun)
    answers = [post(stack, path, body(email)) for email in (known, begun, address())]
    heads = [{k: v for k, v in a.headers.items() if k.lower() != "date"} for a in answers]
    assert [(a.status_code, a.json()) for a in answers] == [(202, {"status": "accepted"})] * 3
    assert answers[0].content == answers[1].content == answers[2].content
    assert heads[0] == heads[1] == heads[2]


def operations(stack):
    """Operations on the collections of accounts, by MongoDB's own count, but for its own and the sender's."""
    top = stack.mongo.client.admin.command("top")["totals"]
    counted = {"users": ("queries", "insert", "update"), "links": ("queries", "insert", "update"), "mails": ("insert",)}
    return {f"{c}.{k}": top[f"{stack.name}.{c}"][k]["count"] for c, kinds in counted.items() for k in kinds}


@pytest.mark.parametrize(("path", "body"), PUBLIC)
def test_known_and_unknown_cost_the_same(stack, mails, path, body):
    known, _ = member(stack, mails)
    counts = []
    for email in (known, address()):
        before = operations(stack)
        assert post(stack, path, body(email)).status_code == 202
        after = operations(stack)
        counts.append({k: after[k] - before[k] for k in before})
    writes = [{k: n for k, n in c.items() if k.startswith(("links", "mails"))} for c in counts]
    assert writes[0] == writes[1] == {"links.queries": 0, "links.insert": 1, "links.update": 0, "mails.insert": 1}
    users = [(c["users.queries"], c["users.insert"] + c["users.update"]) for c in counts]
    assert users[0] == users[1]


def test_known_and_unknown_take_the_same_time(stack, mails):
    """Medians of interleaved requests: what is left is less than the spread of the same one."""
    known = [member(stack, mails)[0] for _ in range(3)]

    def seconds(email):
        start = time.perf_counter()
        assert post(stack, "/v1/password-resets", {"email": email}).status_code == 202
        return time.perf_counter() - start

    times = [(seconds(known[i % 3]), seconds(address())) for i in range(40)]
    a, b = (sorted(column) for column in zip(*times, strict=True))
    spread = max(a[30] - a[10], b[30] - b[10])
    assert abs(statistics.median(a) - statistics.median(b)) < max(2 * spread, 0.002), (a, b)


def test_a_log_in_after_a_sign_up_tells_nothing(stack, mails):
    """Whose password was right where the address was free: he who has just signed up."""
    known, _ = member(stack, mails)
    before = stack.auth.metric("pettrack_auth_logins_total", result="invalid")
    answers = []
    for email in (known, address()):
        register(stack, email, OTHER)
        answers.append(log_in(stack, email, OTHER))
    assert problem(answers[0]) == (401, "invalid_credentials")
    assert answers[0].content == answers[1].content
    assert answers[0].headers.keys() == answers[1].headers.keys()
    assert stack.auth.metric("pettrack_auth_logins_total", result="invalid") == before + 2


# ---- the mail server ----


def test_no_mail_is_lost_while_the_server_is_away(stack, mails):
    email = address()
    mails.stop()
    try:
        register(stack, email)
        wait_until(lambda: "smtp" in missing(stack), 10, "it says what is missing")
        assert stack.auth.is_ready()
        assert stack.auth.metric("pettrack_dependency_up", dependency="smtp") < len(processes(stack))
    finally:
        mails.start()
    assert verify(stack, mails.wait(email).token("verify")).status_code == 204
    wait_until(lambda: not missing(stack), 10, "all is there")


@pytest.mark.parametrize(("command", "status"), [("EHLO", 421), ("MAIL", 550), ("MAIL", 451), ("RCPT", 421)])
def test_a_server_that_takes_nobodys_mail_is_away(stack, mails, command, status):
    email = address()
    mails.refuse(command, status)
    attempts = mails.attempts
    register(stack, email)
    wait_until(lambda: mails.attempts >= attempts + 3, 15, "it was tried again")
    assert stack.db.mails.count_documents({"tries": {"$gt": 1}}) == 0, "and does not count as tried"
    mails.accept()
    mails.wait(email)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_what_the_server_puts_off_is_tried_later(stack, mails, command):
    email, before = address(), stack.auth.metric("pettrack_auth_mails_total", result="put_off")
    mails.refuse(command, 450)
    register(stack, email)
    wait_until(
        lambda: stack.auth.metric("pettrack_auth_mails_total", result="put_off") > before, 10, "the mail is put off"
    )
    assert not missing(stack), "the server is there"
    mails.accept()
    mails.wait(email)


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_what_the_server_refuses_is_dropped(stack, mails, command):
    email, other = address(), address()
    before = stack.auth.metric("pettrack_auth_mails_total", result="refused")
    mails.refuse(command, 550)
    register(stack, email)
    wait_until(
        lambda: stack.auth.metric("pettrack_auth_mails_total", result="refused") > before, 10, "the mail is dropped"
    )
    mails.accept()
    register(stack, other)
    mails.wait(other)
    assert mails.to(email) == []
    wait_until(lambda: stack.db.mails.count_documents({}) == 0, 10, "nothing is left")


def put_off(stack, mails, email):
    """A mail to `email` that the server has put off."""
    mails.refuse("RCPT", 450)
    register(stack, email)
    return wait_until(lambda: stack.db.mails.find_one({"tries": {"$gte": 1}, "kind": "verify"}), 10, "it was tried")[
        "_id"
    ]


@pytest.mark.parametrize(
    ("change", "result"),
    [({"tries": 19}, "gave_up"), ({"expires": datetime.datetime.now(datetime.UTC)}, "expired")],
)
def test_tries_and_age_have_an_end(stack, mails, change, result):
    email, before = address(), stack.auth.metric("pettrack_auth_mails_total", result=result)
    mail = put_off(stack, mails, email)
    stack.db.mails.update_one({"_id": mail}, {"$set": change})
    wait_until(lambda: stack.auth.metric("pettrack_auth_mails_total", result=result) > before, 20, "it is dropped")
    wait_until(lambda: not stack.db.mails.find_one({"_id": mail}), 10, "nothing is left")
    mails.accept()
    assert mails.to(email) == []


def test_what_is_queued_is_sealed(stack, mails):
    email = address()
    mails.refuse("EHLO", 421)
    register(stack, email)
    stored = wait_until(lambda: list(stack.db.mails.find()), 10, "it is queued")
    assert email.encode() not in b"".join(m["sealed"] for m in stored)
    assert b"verify" not in b"".join(m["sealed"] for m in stored)
    mails.accept()
    token = mails.wait(email).token("verify")
    assert token not in repr(list(stack.db.links.find())), "nor is a token stored"


def test_by_tls_and_password(kafka, mongo, stack, tmp_path):
    authority = Authority(tmp_path / "ca")
    server = MailServer(authority.issue("mail"), users={"pettrack": "let us in"}).start()
    ours = {"AUTH_SMTP_CA_FILE": str(authority.certificate), "AUTH_SMTP_USER": "pettrack"}
    settings = {
        **server.settings,
        **ours,
        "AUTH_SMTP_PASSWORD": "let us in",
        "MONGODB_URI": mongo.uri(stack.name + "s"),
    }
    email = address()
    try:
        program = stack.add_auth(**settings, AUTH_ROLES="registration,authentication")
        body = {"email": email, "password": PASSWORD}
        assert requests.post(program.url("/v1/users"), json=body, timeout=30).status_code == 202
        mail = server.wait(email)
        assert (mail.tls, mail.user) == (True, "pettrack")
        assert program.stop() == 0
        for wrong in ({"AUTH_SMTP_PASSWORD": "let us out"}, {**ours, "AUTH_SMTP_CA_FILE": "/dev/null"}):
            program.start(**{**settings, **wrong})
            wait_until(lambda: program.ops("/readyz").json()["degraded"]["smtp"], 10, "it says why")
            assert program.stop() == 0
    finally:
        server.stop()


def test_no_encryption_no_mail(stack, mails):
    """AUTH_SMTP_STARTTLS is true unless it is set otherwise: a token is worth an account."""
    program = stack.add_auth(AUTH_SMTP_STARTTLS="true", AUTH_ROLES="registration")
    wait_until(lambda: "smtp" in program.ops("/readyz").json().get("degraded", {}), 10, "it is not sent in the clear")
    assert program.stop() == 0


# ---- invitations ----


@pytest.fixture(scope="module")
def club(stack):
    """A further process, where nobody registers uninvited."""
    program = stack.add_auth(AUTH_SIGN_UP="invitation", AUTH_ROLES="registration")
    yield program
    program.stop()


def join(club, email, invitation=None, password=PASSWORD):
    body = {"email": email, "password": password} | ({"invitation": invitation} if invitation else {})
    return requests.post(club.url("/v1/users"), json=body, timeout=30)


def test_an_invitation_is_good_for_one_address(stack, mails, club):
    _, token = member(stack, mails)
    made = post(stack, "/v1/invitations", {}, token)
    assert made.status_code == 201
    invitation = made.json()["invitation"]
    assert made.json()["url"] == f"https://pets.example.org/#invitation={invitation}"
    first, second = address(), address()
    assert problem(join(club, first)) == (403, "invitation_required")
    assert problem(join(club, first, "x" * 43)) == (403, "invalid_invitation")
    assert join(club, first, invitation).status_code == 202
    assert problem(join(club, second, invitation)) == (403, "invalid_invitation")
    assert join(club, first, invitation, OTHER).status_code == 202, "who mistyped may again"
    assert verify(stack, mails.wait(first, 2).token("verify"), OTHER).status_code == 204
    listed = get(stack, "/v1/invitations", token).json()
    assert [i["used"] for i in listed["invitations"]] == [True]
    assert invitation not in json.dumps(listed)


def test_a_known_address_uses_an_invitation_up_as_well(stack, mails, club):
    known, token = member(stack, mails)
    invitation = post(stack, "/v1/invitations", {}, token).json()["invitation"]
    assert join(club, known, invitation).status_code == 202
    assert problem(join(club, address(), invitation)) == (403, "invalid_invitation")


def test_an_invitation_for_somebody(stack, mails, club):
    by, token = member(stack, mails)
    email = address()
    made = post(stack, "/v1/invitations", {"email": email}, token).json()
    mail = mails.wait(email)
    assert made["mailed"] is True
    assert by in mail.text
    assert mail.token("invitation") == made["invitation"]
    assert problem(join(club, address(), made["invitation"])) == (403, "invalid_invitation")
    assert join(club, email, made["invitation"]).status_code == 202


def test_a_user_has_few_invitations_and_takes_them_back(stack, mails, club):
    _, token = member(stack, mails)
    made = [post(stack, "/v1/invitations", {}, token).json() for _ in range(2)]
    assert problem(post(stack, "/v1/invitations", {}, token)) == (409, "too_many_invitations")
    _, stranger = member(stack, mails)
    path = f"/v1/invitations/{made[0]['id']}"
    assert post(stack, path, None, stranger, "DELETE").status_code == 404
    assert post(stack, path, None, token, "DELETE").status_code == 204
    assert post(stack, path, None, token, "DELETE").status_code == 404
    assert problem(join(club, address(), made[0]["invitation"])) == (403, "invalid_invitation")
    assert post(stack, "/v1/invitations", {}, token).status_code == 201


def test_a_service_invites(stack, mails, club):
    asked = {"grant_type": "client_credentials"}
    service = requests.post(stack.auth.url("/v1/oauth/token"), data=asked, auth=OPERATOR, timeout=30)
    token = service.json()["access_token"]
    made = post(stack, "/internal/v1/invitations", {"expires_in": 60}, token)
    assert made.status_code == 201
    assert join(club, address(), made.json()["invitation"]).status_code == 202
    expired = post(stack, "/internal/v1/invitations", {"expires_in": 1}, token).json()["invitation"]
    wait_until(lambda: join(club, address(), expired).status_code == 403, 10, "the invitation has ended")
    _, person = member(stack, mails)
    assert post(stack, "/internal/v1/invitations", {}, person).status_code == 403


def test_whoever_runs_it_invites(stack, mails, club):
    """`pettrack invite`, and with an address that gets a mail."""
    email = address()
    client = {"AUTH_URL": stack.auth.inside_url, "CLIENT_ID": OPERATOR[0]}
    env = clean_environment({**client, "CLIENT_SECRET": OPERATOR[1]})
    command = [binary(CLI), "invite", email, "--expires-in", "1h"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    token = mails.wait(email).token("invitation")
    assert f"#invitation={token}\n" in done.stdout
    assert join(club, email, token).status_code == 202
    assert subprocess.run([binary(CLI), "invite"], env=clean_environment(client), timeout=30).returncode == 2


def test_the_invited_register_by_the_command_line(stack, mails, tmp_path):
    program, email = stack.add_auth(AUTH_SIGN_UP="invitation"), address()
    _, token = member(stack, mails)
    invitation = post(stack, "/v1/invitations", {}, token).json()["invitation"]
    env = {"PETTRACK_AUTH_URL": program.url(), "PETTRACK_EMAIL": email, "PETTRACK_PASSWORD": PASSWORD}

    def log_in(*arguments, **more):
        told = clean_environment({**env, "HOME": str(tmp_path), **more})
        return subprocess.run([binary(CLI), "login", *arguments], env=told, capture_output=True, text=True, timeout=30)

    uninvited = log_in("--register")
    assert uninvited.returncode == 1
    assert "invitation" in uninvited.stderr
    early = log_in("--register", PETTRACK_INVITATION=invitation)
    assert early.returncode == 1, "the address is not verified yet"
    assert invitation not in early.stdout + early.stderr
    assert verify(stack, mails.wait(email).token("verify"), PASSWORD).status_code == 204
    assert f"Logged in as {email}." in log_in().stdout
    assert program.stop() == 0


def test_closed(stack):
    program = stack.add_auth(AUTH_SIGN_UP="closed", AUTH_ROLES="registration")
    assert problem(join(program, address())) == (403, "sign_up_closed")
    assert program.stop() == 0


# ---- settings, logs ----


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"AUTH_SMTP_URL": ""}, "AUTH_SMTP_URL"),
        ({"AUTH_PUBLIC_URL": ""}, "AUTH_PUBLIC_URL"),
        ({"AUTH_MASTER_SECRET": "", "AUTH_ROLES": "registration"}, "AUTH_MASTER_SECRET"),
        ({"AUTH_MAIL_FROM": "us@x\r\nBcc: a@b"}, "AUTH_MAIL_FROM"),
        ({"AUTH_SMTP_URL": "smtp://u:p@127.0.0.1"}, "AUTH_SMTP_PASSWORD"),
        ({"AUTH_SIGN_UP": "sometimes"}, "AUTH_SIGN_UP"),
    ],
)
def test_settings_that_cannot_be(stack, settings, named, tmp_path):
    program = Program("auth", tmp_path, {**stack.env, **settings})
    assert program.run() == 2
    assert named in program.log.read_text()


def test_without_mail_it_is_as_ever(kafka, mongo, stack):
    """Accounts are of use at once, and what needs a mail says so, for known and unknown addresses alike."""
    mailless = {name: "" for name in ("AUTH_SMTP_URL", "AUTH_PUBLIC_URL")}
    settings = {**mailless, "AUTH_VERIFY_EMAIL": "false", "MONGODB_URI": mongo.uri(stack.name + "w")}
    program = stack.add_auth(**settings, AUTH_ROLES="registration,authentication")
    email = address()
    body = {"email": email, "password": PASSWORD}
    assert requests.post(program.url("/v1/users"), json=body, timeout=30).status_code == 202
    assert requests.post(program.url("/v1/sessions"), json=body, timeout=30).status_code == 200
    for one in (email, address()):
        for path in ("/v1/password-resets", "/v1/users/verification"):
            answer = requests.post(program.url(path), json={"email": one}, timeout=30)
            assert problem(answer) == (501, "mail_not_configured")
    assert program.stop() == 0


def test_no_secret_is_logged(stack, mails):
    """After all of the above: no token, no password, no address."""
    tokens = [word for mail in mails.mails for word in mail.text.split() if "#" in word]
    assert len(tokens) > 10
    log = "".join(program.log.read_text() for program in processes(stack))
    for secret in [t.partition("=")[2] for t in tokens] + [PASSWORD, OTHER, "@example.org"]:
        assert secret not in log
