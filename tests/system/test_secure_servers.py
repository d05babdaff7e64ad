"""Kafka with TLS, users and ACLs, and MongoDB with TLS and users: what docs/OPERATIONS.md tells an operator to do."""

import json
import secrets
import subprocess

import bson
import pytest
import requests
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import TopicAuthorizationFailedError
from pymongo.errors import OperationFailure
from support import runbook
from support.people import Device
from support.programs import Program, Stack
from support.secure import ADMIN, Authority, SecureKafka, SecureMongo
from support.times import format_time, now_ms
from support.trackers import send_osmand
from support.waiting import wait_until

PROGRAMS = ("auth", "gateway", "writer", "query")
DATABASE = "pettrack"  # the one of docs/OPERATIONS.md
GROUPS = {  # of docs/OPERATIONS.md as well
    "WRITER_GROUP": "pettrack-writer",
    "WRITER_ERASURE_GROUP": "pettrack-writer-erasure",
    "AUTH_ERASURE_GROUP": "pettrack-writer-erasure",
}
NOTHING_IS_MADE = {"KAFKA_CREATE_TOPICS": "false", "MONGODB_CREATE_INDEXES": "false"}
SCRAM_SINCE = (2, 6, 1)  # librdkafka's before that is refused by Kafka 3.9 and later


class SecureStack(Stack):
    """Each program is a Kafka user and a MongoDB user of its own, and finds topics, collections and indexes made."""

    def __init__(self, kafka, mongo, folder, **env):
        super().__init__(kafka, mongo, folder, KAFKA_TOPIC_PREFIX="", **GROUPS, **NOTHING_IS_MADE, **env)

    def _program(self, kind, name=None, **more):
        own = {**self.kafka.env(f"pettrack-{kind}"), "MONGODB_URI": self.mongo.uri(DATABASE, f"pettrack-{kind}")}
        return super()._program(kind, name, **own, **more)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def kafka(authority, tmp_path_factory):
    """With the topics and the rights of docs/OPERATIONS.md."""
    users = [ADMIN, "pettrack-prepare", *(f"pettrack-{kind}" for kind in PROGRAMS)]
    server = SecureKafka(tmp_path_factory.mktemp("kafka"), authority, {name: secrets.token_hex(16) for name in users})
    try:
        server.start()
        admin = KafkaAdminClient(**server.client_settings())
        runbook.create_topics(admin, replication=1)
        admin.create_acls(runbook.rights())
        admin.close()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def mongo(authority, tmp_path_factory):
    """With the roles and users of docs/OPERATIONS.md."""
    server = SecureMongo(tmp_path_factory.mktemp("mongod"), authority, secrets.token_hex(16))
    try:
        server.start()
        runbook.create_users(server.client, server.password)
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def prepared(kafka, mongo, tmp_path_factory):
    """Collections and indexes are made by the user that may."""
    folder = tmp_path_factory.mktemp("prepare")
    for kind in ("auth", "writer"):
        env = {**kafka.env("pettrack-prepare"), "MONGODB_URI": mongo.uri(DATABASE, "pettrack-prepare")}
        program = Program(kind, folder, {**env, "LOG_FORMAT": "json", "AUTH_MASTER_SECRET": secrets.token_hex(16)})
        assert program.run("--prepare") == 0, program.log.read_text()


@pytest.fixture(scope="module")
def stack(kafka, mongo, prepared, tmp_path_factory):
    made = SecureStack(kafka, mongo, tmp_path_factory.mktemp("stack"), AUTH_ERASURE_SETTLE="0s")
    try:
        yield made.start()
    finally:
        made.remove()


def test_a_position_goes_all_the_way(stack, owner):
    cat, at = owner.add_device(), now_ms()
    with owner.live() as live:
        live.subscribe([cat])
        assert send_osmand(stack, cat, 50.1703, -5.1138, at).status_code == 200
        wait_until(lambda: live.positions(cat), 10, "the position is pushed")
    history = wait_until(lambda: owner.history(cat), 10, "the position is stored")
    assert [(p["time"], p["lat"], p["lon"]) for p in history] == [(format_time(at), 50.1703, -5.1138)]


