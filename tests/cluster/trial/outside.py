"""The release as its users reach it from outside the cluster, in the form that the system tests' clients take."""

import contextlib
import dataclasses
import socket

from kafka import KafkaConsumer
from support.people import User

# Of each program the names of the Service's ports.
REST, LIVE = "http", "live"


@dataclasses.dataclass(frozen=True)
class Server:
    host: str
    port: int

    def url(self, path=""):
        return f"http://{self.host}:{self.port}{path}"

    def __str__(self):
        return f"{self.host}:{self.port}"


@dataclasses.dataclass(frozen=True)
class Brokers:
    brokers: str


class Outside:
    """What support/ calls a stack: .auth, .query, .live_url(), .kafka, .topic()."""

    def __init__(self, kube, topic_prefix=""):
        self._kube, self._prefix = kube, topic_prefix
        self.auth = Server(*kube.address("auth", REST))
        self.query = Server(*kube.address("query", REST))
        self._live = Server(*kube.address("query", LIVE))
        self.osmand = Server(*kube.address("gateway", "osmand"))
        self.teltonika = Server(*kube.address("gateway", "teltonika"))

    def live_url(self, _query=None):
        return f"ws://{self._live}/v1/live"

    def user(self):
        owner = User(self)
        owner.register()
        owner.login()
        return owner

    # ---- Kafka ----

    @property
    def kafka(self):
        """For use within cluster_names()."""
        (service,) = self._kube.of_release("service", "kafka")
        return Brokers(f"{service['metadata']['name']}:{service['spec']['ports'][0]['port']}")

    def topic(self, name):
        return self._prefix + name

    def partitions(self, name):
        """How many the topic has."""
        with cluster_names(self._kube):
            consumer = KafkaConsumer(bootstrap_servers=self.kafka.brokers)
            try:
                return len(consumer.partitions_for_topic(self.topic(name)))
            finally:
                consumer.close()


@contextlib.contextmanager
def cluster_names(kube):
    """Meanwhile names of Services and pods mean in this process what they mean in the cluster: Kafka tells its clients
    where each broker is by such a name."""
    names, resolve = kube.names(), socket.getaddrinfo

    def getaddrinfo(host, *arguments, **more):
        return resolve(names.get(host) or host, *arguments, **more)

    socket.getaddrinfo = getaddrinfo
    try:
        yield
    finally:
        socket.getaddrinfo = resolve
