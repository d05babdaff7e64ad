"""Auth's roles as three users of MongoDB with the rights of docs/IDENTITY.md and no others, which suffice."""

import itertools
import json
import secrets

import pytest
import requests
from pymongo.errors import OperationFailure
from support import runbook
from support.people import User
from support.programs import Program, role_paths, three_auths
from support.secure import GuardedMongo
from support.three import ROLES
from support.waiting import wait_until

DATABASE = "pettrack"
GATEWAY = ("gateway", secrets.token_urlsafe(24))
# What each action is tried by, in a database that nobody uses.
TRIALS = {
    "find": lambda c: c.find_one({}),
    "insert": lambda c: c.insert_one({}),
    "update": lambda c: c.update_one({}, {"$set": {"a": 1}}),
    "remove": lambda c: c.delete_one({}),
}


@pytest.fixture(scope="module")
def mongo(tmp_path_factory):
    """With a user for each role."""
    server = GuardedMongo(tmp_path_factory.mktemp("mongod"), secrets.token_hex(16))
    try:
        server.start()
        runbook.create_role_users(server.client, server.password, "")
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def env(kafka, mongo, tmp_path_factory):
    """Topics, collections and indexes are made, by who may, and nobody makes them later."""
    made = {
        "KAFKA_BROKERS": kafka.brokers,
        "KAFKA_TOPIC_PREFIX": f"rights{secrets.token_hex(4)}.",
        "MONGODB_URI": mongo.uri(DATABASE),
        "AUTH_MASTER_SECRET": secrets.token_urlsafe(32),
        "AUTH_CLIENTS": f"{GATEWAY[0]}:{GATEWAY[1]}:devices.lookup",
        "LOG_FORMAT": "json",
    }
    for role in ROLES:
        program = Program("auth", tmp_path_factory.mktemp("prepare"), {**made, "AUTH_ROLES": role}, f"prepare-{role}")
        assert program.run("--prepare") == 0, program.log.read_text()
    return {**made, "KAFKA_CREATE_TOPICS": "false", "MONGODB_CREATE_INDEXES": "false"}


@pytest.fixture(scope="module")
def auth(env, tmp_path_factory):
    three = three_auths(tmp_path_factory.mktemp("three"), env)
    try:
        yield three.start()
    finally:
        three.end()


def test_paths_are_documented():
    """All, and none that nobody serves; where they are, the longest that fits tells whose a route is."""
    documented, served = runbook.role_paths(), {role: role_paths(role) for role in ROLES}
    for role, path in [(role, path) for role, paths in served.items() for path in paths]:
        assert documented[max(below(path, documented), key=len)] == role, path
    for path, role in documented.items():
        assert any(below(route, [path]) for route in served[role]), path


def below(route, paths):
    return [path for path in paths if route == path or route.startswith(path + "/")]


class Installation:
    """What a User needs of a stack."""

    def __init__(self, auth):
        self.auth = auth


def test_each_role_does_its_work(auth):
    """Whatever else the roles do is done with the same rights by the tests of `./dev test split`."""
    owner = User(Installation(auth))
    owner.register()
    owner.login()
    device = owner.add_device()
    token = requests.post(
        auth.url("/v1/oauth/token"), data={"grant_type": "client_credentials"}, auth=GATEWAY, timeout=10
    ).json()["access_token"]
    found = requests.post(
        auth.url("/internal/v1/devices/lookup"),
        json={"identifiers": [device.identifier]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert [d["id"] for d in found.json()["devices"]] == [device.id]
    assert owner.auth("DELETE", f"/v1/devices/{device.id}").status_code == 204
    wait_until(lambda: auth.metric("pettrack_auth_events_sent_total", topic="devices") >= 2, 20, "it is told")
    assert owner.auth("DELETE", "/v1/sessions/current").status_code == 204
    assert owner.auth("GET", "/v1/devices").status_code == 401
    wait_until(lambda: auth.metric("pettrack_auth_events_sent_total", topic="access") >= 3, 20, "that, too")
    assert not [line for line in auth.log_lines if "not authorized" in json.dumps(line)]


def rights():
    return [
        pytest.param(role, collection, id=f"{role}-{collection}")
        for role, collections in runbook.role_rights().items()
        for collection in collections
    ]


def may(trial, collection):
    try:
        trial(collection)
    except OperationFailure as error:
        assert error.code == 13, error  # Unauthorized
        return False
    return True


@pytest.mark.parametrize("role,collection", rights())
def test_nothing_that_is_not_documented(mongo, role, collection):
    documented = runbook.role_rights()[role][collection]
    client = mongo.connect(runbook.role_user(role))
    allowed = [action for action, trial in TRIALS.items() if may(trial, client.trials[collection])]
    client.close()
    assert allowed == [action for action in TRIALS if action in documented]


def test_every_collection_is_documented(auth, mongo):
    """That auth has made; and one process for all roles has the rights of all, by docs/OPERATIONS.md."""
    together = {"": {"listCollections"}}
    for role, collection in itertools.product(ROLES, mongo.client[DATABASE].list_collection_names()):
        together.setdefault(collection, set()).update(runbook.role_rights()[role][collection])
    assert {c: set(actions) for c, actions in runbook.program_rights("pettrackAuth").items()} == together


@pytest.mark.parametrize(
    "role,another", [("authentication", "registration"), ("devices", "registration"), ("registration", "devices")]
)
def test_another_roles_rights_do_not_do(auth, env, mongo, tmp_path, role, another):
    """A process that is given the user of another role says what it may not do, and ends."""
    wrong = {**env, "AUTH_ROLES": role, "MONGODB_URI": mongo.uri(DATABASE, runbook.role_user(another))}
    program = Program("auth", tmp_path, wrong)
    try:
        program.spawn([program.path], env=wrong)
        assert program.process.wait(30) == 1
        assert "not authorized" in program.log.read_text()
    finally:
        program.end()
