"""All that is held of an owner, as a ZIP: whole and well-formed by readers of others, and made while it is sent."""

import io
import json
import secrets
import socket
import threading
import time
import uuid
import zipfile

import gpxpy
import pytest
import requests
from support.strangers import Stranger, share
from support.times import as_datetime, now_ms, parse_time
from support.trackers import send_osmand
from support.waiting import wait_until

START_MS = 1_767_323_045_000  # 2026-01-02T03:04:05Z
LISTS = ("account", "invitations", "sessions", "tokens", "devices", "grants", "links", "audit", "latest")
MANY = 30_000


@pytest.fixture(scope="module")
def stack_settings():
    return {"QUERY_EXPORTS": "2", "QUERY_REQUEST_TIMEOUT": "2s", "AUTH_PUBLIC_URL": "https://pets.example.org"}


def ask(user, **more):
    return user.call("GET", user.stack.query.url("/v1/export"), **more)


def export(user):
    """The archive as a dict of bytes; every entry's checksum is right."""
    answer = ask(user)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def lists(found):
    return {name: json.loads(found[f"{name}.json"]) for name in LISTS}


def fix(device, k, **more):
    at = as_datetime(START_MS + 1000 * k)
    return {"_id": {"d": device.uuid, "t": at}, "lat": 50.1703123, "lon": -5.1138456 - k * 1e-4, "received": at, **more}


def put_many(stack, device, count=MANY):
    """A history that neither compresses away nor fits the system's buffers."""
    fixes = (fix(device, k, attributes={"noise": secrets.token_urlsafe(180)}) for k in range(count))
    stack.db.positions.insert_many(fixes)


def test_all_that_is_held(stack, owner):
    friend = stack.user()
    cat = owner.add_device("Blue & <collar>", pet={"name": "Misty"})
    owner.add_device("Silent")
    theirs = friend.add_device("Theirs")
    grant = owner.auth("POST", f"/v1/devices/{cat.id}/grants", json={"email": friend.email, "rights": "view"})
    assert friend.auth("POST", f"/v1/grants/{grant.json()['id']}/accept").status_code == 204
    link = share(cat, label="Walker", live=True, history=True)
    Stranger(stack, link["token"])
    body = {"name": "script", "scopes": ["devices.read"], "expires_in_days": 1}
    token = owner.auth("POST", "/v1/tokens", json=body).json()
    stack.db.positions.insert_many([
        fix(cat, 0, altitude=31.4, speed=1.25, attributes={"steps": 12}),
        fix(cat, 10, valid=False),
        fix(cat, 20),
        fix(cat, 20 + 7200),
    ])  # fmt: skip
    at = now_ms()
    assert send_osmand(stack, cat, 50.25, -5.5, at).status_code == 200
    wait_until(lambda: len(owner.history(cat)) == 5, 20, "the last is stored")

    found = export(owner)
    have = lists(found)
    assert set(found) == {"README.txt", *(f"{name}.json" for name in LISTS)} | {
        f"positions/{device['id']}.{kind}" for device in have["devices"] for kind in ("json", "gpx")
    }
    (account,) = have["account"]
    assert (account["email"], account["name"]) == (owner.email, owner.name)
    assert [d["name"] for d in have["devices"]] == ["Blue & <collar>", "Silent"]
    assert have["devices"][0]["pet"]["name"] == "Misty"
    assert [g["email"] for g in have["grants"]] == [friend.email]
    assert [link["label"] for link in have["links"]] == ["Walker"]
    assert [t["name"] for t in have["tokens"]] == ["script"]
    assert len(have["sessions"]) == 1
    assert {"device.added", "grant.offered", "link.opened"} <= {e["event"] for e in have["audit"]}
    assert [p["device"] for p in have["latest"]] == [cat.id]

    # What is another's, and what is a secret, is not in it.
    text = b"".join(found.values()).decode()
    for secret in (theirs.id, cat.secret, owner.password, owner.tokens["refresh_token"], token["token"], link["token"]):
        assert secret not in text
    assert "argon2" not in text
    assert "password" not in json.dumps(have)

    # Positions by our own JSON, and as others read them.
    positions = json.loads(found[f"positions/{cat.id}.json"])
    assert positions == owner.history(cat)
    assert len(found[f"positions/{cat.id}.json"].splitlines()) == 2 + len(positions)
    gpx = gpxpy.parse(found[f"positions/{cat.id}.gpx"].decode())
    assert gpx.version == "1.1"
    (track,) = gpx.tracks
    assert track.name == "Blue & <collar>"
    assert [len(segment.points) for segment in track.segments] == [2, 1, 1]  # where a gap is long another begins
    points = [point for segment in track.segments for point in segment.points]
    valid = [p for p in positions if p.get("valid", True)]
    assert [(p.latitude, p.longitude, p.elevation) for p in points] == [
        (p["lat"], p["lon"], p.get("altitude")) for p in valid
    ]
    assert [round(p.time.timestamp() * 1000) for p in points] == [parse_time(p["time"]) for p in valid]

    # A device that was nowhere has an empty track; and the owner's log says that all this was taken.
    silent = have["devices"][1]["id"]
    assert json.loads(found[f"positions/{silent}.json"]) == []
    assert gpxpy.parse(found[f"positions/{silent}.gpx"].decode()).get_points_data() == []
    events = owner.auth("GET", "/v1/audit").json()["events"]
    assert [e["address"] for e in events if e["event"] == "account.exported"] == ["127.0.0.1"]