def test_what_is_deleted_is_erased(stack, mongo):
    """The writer may, auth may see how far it is, and the receipt says so."""
    user = stack.user()
    cat = user.add_device()
    assert send_osmand(stack, cat, 50.1703, -5.1138, now_ms()).status_code == 200
    wait_until(lambda: user.history(cat), 10, "it is stored")
    answer = user.auth("POST", "/v1/account/deletion", json={"current_password": user.password})
    assert answer.status_code == 202, answer.text
    url = stack.auth.url(answer.json()["status_url"])
    wait_until(lambda: requests.get(url, timeout=10).json()["status"] == "done", 40, "all of it is gone")
    database = mongo.client[DATABASE]
    for collection, key in ((database.positions, "_id.d"), (database.latest, "_id")):
        assert collection.count_documents({key: bson.Binary.from_uuid(cat.uuid)}) == 0


def test_retention_may_delete(stack, mongo, owner):
    """With the rights of its own user, also what belongs to devices that are no more."""
    cat, gone, now, day = owner.add_device(), owner.add_device(), now_ms(), 86_400_000
    for device in (cat, gone):
        for at in (now - 10 * day, now):
            assert send_osmand(stack, device, 50.1703, -5.1138, at).status_code == 200
        wait_until(lambda device=device: len(owner.history(device)) == 2, 10, "both are stored")
    assert owner.auth("DELETE", f"/v1/devices/{gone.id}").status_code == 204
    stack.cli("retention", env={
        "AUTH_URL": stack.auth.inside_url, "CLIENT_SECRET": stack.retention_secret, "RETENTION_DAYS": "5",
        "RETENTION_ERASE_UNKNOWN": "true", "RETENTION_UNKNOWN_MAX": "100",
        "MONGODB_URI": mongo.uri(DATABASE, "pettrack-retention")})  # fmt: skip
    assert [p["time"] for p in owner.history(cat)] == [format_time(now)]
    database = mongo.client[DATABASE]
    for collection, key in ((database.positions, "_id.d"), (database.latest, "_id")):
        assert collection.count_documents({key: bson.Binary.from_uuid(gone.uuid)}) == 0


def test_unknown_trackers_are_listed_and_claimed(stack, owner):
    """Auth may write, change and remove in its list."""
    stranger = Device(None, "stranger-" + secrets.token_hex(4), "none", owner)
    assert send_osmand(stack, stranger, 50.1703, -5.1138, now_ms()).status_code == 400
    env = {"AUTH_URL": stack.auth.inside_url, "CLIENT_SECRET": stack.operator_secret}

    def listed():
        found = json.loads(stack.cli("device", "unknown", "--json", env=env).stdout)
        return next((d for d in found if d["identifier"] == stranger.identifier), None)

    code = wait_until(listed, 20, "the gateway has told of it")["code"]
    claim = {"name": "Collar", "identifier": stranger.identifier}
    assert owner.auth("POST", "/v1/devices", json={**claim, "code": "00000000"}).status_code == 403
    assert owner.auth("POST", "/v1/devices", json={**claim, "code": code}).status_code == 201
    assert listed() is None


def test_what_nobody_was_granted_is_refused(kafka, mongo, stack):
    """The rights are checked at all: one that is not in the document, of each server."""
    gateway = {**kafka.client_settings(), "sasl_plain_username": "pettrack-gateway"}
    gateway["sasl_plain_password"] = kafka.users["pettrack-gateway"]
    with pytest.raises(TopicAuthorizationFailedError):
        reader = KafkaConsumer(**gateway)
        reader.assign([TopicPartition("positions", 0)])
        reader.seek_to_beginning()
        reader.poll(timeout_ms=10_000)
    with pytest.raises(TopicAuthorizationFailedError):
        KafkaProducer(**gateway).send("devices", b"x").get(timeout=10)
    query = mongo.connect("pettrack-query")
    with pytest.raises(OperationFailure, match="not authorized"):
        query[DATABASE].positions.delete_one({})
    with pytest.raises(OperationFailure, match="not authorized"):
        query[DATABASE].users.find_one()
    query.close()


# ---- what is wrong is named ----

