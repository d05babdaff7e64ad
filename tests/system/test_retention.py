"""`pettrack retention`: what is older than a device's limit goes, and nothing else; what auth knows of limits."""

import datetime
import json
import os
import signal
import subprocess
import uuid

import pytest
import requests
from support.people import User
from support.ports import free_port
from support.programs import CLI, binary, clean_environment
from support.waiting import wait_until

DAY = datetime.timedelta(days=1)
MS = datetime.timedelta(milliseconds=1)
NEIGHBOURS = 3  # documents that MongoDB looks at beside a range to find its ends


def today():
    return datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class Kept:
    """A stack whose histories are written straight into MongoDB."""

    def __init__(self, stack):
        self.stack, self.db = stack, stack.db
        self.owner = stack.user()

    def add(self, days=None, times=()):
        """A device with a limit and a history; its newest position is in `latest`, too."""
        body = {"name": "Collar"} if days is None else {"name": "Collar", "retention_days": days}
        answer = self.owner.auth("POST", "/v1/devices", json=body)
        assert answer.status_code == 201, answer.text
        device = uuid.UUID(answer.json()["id"])
        self.write(device, times)
        return device

    def write(self, device, times):
        if times:
            self.db.positions.insert_many([{"_id": {"d": device, "t": t}, "lat": 50.1, "lon": -5.1} for t in times])
            self.db.latest.replace_one({"_id": device}, {"time": max(times)}, upsert=True)

    def times(self, device):
        end = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)
        begin = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
        found = self.db.positions.find({"_id": {"$gte": {"d": device, "t": begin}, "$lt": {"d": device, "t": end}}})
        return [p["_id"]["t"] for p in found.sort("_id")]

    def has_latest(self, device):
        return self.db.latest.count_documents({"_id": device}) == 1

    def begin(self, *arguments, **env):
        return subprocess.Popen(
            [str(binary(CLI)), "retention", *map(str, arguments)],
            env=clean_environment(
                {
                    "AUTH_URL": self.stack.auth.inside_url,
                    "CLIENT_SECRET": self.stack.retention_secret,
                    "MONGODB_URI": self.stack.env["MONGODB_URI"],
                    "LOG_FORMAT": "json",
                    **env,
                }
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *arguments, status=0, **env):
        """What it prints, and its log."""
        process = self.begin(*arguments, **env)
        out, err = process.communicate(timeout=120)
        assert process.returncode == status, f"{process.returncode}\n{out}{err}"
        return out, [json.loads(line) for line in err.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def stack_programs():
    return ("auth", "writer")


@pytest.fixture(scope="module")
def collections(stack):
    wanted = {"positions", "latest", "erased_devices"}
    wait_until(lambda: wanted <= set(stack.db.list_collection_names()), 30, "the writer has made its collections")
    return ["devices", *sorted(wanted)]


@pytest.fixture
def kept(stack, collections):
    """No device, no history, and an owner."""
    stack.auth.wait_ready()
    for name in collections:
        stack.db[name].delete_many({})
    return Kept(stack)


@pytest.fixture
def before_the_writer(make_stack):
    """Of a stack of its own, whose writer has yet to start."""
    return Kept(make_stack(programs=("auth",)))


def around(day):
    return [day - 400 * DAY, day - DAY, day - MS, day, day + MS, day + 3 * DAY]


def events(log, event):
    return [line for line in log if line["event"] == event]


def until_the_day_is_the_same(attempt):
    """Limits count from midnight, UTC; an attempt over midnight says nothing."""
    while True:
        day = today()
        result = attempt(day)
        if today() == day:
            return result


def test_only_what_is_older_goes(kept):
    def attempt(day):
        month, two = around(day - 30 * DAY), around(day - 2 * DAY)
        limited, short = kept.add(30, month), kept.add(2, two)
        unlimited, unknown = kept.add(None, month), uuid.uuid4()
        kept.write(unknown, month)
        old = kept.add(1, [day - 900 * DAY, day - 800 * DAY])

        _, log = kept.run()
        return [
            (kept.times(limited), month[3:]),
            (kept.times(short), two[3:]),
            (kept.times(unlimited), month),
            (kept.times(unknown), month),
            (kept.times(old), []),
            (kept.has_latest(old), True),
            ([e["positions"] for e in events(log, "history cut") if e["device"] == str(limited)], [3]),
        ]

    for seen, wanted in until_the_day_is_the_same(attempt):
        assert seen == wanted

    _, log = kept.run()
    assert events(log, "history cut") == []
    assert events(log, "done")[0]["positions"] == 0


def test_a_limit_for_those_that_say_nothing(kept):
    def attempt(day):
        times = around(day - 30 * DAY)
        own, none = kept.add(20, times), kept.add(None, times)
        kept.run("--days", 30)
        return (kept.times(own), [t for t in times if t >= day - 20 * DAY]), (kept.times(none), times[3:])

    for seen, wanted in until_the_day_is_the_same(attempt):
        assert seen == wanted


def test_a_dry_run_counts_and_deletes_nothing(kept):
    times = [today() - n * DAY for n in range(40, 50)]
    device, young = kept.add(30, times), kept.add(30, [today()])
    gone = uuid.uuid4()
    kept.write(gone, times[:4])
    out, log = kept.run("--dry-run", "--erase-unknown")
    assert f"{device}  10 positions before " in out
    assert f"{gone}  4 positions, unknown to auth" in out
    assert str(young) not in out
    assert "14 positions of 2 devices would be deleted." in out
    assert not events(log, "history cut") and not events(log, "history erased")
    assert len(kept.times(device)) == 10 and len(kept.times(gone)) == 4 and kept.has_latest(gone)


def test_each_command_is_a_bounded_clustered_range(before_the_writer):
    """As MongoDB's profiler saw them: nothing outside a piece was looked at."""
    kept = before_the_writer
    kept.run()  # no history yet, and no collection
    assert "positions" not in kept.db.list_collection_names()
    kept.stack.programs.append(kept.stack.writer.start())
    wait_until(lambda: "positions" in kept.db.list_collection_names(), 30, "the writer has made its collection")
    devices = [kept.add(30, [today() - n * DAY for n in range(20, 60)]) for _ in range(3)]
    kept.db.command("profile", 2)
    try:
        kept.run("--batch", 7)
    finally:
        kept.db.command("profile", 0)
    assert all(len(kept.times(device)) in (10, 11) for device in devices)

    seen = list(
        kept.db["system.profile"].find({"ns": f"{kept.stack.name}.positions", "op": {"$in": ["remove", "query"]}})
    )
    removed = [op for op in seen if op["op"] == "remove"]
    found = [op for op in seen if op["op"] == "query"]
    assert sum(op["ndeleted"] for op in removed) == 40 * 3 - sum(len(kept.times(device)) for device in devices)
    for op in seen:
        assert op["planSummary"].startswith("CLUSTERED_IXSCAN"), op
    for op in removed:
        assert op["ndeleted"] <= 7 and op["docsExamined"] <= op["ndeleted"] + NEIGHBOURS, op
    assert found and all(op["docsExamined"] <= 7 + NEIGHBOURS for op in found)


def test_the_rate_is_kept(kept):
    kept.add(1, [today() - n * DAY for n in range(10, 25)])
    begun = datetime.datetime.now()
    kept.run("--batch", 5, "--rate", 10)
    assert (datetime.datetime.now() - begun).total_seconds() >= 1.5


def test_told_to_stop_it_leaves_the_rest_for_the_next_time(kept):
    times = [today() - n * DAY for n in range(100, 160)]
    device = kept.add(1, times)
    process = kept.begin("--batch", 1, "--rate", 5)
    wait_until(lambda: len(kept.times(device)) < 60, 30, "it has begun")
    os.kill(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "told to stop" in err
    left = kept.times(device)
    assert 0 < len(left) < 60
    assert left == sorted(times)[-len(left) :], "from the oldest on"
    kept.run()
    assert kept.times(device) == []


def test_a_server_that_is_away_for_a_while_is_waited_for(kept):
    device = kept.add(1, [today() - n * DAY for n in range(100, 130)])
    process = kept.begin("--batch", 1, "--rate", 10)
    wait_until(lambda: len(kept.times(device)) < 30, 30, "it has begun")
    kept.stack.mongo.kill9()
    kept.stack.mongo.start()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert kept.times(device) == []


def test_what_auth_does_not_know_is_erased_when_asked(kept):
    times = [today() - n * DAY for n in range(3)]
    here, other, gone = kept.add(None, times), kept.add(None, times), uuid.uuid4()
    kept.write(gone, times)
    kept.run()
    assert len(kept.times(gone)) == 3 and kept.has_latest(gone), "not without being asked"

    _, log = kept.run("--erase-unknown")
    assert kept.times(gone) == [] and not kept.has_latest(gone)
    assert len(kept.times(here)) == len(kept.times(other)) == 3
    assert kept.has_latest(here) and kept.has_latest(other)
    assert [e["device"] for e in events(log, "history erased")] == [str(gone)]


def test_nothing_is_erased_by_the_word_of_an_auth_that_knows_nobody(kept):
    stored = [uuid.uuid4() for _ in range(3)]
    for device in stored:
        kept.write(device, [today()])
    _, log = kept.run("--erase-unknown", "--unknown-max", 100, status=1)
    assert "nothing is erased" in log[-2]["event"] or "nothing is erased" in log[-1]["event"]
    assert all(kept.times(device) and kept.has_latest(device) for device in stored)


def test_nothing_is_erased_when_most_are_unknown(kept):
    known, stored = kept.add(None, [today()]), [uuid.uuid4() for _ in range(2)]
    for device in stored:
        kept.write(device, [today()])
    kept.run("--erase-unknown", status=1)
    assert all(kept.times(device) for device in stored)
    kept.run("--erase-unknown", "--unknown-max", 100)
    assert not any(kept.times(device) for device in stored)
    assert kept.times(known) == [today()] and kept.has_latest(known)


def test_many_devices_over_many_pages(kept):
    """More than a page of auth's list; written there, since adding them one by one takes long."""
    template = kept.db.devices.find_one({"_id": kept.add(None)}, {"event": 0})
    ids = [uuid.uuid4() for _ in range(1200)]
    kept.db.devices.insert_many(
        [
            {
                **{k: v for k, v in template.items() if k != "event"},
                "_id": d,
                "identifier": f"i{n}",
                "retention_days": 7,
            }
            for n, d in enumerate(ids)
        ]
    )
    kept.db.positions.insert_many([{"_id": {"d": d, "t": today() - 20 * DAY}} for d in ids])
    _, log = kept.run("--rate", 0)
    assert events(log, "done")[0]["devices"] == 1201
    assert events(log, "done")[0]["positions"] == 1200
    assert kept.db.positions.count_documents({}) == 0


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"AUTH_URL": f"http://127.0.0.1:{free_port()}"}, "auth does not list"),
        ({"CLIENT_SECRET": "not the right one, not the right one"}, "auth does not list"),
        ({"MONGODB_URI": f"mongodb://127.0.0.1:{free_port()}/x?serverSelectionTimeoutMS=300"}, "MongoDB"),
    ],
)
def test_a_server_that_is_away_fails_it(kept, env, said):
    device = kept.add(1, [today() - 9 * DAY])
    _, log = kept.run("--patience", "300ms", status=1, **env)
    assert any(said in line["event"] for line in log), log
    assert len(kept.times(device)) == 1