def test_lists_of_several_pages(stack, owner):
    """More than auth gives at once, each once and in order."""
    user = owner.auth("GET", "/v1/account").json()["id"]
    names = [f"Collar {k}" for k in range(450)]
    first = owner.add_device("Collar")
    pattern = stack.db.devices.find_one({"_id": first.uuid})
    assert str(pattern["owner"]) == user
    made = [
        {**pattern, "_id": uuid.uuid4(), "name": name, "identifier": f"many-{uuid.uuid4().hex}",
         "created": as_datetime(START_MS + k // 7)}
        for k, name in enumerate(names)
    ]  # fmt: skip
    stack.db.devices.insert_many(made)
    devices = lists(export(owner))["devices"]
    assert sorted(d["name"] for d in devices) == sorted([*names, "Collar"])
    assert [d["created"] for d in devices] == sorted(d["created"] for d in devices)


@pytest.mark.parametrize("scopes", [["positions.read", "devices.read", "account.read", "devices.write"]])
def test_a_limited_token_does_not_do(stack, owner, scopes):
    body = {"name": "script", "scopes": scopes, "expires_in_days": 1}
    token = owner.auth("POST", "/v1/tokens", json=body).json()["token"]
    answer = requests.get(stack.query.url("/v1/export"), headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.status_code == 403


def test_nobody_may(stack):
    assert requests.get(stack.query.url("/v1/export"), timeout=10).status_code == 401


def test_the_command_line(stack, owner, tmp_path):
    """Into a file that is there when it is whole, and whose owner alone may read it."""
    cat, file, home = owner.add_device(), tmp_path / "all.zip", {"HOME": str(tmp_path)}
    stack.cli("login", "--email", owner.email, env={**home, "PETTRACK_PASSWORD": owner.password})
    stack.cli("export", "--output", file, env=home)
    with zipfile.ZipFile(file) as archive:
        assert f"positions/{cat.id}.gpx" in archive.namelist()
    assert file.stat().st_mode & 0o777 == 0o600
    away = {**home, "PETTRACK_QUERY_URL": "http://127.0.0.1:1"}
    failed = stack.cli("export", "--output", tmp_path / "none.zip", env=away, check=False)
    assert failed.returncode == 1
    assert "no export" in failed.stderr
    assert sorted(p.name for p in tmp_path.glob("*.zip*")) == ["all.zip"]


class SlowReader:
    """Takes the head of the answer and then nothing, over a small buffer."""

    def __init__(self, user):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", user.stack.query.ports["rest"]))
        request = f"GET /v1/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\n\r\n"
        self.socket.sendall(request.encode())
        self.head = self.socket.recv(64)

    def close(self):
        self.socket.close()


def test_memory_is_bounded_and_a_cut_is_noticed(stack):
    """Two owners with long histories, whose clients do not read, and then go."""
    users = [stack.user(), stack.user()]
    for user in users:
        put_many(stack, user.add_device())
    export(stack.user())  # what a first one takes once is not counted
    before = stack.query.metric("process_resident_memory_bytes")
    readers = [SlowReader(user) for user in users]
    try:
        for reader in readers:
            assert reader.head.startswith(b"HTTP/1.1 200")
        # So many at once, and one each.
        assert ask(users[0]).status_code == 429
        busy = ask(stack.user())
        assert (busy.status_code, busy.json()["code"]) == (503, "busy")
        assert int(busy.headers["Retry-After"]) > 0
        grown = stack.query.metric("process_resident_memory_bytes") - before
        assert grown < 24 << 20, f"{grown / 2**20:.1f} MiB for two exports"
        for reader in readers:
            reader.close()
        wait_until(lambda: stack.query.metric("pettrack_api_exports_total", result="broken") >= 2, 30, "it is noticed")
    finally:
        for reader in readers:
            reader.close()
    assert set(export(users[0])) >= {"README.txt", "devices.json"}


def test_a_database_that_goes_away_in_the_middle(stack, mongo):
    """The client sees that what it has is not all."""
    user = stack.user()
    put_many(stack, user.add_device())
    broken, begun = [], threading.Event()

    def read():
        try:
            with ask(user, stream=True) as answer:
                for _ in answer.iter_content(4096):
                    begun.set()
                    time.sleep(0.01)  # a client that takes its time: the archive is not all in some buffer
        except requests.exceptions.RequestException as error:
            broken.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    failed = stack.query.metric("pettrack_api_exports_total", result="failed")
    begun.wait(30)
    mongo.kill9()
    try:
        thread.join(60)
        assert not thread.is_alive()
    finally:
        mongo.start()
    assert broken, "the client took it for whole"
    wait_until(lambda: stack.query.metric("pettrack_api_exports_total", result="failed") > failed, 20, "it is counted")