# case: (server, settings of a writer as a function of (kafka, mongo, stranger), one of these is said). A password that
# MongoDB refuses ends the program (below); all else may mend itself, and is waited for.
WRONG = {
    "kafka-password": ("kafka", lambda k, m, s: {"KAFKA_PASSWORD": "wrong"}, ["Authentication failed"]),
    "kafka-ca": ("kafka", lambda k, m, s: {"KAFKA_CA_FILE": s}, ["certificate verify failed"]),
    "kafka-plaintext": ("kafka", lambda k, m, s: {"KAFKA_SECURITY": "plaintext"}, ["security.protocol", "SSL"]),
    "mongodb-ca": ("mongodb", lambda k, m, s: {"MONGODB_URI": m.uri(DATABASE, ca=s)}, ["certificate verify failed"]),
    "mongodb-plaintext": (
        "mongodb",
        lambda k, m, s: {"MONGODB_URI": f"mongodb://127.0.0.1:{m.port}/{DATABASE}?replicaSet=rs0"},
        ["socket error or timeout", "connection closed"],
    ),
}


@pytest.fixture(scope="module")
def wrong(kafka, mongo, prepared, tmp_path_factory):
    """A writer of each wrong kind; they wait for their servers side by side."""
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "Somebody else").certificate
    folder, writers = tmp_path_factory.mktemp("wrong"), {}
    right = {**kafka.env("pettrack-writer"), "MONGODB_URI": mongo.uri(DATABASE, "pettrack-writer"),
             **GROUPS, "LOG_FORMAT": "json", **NOTHING_IS_MADE}  # fmt: skip
    try:
        for case, (_, settings, _) in WRONG.items():
            writers[case] = Program("writer", folder, {**right, **settings(kafka, mongo, stranger)}, case)
            writers[case].start(ready=False)
        yield writers
    finally:
        for writer in writers.values():
            writer.kill9()  # it has nothing, and would wait for servers that never come


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(wrong, kafka, mongo, case):
    server, _, causes = WRONG[case]
    writer = wrong[case]

    def named(text):
        return any(cause in text for cause in causes)

    def said():
        return [line for line in writer.log_lines if line["level"] != "info" and named(line.get("why", ""))]

    line = wait_until(said, 40, f"a line of the log says {causes} (log: {writer.log})")[0]
    assert line["server"] == server
    answer = writer.ops("/readyz")
    assert answer.status_code == 503
    assert named(answer.json()["checks"][server]), answer.text
    log = writer.log.read_text()
    assert not [s for s in (*kafka.users.values(), mongo.password) if s in log or s in answer.text], "a secret is said"


def test_a_password_that_mongodb_refuses_ends_it(kafka, mongo, prepared, tmp_path):
    uri = mongo.uri(DATABASE, "pettrack-writer", password="not-this-one")
    env = {**kafka.env("pettrack-writer"), "MONGODB_URI": uri, "LOG_FORMAT": "json", **NOTHING_IS_MADE}
    writer = Program("writer", tmp_path, env)
    try:
        assert writer.run() == 1
        (line,) = writer.events("MongoDB refuses")
        assert line["error"] == "Authentication failed."
        assert "not-this-one" not in writer.log.read_text()
    finally:
        writer.end()


# ---- SCRAM ----


def librdkafka():
    """The version that the programs use, as the package of the build says."""
    text = subprocess.run(["pkg-config", "--modversion", "rdkafka"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in text.strip().split(".")[:3])


def test_scram(kafka, mongo, prepared, tmp_path):
    """From librdkafka 2.6.1 on; before that the broker refuses the right password, and the program says so."""
    env = {**kafka.env("pettrack-writer", "SCRAM-SHA-512"), "MONGODB_URI": mongo.uri(DATABASE, "pettrack-writer")}
    writer = Program("writer", tmp_path, {**env, "LOG_FORMAT": "json", **NOTHING_IS_MADE})
    try:
        if librdkafka() >= SCRAM_SINCE:
            writer.start()
            return
        writer.start(ready=False)
        wait_until(
            lambda: [e for e in writer.log_lines if "Authentication failed" in e.get("why", "")],
            40,
            "the refusal is logged",
        )
        assert writer.ops("/readyz").status_code == 503
    finally:
        writer.kill9()
