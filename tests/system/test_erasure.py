"""The end of a device and of an account: nothing stays of it anywhere, and the receipt says when."""

import contextlib
import hashlib
import json
import secrets
import uuid

import pytest
import requests
from support.records import produce, read_topic
from support.strangers import Stranger, open_link, share
from support.times import as_datetime, now_ms
from support.trackers import send_osmand
from support.waiting import holds_for, wait_until

SETTLE = "1s"
HISTORY = 2000
PIECE = 50


@pytest.fixture(scope="module")
def stack_settings():
    """With a group for erasing of its own: writers of other tests come and go."""
    group = "erasure-" + secrets.token_hex(4)
    return {
        "AUTH_ERASURE_SETTLE": SETTLE,
        "AUTH_ERASURE_GROUP": group,
        "WRITER_ERASURE_GROUP": group,
        "WRITER_ERASURE_PIECE": str(PIECE),
        "WRITER_ERASURE_RATE": "0",
        "AUTH_PUBLIC_URL": "https://pets.example.org",
    }


def place(stack, device, count=1):
    """So many positions, the way that trackers' go."""
    for _ in range(count):
        assert send_osmand(stack, device, 50.1703, -5.1138, now_ms()).status_code == 200


def stored(stack, device):
    return stack.db.positions.count_documents({"_id.d": device.uuid}) + stack.db.latest.count_documents(
        {"_id": device.uuid}
    )


def put_history(stack, device, count=HISTORY):
    """A long history, as the writer would have stored it."""
    start = now_ms() - 1000 * count
    fixes = [
        {"_id": {"d": device.uuid, "t": as_datetime(start + 1000 * k)}, "lat": 50.1, "lon": -5.1} for k in range(count)
    ]
    stack.db.positions.insert_many(fixes)


