"""A real Kafka and a real MongoDB of the test run's own: own folders, own ports, ended by process id."""

import base64
import os
import pathlib
import shutil
import signal
import subprocess
import uuid

import pymongo
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from .ports import free_port
from .waiting import wait_until

KAFKA_VERSION = os.environ.get("PETTRACK_KAFKA_VERSION", "4.1.1")
MONGOD_VERSION = os.environ.get("PETTRACK_MONGOD_VERSION", "6.0.5")


def cache():
    """Where ./dev keeps what it downloaded."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(os.environ.get("PETTRACK_CACHE") or os.path.join(base, "pettrack"))


class Process:
    """One process whose output goes to a file."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{name}.log"
        self.process = None

    def spawn(self, command, env=None, **more):
        assert not self.running, f"{self.name} runs already"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, **more
            )

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def must_run(self):
        if not self.running:
            tail = self.log.read_text(errors="replace")[-2000:]
            code = self.process.returncode if self.process else None
            raise RuntimeError(f"{self.name} is not running (exit {code}); its log ends:\n{tail}")
        return True

    def stop(self, timeout=30):
        """SIGTERM, and the exit status."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout) if self.process else None

    def kill9(self):
        if self.running:
            self.process.kill()
            self.process.wait(10)

    def end(self):
        """However it stands: no longer running."""
        try:
            self.stop(15)
        except subprocess.TimeoutExpired:
            self.kill9()


class Kafka(Process):
    """One node, KRaft. `stop`, `kill9` and `start` keep port and data."""

    def __init__(self, folder):
        super().__init__("kafka", folder)
        self.home = pathlib.Path(os.environ.get("PETTRACK_KAFKA_HOME") or cache() / f"kafka-{KAFKA_VERSION}")
        if not (self.home / "libs").is_dir():
            raise RuntimeError(f"no Kafka in {self.home}: run ./dev test system once, it fetches it")
        self.port, self.controller = free_port(), free_port()
        self.brokers = f"127.0.0.1:{self.port}"
        self._format()

    def _java(self, *arguments):
        java = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        classes = os.environ.get("PETTRACK_KAFKA_CLASSES")
        shared = [f"-XX:SharedArchiveFile={classes}"] if classes else []
        return [*java, *shared, "-cp", f"{self.home}/libs/*", *arguments]

    def _format(self):
        self.properties = self.folder / "server.properties"
        self.properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()))
        command = self._java("kafka.tools.StorageTool", "format", *self._format_arguments())
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"Kafka's storage was not formatted: {done.stdout}{done.stderr}")

    def _properties(self):
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
            "log.dirs": f"{self.folder}/data",
        }

    def _format_arguments(self):
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        return ["--standalone", f"--cluster-id={cluster}", "-c", self.properties]

    def tool(self, name, *arguments):
        """What one of Kafka's own command line tools (a Java class) says on both its outputs."""
        command = self._java(name, "--bootstrap-server", self.brokers, *arguments)
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def client_settings(self):
        """What kafka-python needs to connect."""
        return {"bootstrap_servers": self.brokers}

    def start(self):
        self.spawn(self._java("kafka.Kafka", self.properties))
        wait_until(self.answers, 120, "Kafka answers")

    def answers(self):
        self.must_run()
        try:
            admin = KafkaAdminClient(request_timeout_ms=5000, **self.client_settings())
        except KafkaError:
            return False
        try:
            admin.list_topics()
            return True
        except KafkaError:
            return False
        finally:
            admin.close()

    def remove(self):
        self.kill9()  # nobody reads its data again
        shutil.rmtree(self.folder / "data", ignore_errors=True)


class Mongo(Process):
    """One node, a replica set: majority writes as in earnest. `stop`, `kill9` and `start` keep port and data."""

    def __init__(self, folder):
        super().__init__("mongod", folder)
        default = cache() / f"mongod-{MONGOD_VERSION}" / "mongod"
        self.binary = pathlib.Path(os.environ.get("PETTRACK_MONGOD") or default)
        if not self.binary.exists():
            raise RuntimeError(f"no mongod at {self.binary}: run ./dev test system once, it fetches it")
        self.port = free_port()
        self.data = self.folder / "data"
        self.data.mkdir()
        self.client = self._client()

    def _client(self, **more):
        return pymongo.MongoClient("127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=2000, **more)

    def uri(self, database):
        return f"mongodb://127.0.0.1:{self.port}/{database}?replicaSet=rs0"

    def start(self):
        self.spawn([self.binary, *self._arguments()])
        wait_until(self.is_primary, 60, "MongoDB is primary")

    def _arguments(self):
        where = ["--dbpath", self.data, "--port", self.port, "--bind_ip", "127.0.0.1", "--replSet", "rs0"]
        return [*where, "--wiredTigerCacheSizeGB", "0.5", "--setParameter", "diagnosticDataCollectionEnabled=false"]

    def is_primary(self):
        self.must_run()
        try:
            hello = self.client.admin.command("hello")
            if "setName" not in hello:
                members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
                self.client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            return hello.get("isWritablePrimary", False)
        except pymongo.errors.PyMongoError:
            return False

    def remove(self):
        self.client.close()
        self.kill9()
        shutil.rmtree(self.data, ignore_errors=True)