def test_it_asks_for_its_secret(kept):
    process = kept.begin(CLIENT_SECRET="")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "CLIENT_SECRET is required" in err


# ---- what auth knows of limits ----


def device_of(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_limit_is_set_shown_changed_and_taken_away(owner):
    made = device_of(owner.auth("POST", "/v1/devices", json={"name": "Collar", "retention_days": 3650}), 201)
    assert made["retention_days"] == 3650
    path = f"/v1/devices/{made['id']}"
    assert device_of(owner.auth("GET", path))["retention_days"] == 3650
    assert device_of(owner.auth("PATCH", path, json={"retention_days": 1}))["retention_days"] == 1
    assert device_of(owner.auth("PATCH", path, json={"name": "Bell"}))["retention_days"] == 1
    assert device_of(owner.auth("PATCH", path, json={"retention_days": None}))["retention_days"] is None
    listed = device_of(owner.auth("GET", "/v1/devices"))["devices"]
    assert [(d["name"], d["retention_days"]) for d in listed] == [("Bell", None)]
    none = device_of(owner.auth("POST", "/v1/devices", json={"name": "Collar", "retention_days": None}), 201)
    assert none["retention_days"] is None


@pytest.mark.parametrize("days", [0, -1, 3651, 2**40, 1.5, "30", True, [30]])
def test_a_limit_that_is_none(owner, days):
    device = owner.add_device()
    for answer in (
        owner.auth("POST", "/v1/devices", json={"name": "Collar", "retention_days": days}),
        owner.auth("PATCH", f"/v1/devices/{device.id}", json={"retention_days": days}),
    ):
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "invalid_retention"
    assert len(device_of(owner.auth("GET", "/v1/devices"))["devices"]) == 1


def service_token(stack, client, secret):
    answer = requests.post(
        stack.auth.url("/v1/oauth/token"), data={"grant_type": "client_credentials"}, auth=(client, secret), timeout=10
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def all_devices(stack, token, **params):
    return requests.get(
        stack.auth.url("/internal/v1/devices"),
        params=params,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def test_the_list_of_all_in_pages(kept):
    token = service_token(kept.stack, "retention", kept.stack.retention_secret)
    assert all_devices(kept.stack, token).json() == {"devices": [], "next": None}
    other = kept.stack.user()
    wanted = {str(kept.add(days)): days for days in (None, 7, 365)}
    foreign = other.add_device()
    wanted[foreign.id] = None
    gone = kept.add(9)
    assert kept.owner.auth("DELETE", f"/v1/devices/{gone}").status_code == 204

    seen, cursor, pages = [], None, 0
    while True:
        page = all_devices(kept.stack, token, limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen, cursor, pages = seen + page["devices"], page["next"], pages + 1
        if cursor is None:
            break
    assert pages == 3  # the second was full: only a look behind it shows that there is nothing more
    assert {d["id"]: d["retention_days"] for d in seen} == wanted
    assert [d["id"] for d in seen] == sorted(wanted)
    assert all(set(d) == {"id", "retention_days"} for d in seen)


def test_the_list_of_all_is_not_for_everybody(kept):
    user, gateway = User(kept.stack), kept.stack.secrets[0]
    user.register()
    user.login()
    assert user.auth("GET", "/internal/v1/devices").status_code in (401, 403)
    assert all_devices(kept.stack, service_token(kept.stack, "gateway", gateway)).status_code == 403
    token = service_token(kept.stack, "retention", kept.stack.retention_secret)
    for params in ({"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"cursor": "x"}):
        assert all_devices(kept.stack, token, **params).status_code == 400, params
