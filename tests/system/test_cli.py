"""`pettrack seed` and `pettrack simulate` as containers run them: by environment, with nothing to write to."""

import contextlib
import json
import os
import signal
import subprocess
import uuid

import pytest
from support.people import User
from support.programs import CLI, binary, clean_environment
from support.times import now_ms, parse_time
from support.waiting import wait_until


class Keeper:
    """The owner whose pets are played, as the commands' environment has it; as a REST client, `.user`."""

    def __init__(self, stack, tmp_path):
        self.stack = stack
        self.email = f"demo-{uuid.uuid4()}@example.org"
        password = tmp_path / "password"
        password.write_text("a password of the demo\n")
        self.env = {
            "PETTRACK_AUTH_URL": stack.auth.url(),
            "PETTRACK_GATEWAY": f"127.0.0.1:{stack.gateway.ports['osmand']}",
            "PETTRACK_EMAIL": self.email,
            "PETTRACK_PASSWORD_FILE": str(password),
            "PETTRACK_REGISTER": "true",
            "HOME": "/proc/nowhere",
            "LOG_FORMAT": "json",
        }
        self.user = User(stack, email=self.email, password="a password of the demo")

    def run(self, *arguments, **env):
        return subprocess.run(
            [str(binary(CLI)), *map(str, arguments)],
            env=clean_environment({**self.env, **env}),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    @contextlib.contextmanager
    def running(self, *arguments, **env):
        process = subprocess.Popen(
            [str(binary(CLI)), *map(str, arguments)],
            env=clean_environment({**self.env, **env}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def devices(self):
        return {d["name"]: d for d in self.user.auth("GET", "/v1/devices", params={"limit": 100}).json()["devices"]}

    def latest_ms(self, device):
        answer = self.user.query(f"/v1/latest/{device['id']}")
        return parse_time(answer.json()["time"]) if answer.status_code == 200 else 0

    def moves_on(self, device, since):
        return wait_until(
            lambda: self.latest_ms(device) > since and self.latest_ms(device), 60, f"{device['name']} moves on"
        )


@pytest.fixture
def keeper(stack, tmp_path):
    return Keeper(stack, tmp_path)


def told_to_stop(process):
    os.kill(process.pid, signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    return out


def seed(keeper, *arguments, pets=4, days=2):
    query = keeper.stack.query.url()
    done = keeper.run("seed", "--pets", pets, "--days", days, "--query-url", query, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_seeded_pets_go_on_moving_and_nothing_is_made_twice(keeper):
    assert seed(keeper)["trackers"] == 4
    pets = keeper.devices()
    assert len(pets) == 4

    simulate = ("simulate", "--trackers", 2, "--interval", "1s")
    for _ in range(2):  # it is started again some day
        begun = now_ms()
        with keeper.running(*simulate) as moving:
            first, second = list(pets.values())[:2]
            names = list(pets)
            assert names[:2] == ["Misty", "Bruno"]
            keeper.moves_on(first, begun)
            keeper.moves_on(second, begun)
            assert "2 trackers" in told_to_stop(moving)
    assert {n: d["id"] for n, d in keeper.devices().items()} == {n: d["id"] for n, d in pets.items()}
    assert keeper.latest_ms(pets[names[2]]) < begun, "only two were to move"


def all_stored(keeper, acked):
    """Waits until so many positions of the keeper's are stored; the times of each device."""

    def stored():
        times = {}
        for device in keeper.devices().values():
            found = keeper.stack.db.positions.find({"_id.d": uuid.UUID(device["id"])}).sort("_id")
            times[device["name"]] = [p["_id"]["t"] for p in found]
        return times if sum(map(len, times.values())) >= acked else None

    return wait_until(stored, 30, f"{acked} positions are stored")


def test_seeded_again_only_what_is_missing_is_sent(keeper):
    first = seed(keeper, pets=3)
    assert first["acked"] > 60
    before = all_stored(keeper, first["acked"])
    again = seed(keeper, pets=3)
    assert (again["acked"], again["trackers"]) == (0, 0)
    assert all_stored(keeper, 1) == before

    longer = seed(keeper, pets=3, days=5)
    assert longer["acked"] > 60
    after = all_stored(keeper, first["acked"] + longer["acked"])
    assert sum(map(len, after.values())) == first["acked"] + longer["acked"], "nothing was sent twice"
    for name, times in before.items():
        assert after[name][-len(times) :] == times, "what is new lies before it"
        assert len(after[name]) > len(times)

    device = keeper.devices()["Misty"]
    newest = after["Misty"][len(after["Misty"]) // 2]
    keeper.stack.db.positions.delete_many({"_id.d": uuid.UUID(device["id"]), "_id.t": {"$gt": newest}})
    assert seed(keeper, pets=3, days=5)["trackers"] == 1
    assert all_stored(keeper, first["acked"] + longer["acked"])["Misty"] == after["Misty"]


def test_pets_that_move_are_left_alone_by_a_seed_beside_them(keeper):
    """Nobody loses a secret: the simulator goes on."""
    seed(keeper)
    with keeper.running("simulate", "--trackers", 2, "--interval", "1s", "--json") as moving:
        misty = keeper.devices()["Misty"]
        keeper.moves_on(misty, now_ms())
        kept = keeper.stack.db.devices.find_one({"_id": uuid.UUID(misty["id"])})["secret"]
        assert seed(keeper)["trackers"] == 0
        assert keeper.stack.db.devices.find_one({"_id": uuid.UUID(misty["id"])})["secret"] == kept
        keeper.moves_on(misty, now_ms())
        result = json.loads(told_to_stop(moving))
    assert result["renewed"] == 0


def test_both_may_begin_at_once(keeper):
    """Each pet is made once, and whoever loses its secret to the other goes on with a new one."""
    query = keeper.stack.query.url()
    with (
        keeper.running("seed", "--pets", 3, "--days", 2, "--query-url", query, "--patience", 3) as seeding,
        keeper.running("simulate", "--trackers", 3, "--interval", "1s", "--patience", 5) as moving,
    ):
        out, err = seeding.communicate(timeout=300)
        assert seeding.returncode == 0, out + err
        pets = keeper.user.auth("GET", "/v1/devices").json()["devices"]
        assert sorted(pet["name"] for pet in pets) == ["Bruno", "Misty", "Tiger"]
        for pet in pets:
            keeper.moves_on(pet, now_ms())
        told_to_stop(moving)
    wait_until(lambda: all(len(t) > 20 for t in all_stored(keeper, 1).values()), 30, "the days of all are stored")


def test_a_pet_whose_secret_another_has_replaced_moves_again(keeper):
    with keeper.running("simulate", "--trackers", 1, "--interval", "1s", "--patience", 3) as moving:
        device = wait_until(lambda: next(iter(keeper.devices().values()), None), 30, "there is a device")
        keeper.moves_on(device, 0)
        assert keeper.user.auth("POST", f"/v1/devices/{device['id']}/secret").status_code == 200
        since = now_ms()
        keeper.moves_on(device, since + 1000)
        told_to_stop(moving)


def test_it_waits_for_an_auth_that_starts_with_it(keeper):
    keeper.stack.auth.stop()
    with keeper.running("simulate", "--trackers", 1, "--interval", "1s") as moving:
        assert "waiting for auth" in moving.stderr.readline()
        keeper.stack.auth.start()
        device = wait_until(lambda: next(iter(keeper.devices().values()), None), 30, "there is a device")
        keeper.moves_on(device, 0)
        told_to_stop(moving)
