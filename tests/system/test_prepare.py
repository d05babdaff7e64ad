"""What programs need in Kafka and MongoDB: made by --prepare, made by themselves, or waited for."""

import json
import re
import secrets
import signal
import subprocess

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from support.ports import free_port
from support.programs import PROGRAMS, Program, binary, clean_environment
from support.servers import Kafka
from support.waiting import wait_until

DAY_MS = 86400000

# By program: its topics, and its collections with their indexes beside the one over _id.
TOPICS = {
    "auth": {"access", "devices"},
    "gateway": {"positions", "devices"},
    "writer": {"positions", "positions.dead", "devices"},
    "query": {"positions", "access"},
}
COLLECTIONS = {
    "auth": {
        "users": {"email", "expires"},
        "links": {"user", "expires"},
        "invitations": {"token", "by", "email", "used", "expires"},
        "mails": {"due", "expires"},
        "audit": {"user", "who", "expires"},
        "erasures": {"user", "todo", "expires"},
        "sessions": {"user", "expires", "event_due"},
        "access_tokens": {"hash", "user", "expires", "event_due"},
        "key_changes": {"event_due"},
        "devices": {"identifier", "owner", "former_owner", "event_due"},
        "unknown_devices": {"expires", "last"},
        "grants": {
            *("device_email", "device_grantee", "owner", "grantee", "email"),
            *("former_grantee", "expires", "event_due"),
        },
        "share_links": {"token", "device", "event_due"},
    },
    "gateway": {},
    "writer": {"positions": set(), "latest": {"loc_2dsphere"}, "erased_devices": {"expires", "due"}},
    "query": {},
}
EVERY_ROLES = {"audit", "mails", "erasures"}  # of auth
NOT_AWAITED = {"writer": {"devices"}}  # it stores positions without, and erases when it is there
KINDS = sorted(TOPICS)
kinds = pytest.mark.parametrize("kind", KINDS)


class Place:
    """A prefix and a database that nobody else has, on the run's servers."""

    def __init__(self, kafka, mongo):
        self.kafka, self.mongo = kafka, mongo
        self.name = "p" + secrets.token_hex(4)
        self.prefix = self.name + "."
        self.admin = KafkaAdminClient(**kafka.client_settings())

    def env(self, **more):
        return {
            "KAFKA_BROKERS": self.kafka.brokers,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "MONGODB_URI": self.mongo.uri(self.name),
            **more,
        }

    def topics(self):
        """Names without the prefix, and their partitions."""
        mine = [name for name in self.admin.list_topics() if name.startswith(self.prefix)]
        return {t["name"][len(self.prefix) :]: len(t["partitions"]) for t in self.admin.describe_topics(mine)}

    def config(self, topic):
        """What it has beside the broker's defaults."""
        answer = self.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, self.prefix + topic)])
        (named,) = answer.values()
        (settings,) = named.values()
        return {name: data["value"] for name, data in settings.items()}

    def make_topic(self, topic):
        self.admin.create_topics([NewTopic(self.prefix + topic, num_partitions=2, replication_factor=1)])

    def collections(self):
        db = self.mongo.client[self.name]
        return {name: set(db[name].index_information()) - {"_id_"} for name in db.list_collection_names()}

    def remove(self):
        self.admin.close()
        if self.mongo.running:
            self.mongo.client.drop_database(self.name)


@pytest.fixture
def place(kafka, mongo):
    made = Place(kafka, mongo)
    yield made
    made.remove()