def delete_account(user, **more):
    answer = user.auth("POST", "/v1/account/deletion", json={"current_password": user.password, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()


def receipt(stack, deletion):
    answer = requests.get(stack.auth.url(deletion["status_url"]), timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_done(stack, deletion, timeout=60):
    return wait_until(
        lambda: (found := receipt(stack, deletion))["status"] == "done" and found, timeout, "all of the account is gone"
    )


def traces(stack, *wanted):
    """{collection: documents} that have any of these texts or ids in them, wherever it is."""
    needles = [needle.bytes.hex() if isinstance(needle, uuid.UUID) else needle for needle in wanted]

    def plain(value):
        if isinstance(value, uuid.UUID):
            return value.bytes.hex()
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, dict):
            return [part for pair in value.items() for part in map(plain, pair)]
        return [plain(part) for part in value] if isinstance(value, list) else str(value)

    found = {}
    for name in stack.db.list_collection_names():
        for document in stack.db[name].find():
            text = json.dumps(plain(document))
            if any(needle in text for needle in needles):
                found.setdefault(name, []).append(document)
    return found


def user_id(user):
    return uuid.UUID(user.auth("GET", "/v1/account").json()["id"])


# ---- devices ----


def test_a_deleted_device_leaves_no_positions(stack, owner):
    gone, kept = owner.add_device("Gone"), owner.add_device("Kept")
    for device in (gone, kept):
        place(stack, device)
    put_history(stack, gone)
    wait_until(lambda: stored(stack, gone) == HISTORY + 2 and stored(stack, kept) == 2, 20, "all is stored")
    assert owner.auth("DELETE", f"/v1/devices/{gone.id}").status_code == 204
    wait_until(lambda: stored(stack, gone) == 0, 20, "all of it is erased")
    assert stored(stack, kept) == 2
    wait_until(lambda: stack.writer.metric("pettrack_writer_erased_devices_total") >= 1, 10, "it is counted")


def test_what_comes_behind_its_deletion_does_not_stay(stack, owner):
    """A flush of a gateway that is late, or a redelivery: records behind the event, of two times."""
    gone = owner.add_device("Gone")
    for _ in range(2):
        place(stack, gone)
    wait_until(lambda: stored(stack, gone) == 3, 20, "all is stored")
    records = [r for r in read_topic(stack, "positions") if r.key == gone.uuid.bytes]
    assert owner.auth("DELETE", f"/v1/devices/{gone.id}").status_code == 204
    wait_until(lambda: stored(stack, gone) == 0, 20, "it is erased")
    before = stack.writer.metric("pettrack_writer_positions_total")
    for record in records:
        produce(stack, "positions", record.key, record.value)
    wait_until(
        lambda: stack.writer.metric("pettrack_writer_positions_total") == before + 2, 20, "they have come to the writer"
    )
    wait_until(lambda: stored(stack, gone) == 0, 20, "and are erased again")
    marks = stack.db.erased_devices.find_one({"_id": gone.uuid})
    wait_until(lambda: "due" not in stack.db.erased_devices.find_one({"_id": gone.uuid}), 10, "nothing is due any more")
    assert set(marks) <= {"_id", "expires", "due"}


def test_a_writer_that_is_killed_while_it_erases(stack, owner):
    """It goes on where it was, and nobody is told before that all is gone."""
    user = stack.user()
    gone = user.add_device("Gone")
    put_history(stack, gone)
    stack.writer.restart(WRITER_ERASURE_RATE="100")
    deletion = delete_account(user)
    wait_until(lambda: stored(stack, gone) < HISTORY, 20, "some of it is gone")
    stack.writer.kill9()
    left = stored(stack, gone)
    assert 0 < left < HISTORY
    wait_until(lambda: receipt(stack, deletion)["remaining"] == ["positions"], 20, "all else is gone")
    holds_for(lambda: receipt(stack, deletion)["status"] == "running", 1.5, "the receipt is not honest")
    stack.writer.start(WRITER_ERASURE_RATE="0")
    wait_done(stack, deletion)
    assert stored(stack, gone) == 0


# ---- accounts ----


@pytest.fixture
def life(stack):
    """An account that has all that one can have."""
    with contextlib.ExitStack() as end:
        owner, friend = stack.user(), stack.user()
        given, taken = owner.add_device("Given", pet={"name": "Misty"}), friend.add_device("Taken")
        for giver, device, whom in ((owner, given, friend), (friend, taken, owner)):
            body = {"email": whom.email, "rights": "view"}
            grant = giver.auth("POST", f"/v1/devices/{device.id}/grants", json=body)
            assert grant.status_code == 202, grant.text
            assert whom.auth("POST", f"/v1/grants/{grant.json()['id']}/accept").status_code == 204
        other = friend.add_device("Offered")
        body = {"email": owner.email, "rights": "view"}
        assert friend.auth("POST", f"/v1/devices/{other.id}/grants", json=body).status_code == 202
        body = {"name": "script", "scopes": ["devices.read"], "expires_in_days": 1}
        token = owner.auth("POST", "/v1/tokens", json=body)
        assert token.status_code == 201, token.text
        link = share(given, label="Walker", live=True, history=True)
        place(stack, given, 3)
        wait_until(lambda: len(owner.history(given)) > 0, 20, "its positions are stored")
        live = end.enter_context(owner.live())
        live.subscribe("all")
        guest = end.enter_context(Stranger(stack, link["token"]).live())
        yield {
            "owner": owner, "friend": friend, "given": given, "taken": taken, "token": token.json()["token"],
            "link": link, "live": live, "guest": guest, "id": user_id(owner)}  # fmt: skip


def test_an_account_that_ends(stack, life):
    owner, friend, given = life["owner"], life["friend"], life["given"]
    tokens, person = owner.tokens, {"email": owner.email, "password": owner.password}
    assert set(traces(stack, owner.email, life["id"], given.uuid)) >= {
        "users", "sessions", "access_tokens", "devices", "grants", "share_links", "audit", "positions", "latest"
    }  # fmt: skip
    deletion = delete_account(owner)

    # At once: nobody gets in by anything.
    def refused(status, method, path, **more):
        answer = requests.request(method, stack.auth.url(path), timeout=30, **more)
        assert answer.status_code == status, answer.text

    refused(401, "POST", "/v1/sessions", json=person)
    refused(401, "POST", "/v1/sessions/refresh", json={"refresh_token": tokens["refresh_token"]})
    for bearer in (tokens["access_token"], life["token"]):
        refused(401, "GET", "/v1/devices", headers={"Authorization": f"Bearer {bearer}"})
    for stream in ("live", "guest"):
        life[stream].wait_closed(10)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    wait_until(
        lambda: requests.get(stack.query.url("/v1/latest"), headers=headers, timeout=10).status_code == 401,
        10,
        "query takes the token no more",
    )

    done = wait_done(stack, deletion)
    assert done["remaining"] == []
    assert {k: done["erased"].get(k) for k in ("sessions", "tokens", "devices", "links")} == {
        "sessions": done["erased"]["sessions"], "tokens": 1, "devices": 1, "links": 1
    }  # fmt: skip
    assert done["erased"]["grants"] == 3
    assert done["erased"]["audit_events"] > 3
    assert done["requested"] <= done["finished"] < done["expires"]
    # Nowhere, but that the writer knows by its id which device is no more.
    assert set(traces(stack, owner.email, life["id"])) == set()
    left = traces(stack, given.uuid)
    assert set(left) <= {"erased_devices", "audit"}, left
    assert all(set(d) <= {"_id", "due", "expires"} for d in left["erased_devices"])
    assert not [d for d in left.get("audit", ()) if "who" in d]  # what the friend did with it, in the friend's own log

    # Who is left has his own, and may use the address that is free.
    assert [d["name"] for d in friend.auth("GET", "/v1/devices").json()["devices"]] == ["Taken", "Offered"]
    assert friend.auth("GET", "/v1/grants?side=received").json()["grants"] == []
    again = type(owner)(stack, email=owner.email)
    again.register()
    again.login()
    assert again.auth("GET", "/v1/devices").json()["devices"] == []


def test_the_password_is_asked(stack, owner):
    for body, status in (
        ({"current_password": "not the password"}, 403),
        ({}, 400),
        ({"current_password": 7}, 400),
    ):
        answer = owner.auth("POST", "/v1/account/deletion", json=body)
        assert answer.status_code == status, answer.text
    assert owner.auth("GET", "/v1/account").status_code == 200


def test_a_limited_token_does_not_do(stack, owner):
    body = {"name": "script", "scopes": ["account.read"], "expires_in_days": 1}
    token = owner.auth("POST", "/v1/tokens", json=body).json()["token"]
    answer = requests.post(
        stack.auth.url("/v1/account/deletion"),
        json={"current_password": owner.password},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", [str(uuid.UUID(int=4 << 76 | 8 << 60)), "not-a-receipt"])
def test_no_such_receipt(stack, path):
    assert requests.get(stack.auth.url(f"/v1/erasures/{path}"), timeout=10).status_code == 404


def test_auth_that_is_killed_in_the_middle(stack):
    """It answers that it has begun, and is gone: after it has come back, all goes."""
    user = stack.user()
    device = user.add_device("Gone")
    place(stack, device)
    wait_until(lambda: stored(stack, device) == 2, 20, "it is stored")
    wanted = (user.email, user_id(user))
    deletion = delete_account(user)
    stack.auth.kill9()
    assert set(traces(stack, *wanted)) >= {"erasures"}
    stack.auth.start()
    wait_done(stack, deletion)
    assert traces(stack, *wanted) == {}
    assert stored(stack, device) == 0


@pytest.fixture
def stuck(stack):
    """More accounts than one turn takes, whose end waits: for devices whose events are not sent."""
    jobs = [(uuid.uuid4(), uuid.uuid4()) for _ in range(20)]
    stack.db.devices.insert_many([{"_id": uuid.uuid4(), "former_owner": user} for user, _ in jobs])
    common = {"requested": as_datetime(now_ms() - 3600_000), "todo": ["devices", "positions"]}
    stack.db.erasures.insert_many(
        [{"_id": job, "user": user, "email": f"{user}@example.org", **common} for user, job in jobs]
    )
    yield
    stack.db.devices.delete_many({"former_owner": {"$in": [user for user, _ in jobs]}})
    stack.db.erasures.delete_many({"_id": {"$in": [job for _, job in jobs]}})


def test_accounts_that_wait_do_not_keep_others_waiting(stack, stuck):
    user = stack.user()
    user.add_device()
    deletion = delete_account(user)
    wait_until(lambda: "devices" not in receipt(stack, deletion)["remaining"], 30, "its devices are gone")


def ago(minutes):
    return as_datetime(now_ms() - 60_000 * minutes)


def test_what_names_its_addresses_is_told_from_a_successors(stack):
    """Its address and one that it had before, which others have by now: what was made for these others stays."""
    now, before = stack.user().email, stack.user().email
    made = [(now, 1, 2), (before, 30, 31)]  # (address, minutes since it is another's, and something before that)
    gone, kept = [], []
    for email, since, earlier in made:
        name = hashlib.sha256(email.encode()).digest()
        for minutes, ids in ((earlier, gone), (since - 1, kept)):
            at = ago(minutes)
            grant, invitation, used, event = (uuid.uuid4() for _ in range(4))
            tokens = [{"token": secrets.token_bytes(32), "created": at, "expires": ago(-60)} for _ in range(2)]
            waiting = {"email": email, "rights": "view", "created": at, "expires": ago(-60)}
            stack.db.grants.insert_one({"_id": grant, "device": uuid.uuid4(), "owner": uuid.uuid4(), **waiting})
            stack.db.invitations.insert_one({"_id": invitation, "email": email, **tokens[0]})
            stack.db.invitations.insert_one({"_id": used, "used": name, **tokens[1]})
            logged = {"user": uuid.uuid4(), "event": "grant.offered", "who": email, "time": at, "expires": ago(-60)}
            stack.db.audit.insert_one({"_id": event, **logged})
            ids += [(grant, "grants"), (invitation, "invitations"), (used, "invitations"), (event, "audit")]
    receipt_id = uuid.uuid4()
    subject = {"user": uuid.uuid4(), "email": now, "former": [{"email": before, "until": ago(30)}], "requested": ago(1)}
    todo = ["registration", "authentication", "devices", "positions"]
    stack.db.erasures.insert_one({"_id": receipt_id, "todo": todo, **subject})
    wait_done(stack, {"status_url": f"/v1/erasures/{receipt_id}"})
    assert set(stack.db.erasures.find_one({"_id": receipt_id})) == {
        "_id", "requested", "finished", "expires", "erased"
    }  # fmt: skip
    left = [(stack.db[collection].find_one({"_id": key}), collection) for key, collection in gone]
    assert [document for document, collection in left if collection == "grants"] == [None, None]
    assert [document.get("who") for document, collection in left if collection == "audit"] == [None, None]
    used = [document.get("used") for document, collection in left if collection == "invitations" and document]
    assert used == [True, True], "of others' invitations only that they are used"
    for key, collection in kept:
        document = stack.db[collection].find_one({"_id": key})
        assert document and document.get("used") is not True, collection
        assert collection != "audit" or document["who"] in (now, before)


def test_nothing_is_shown_of_an_account_that_is_gone(stack, life):
    """Before the erasure has come to its links and grants: while Kafka is away, or a process with its role."""
    friend, device = life["friend"], life["given"]
    guest = Stranger(stack, life["link"]["token"])
    client, form = stack.query.env, {"grant_type": "client_credentials"}
    key = client["CLIENT_ID"], client["CLIENT_SECRET"]
    token = requests.post(stack.auth.url("/v1/oauth/token"), data=form, auth=key, timeout=10).json()["access_token"]
    service = {"Authorization": f"Bearer {token}"}

    def seen(who):
        answer = requests.get(stack.auth.url(f"/internal/v1/users/{who}/devices"), headers=service, timeout=10)
        assert answer.status_code == 200, answer.text
        return [d["id"] for d in answer.json()["devices"]]

    viewers = life["id"], user_id(friend), life["link"]["id"]
    assert all(device.id in seen(who) for who in viewers)
    path = f"/v1/devices/{device.id}"
    assert friend.auth("GET", path).status_code == 200
    gone = stack.db.users.find_one_and_delete({"_id": life["id"]})
    try:
        assert [device.id in seen(who) for who in viewers] == [False] * 3
        assert open_link(stack, life["link"]["token"]).status_code == 404
        assert friend.auth("GET", path).status_code == 404
        assert friend.auth("GET", f"{path}/grants").status_code == 404
    finally:
        stack.db.users.insert_one(gone)
    assert guest.shown["device"]["id"] == device.id and open_link(stack, life["link"]["token"]).status_code == 200


def test_a_deletion_that_began_is_answered_as_begun(stack):
    """With its receipt, though the sessions could not be ended at once: here they cannot be changed."""
    user = stack.user()
    wanted = (user.email, user_id(user))
    stack.db.command("collMod", "sessions", validator={"$expr": False})
    try:
        deletion = delete_account(user)
        assert receipt(stack, deletion)["status"] == "running"
    finally:
        stack.db.command("collMod", "sessions", validator={})
    wait_done(stack, deletion)
    assert traces(stack, *wanted) == {}


def test_the_second_factor_is_asked(stack):
    pyotp = pytest.importorskip("pyotp")
    user = stack.user()
    asked = user.auth("POST", "/v1/account/totp", json={"current_password": user.password})
    app = pyotp.TOTP(asked.json()["secret"])
    confirmed = user.auth("POST", "/v1/account/totp/confirm", json={"code": app.now()})
    assert confirmed.status_code == 200, confirmed.text
    body = {"current_password": user.password}
    answer = user.auth("POST", "/v1/account/deletion", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
    answer = user.auth("POST", "/v1/account/deletion", json={**body, "code": "000000"})
    assert (answer.status_code, answer.json()["code"]) == (403, "invalid_code")
    wait_done(stack, delete_account(user, recovery_code=confirmed.json()["recovery_codes"][0]))