def begin(kind, env, *arguments):
    """The program with nothing but `env`: no secret of its own."""
    return subprocess.Popen(
        [str(binary(PROGRAMS[kind][0])), *arguments],
        env=clean_environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def end(process, timeout=60):
    """The exit status, and the log's lines."""
    out, err = process.communicate(timeout=timeout)
    assert out == ""
    return process.returncode, [json.loads(line) for line in err.splitlines()]


def prepare(kind, env):
    return end(begin(kind, env, "--prepare"))


def made(lines):
    return sorted((line["kind"], line["name"]) for line in lines if line["event"] == "made")


@kinds
def test_prepare_makes_what_is_needed_and_nothing_else(place, kind):
    status, lines = prepare(kind, place.env(KAFKA_PARTITIONS="3"))
    assert status == 0, lines
    assert place.topics() == dict.fromkeys(TOPICS[kind], 3)
    assert place.collections() == COLLECTIONS[kind]
    said = made(lines)
    assert [name for what, name in said if what == "topic"] == sorted(place.prefix + t for t in TOPICS[kind])
    indexes = [f"{c}.{i}" for c, all_ in COLLECTIONS[kind].items() for i in all_]
    assert [name for what, name in said if what == "index"] == sorted(indexes)

    status, lines = prepare(kind, place.env(KAFKA_PARTITIONS="5"))
    assert (status, made(lines)) == (0, []), "a second time there is nothing to do"
    assert place.topics() == dict.fromkeys(TOPICS[kind], 3)


def test_topics_are_made_for_what_they_hold(place):
    for kind in ("auth", "writer"):
        assert prepare(kind, place.env())[0] == 0
    assert place.topics() == dict.fromkeys(TOPICS["auth"] | TOPICS["writer"], 12)
    assert place.config("access") == place.config("devices") == {"cleanup.policy": "compact"}
    assert place.config("positions") == {}
    assert place.config("positions.dead") == {"retention.ms": str(30 * DAY_MS)}


def test_positions_are_clustered(place):
    assert prepare("writer", place.env())[0] == 0
    (found,) = place.mongo.client[place.name].list_collections(filter={"name": "positions"})
    assert found["options"]["clusteredIndex"]["unique"]


@pytest.mark.parametrize(
    ("kind", "roles", "topics", "collections"),
    [
        ("auth", {"AUTH_ROLES": "registration"}, TOPICS["auth"], {*EVERY_ROLES, "users", "links", "invitations"}),
        (
            *("auth", {"AUTH_ROLES": "devices"}, TOPICS["auth"]),
            {*EVERY_ROLES, "devices", "unknown_devices", "grants", "share_links"},
        ),
        ("query", {"QUERY_ROLES": "api"}, {"access"}, set()),
    ],
)
def test_a_role_prepares_its_own(place, kind, roles, topics, collections):
    assert prepare(kind, place.env(**roles))[0] == 0
    assert set(place.topics()) == topics
    assert set(place.collections()) == collections


def wait_line(process, event):
    """Reads the log up to the line of `event`."""
    for line in process.stderr:
        found = json.loads(line)
        if found["event"] == event:
            return found
    pytest.fail(f"the log ended without {event}")


def test_prepare_waits_for_servers(place):
    """Kafka, then MongoDB: away when it begins, and it is done when they have come."""
    place.kafka.stop()
    place.mongo.stop()
    process = begin("writer", place.env(MONGODB_TIMEOUT="1s"), "--prepare")
    try:
        waiting = wait_line(process, "not prepared yet")
        assert (waiting["level"], waiting["what"]) == ("warn", "topics")
        assert place.kafka.brokers in waiting["why"]
        place.kafka.start()
        while (waiting := wait_line(process, "not prepared yet"))["what"] == "topics":
            pass  # a broker that has just started takes its time
        assert waiting["what"] == "collections"
        assert str(place.mongo.port) in waiting["why"]
        place.mongo.start()
        assert end(process)[0] == 0
    finally:
        process.kill()
        for server in (place.kafka, place.mongo):
            if not server.running:
                server.start()
    assert set(place.topics()) == TOPICS["writer"]
    assert place.collections() == COLLECTIONS["writer"]


@kinds
def test_prepare_gives_up_and_says_why(place, kind):
    nowhere = f"127.0.0.1:{free_port()}"
    status, lines = prepare(kind, place.env(KAFKA_BROKERS=nowhere, PREPARE_TIMEOUT="2s"))
    assert status == 1
    last = lines[-1]
    assert (last["level"], last["event"], last["what"]) == ("error", "not prepared in time", "topics")
    assert nowhere in last["why"]
    assert "refused" in last["why"]
    assert place.topics() == {}


class Broker(Kafka):
    """One more node of the cluster that `first` controls. Several start at once: start() does not wait."""

    def __init__(self, folder, first, node):
        self.first, self.node = first, node
        super().__init__(folder)

    def _properties(self):
        return {
            **super()._properties(),
            "process.roles": "broker",
            "node.id": self.node,
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.first.controller}",
        }

    def _format_arguments(self):
        (cluster,) = re.findall("^cluster.id=(.*)$", (self.first.folder / "data/meta.properties").read_text(), re.M)
        return [f"--cluster-id={cluster}", "-c", self.properties]

    def start(self):
        self.spawn(self._java("kafka.Kafka", self.properties))


@pytest.fixture
def three_brokers(tmp_path):
    brokers = [Kafka(tmp_path / "1")]
    try:
        brokers[0].start()
        for node in (2, 3):
            brokers.append(Broker(tmp_path / str(node), brokers[0], node))
            brokers[-1].start()
        wait_until(lambda: all(broker.answers() for broker in brokers), 120, "all brokers answer")
        yield brokers[0]
    finally:
        for broker in brokers:
            broker.remove()


def test_with_three_replicas_two_must_be_in_sync(three_brokers, mongo):
    """So that a position is on two disks before it is acknowledged, and one broker may be away."""
    place = Place(three_brokers, mongo)
    try:
        assert prepare("writer", place.env(KAFKA_REPLICATION="3"))[0] == 0
        for topic in TOPICS["writer"]:
            assert place.config(topic)["min.insync.replicas"] == "2"
    finally:
        place.remove()


def test_more_replicas_than_brokers_is_said(place):
    status, lines = prepare("query", place.env(KAFKA_REPLICATION="3", PREPARE_TIMEOUT="1s"))
    assert status == 1
    assert "replication factor" in lines[-1]["why"]


def test_prepare_ends_on_a_signal(place):
    process = begin("gateway", place.env(KAFKA_BROKERS=f"127.0.0.1:{free_port()}"), "--prepare")
    wait_line(process, "not prepared yet")
    process.send_signal(signal.SIGTERM)
    status, lines = end(process, 20)
    assert status == 1
    assert lines[-1]["event"] == "not prepared: stopped"


def running(stack, place, kind, folder, **env):
    """The program on an empty place, with the stack's auth and secrets; not waited for."""
    kept = {k: v for k, v in getattr(stack, kind).env.items() if k not in PROGRAMS[kind][1].values()}
    return Program(kind, folder, {**kept, **place.env(), **env}).start(ready=False)


def says(program, server, word):
    answer = program.ops("/readyz")
    return answer.status_code == 503 and word in answer.json()["checks"].get(server, "")


@pytest.mark.parametrize("kind", ["gateway", "query", "writer"])
def test_topics_that_may_not_be_made_are_waited_for(stack, place, tmp_path, kind):
    """Each that is missing is named, and the program goes on when somebody has made them."""
    program = running(stack, place, kind, tmp_path, KAFKA_CREATE_TOPICS="false")
    try:
        wait_until(lambda: says(program, "kafka", f"{place.prefix}positions: is missing"), 20, "says what is missing")
        assert program.ops("/healthz").status_code == 200
        place.make_topic("positions")
        (other,) = TOPICS[kind] - {"positions"} - NOT_AWAITED.get(kind, set())
        wait_until(lambda: says(program, "kafka", f"{place.prefix}{other}: is missing"), 20, "and the other one")
        place.make_topic(other)
        program.wait_ready()
        assert place.topics() == dict.fromkeys({"positions", other}, 2)
        assert program.stop() == 0
    finally:
        program.end()


def test_auth_is_ready_without_topics_and_says_so(stack, place, tmp_path):
    program = running(stack, place, "auth", tmp_path, KAFKA_CREATE_TOPICS="false")
    try:
        program.wait_ready()
        missing = f"{place.prefix}access: is missing"
        wait_until(lambda: missing in program.ops("/readyz").json().get("degraded", {}).get("kafka", ""), 20, "named")
        for topic in TOPICS["auth"]:
            place.make_topic(topic)
        wait_until(lambda: program.ops("/readyz").json() == {"status": "ok"}, 20, "all is well")
    finally:
        program.end()


@pytest.mark.parametrize(("kind", "first"), [("auth", "audit.user"), ("writer", "collection positions")])
def test_collections_that_may_not_be_made_are_waited_for(stack, place, tmp_path, kind, first):
    program = running(stack, place, kind, tmp_path, MONGODB_CREATE_INDEXES="false")
    try:
        wait_until(lambda: says(program, "mongodb", f"{first} is missing"), 20, "says what is missing")
        assert prepare(kind, place.env())[0] == 0
        program.wait_ready()
        assert place.collections().keys() >= COLLECTIONS[kind].keys()
        assert program.stop() == 0
    finally:
        program.end()


def test_a_prefix_that_kafka_would_refuse_stops_the_start(place):
    process = begin("writer", place.env(KAFKA_TOPIC_PREFIX="pets & owners."))
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "KAFKA_TOPIC_PREFIX is 'pets & owners.'" in err
