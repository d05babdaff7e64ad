"""The images' libicudata holds what SASLprep (RFC 4013) needs: passwords of MongoDB are any text."""

import urllib.parse

import pymongo
import pytest
from composed import docker, inspect, run
from support.waiting import wait_until

# Ligature, roman numeral, soft hyphen, no-break space: SASLprep makes "fi IX" of them.
PASSWORD = "\ufb01\u00ad\u00a0\u2168"
PREPARED = "fi IX"


@pytest.fixture
def mongod():
    """A replica set of one with a user; its address for containers. What credentials are given are verified."""
    container = docker("run", "-d", "--rm", "--publish", "127.0.0.1::27017", "mongo:6.0", "--replSet", "rs0").strip()
    try:
        network = inspect(container)["NetworkSettings"]
        port = network["Ports"]["27017/tcp"][0]["HostPort"]
        with pymongo.MongoClient(f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
            wait_until(lambda: ping(client), 30, "mongod answers")
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": "127.0.0.1:27017"}]})
            wait_until(lambda: client.admin.command("hello")["isWritablePrimary"], 30, "it is primary")
            client.admin.command("createUser", "cat", pwd=PASSWORD, roles=["root"], mechanisms=["SCRAM-SHA-256"])
        yield f"{network['IPAddress']}:27017"
    finally:
        docker("rm", "-f", container)


def ping(client):
    try:
        return client.admin.command("ping")
    except pymongo.errors.PyMongoError:
        return None


@pytest.mark.parametrize(
    "password, accepted", [(PASSWORD, True), (PREPARED, True), ("fi ix", False)], ids=["typed", "prepared", "wrong"]
)
def test_password_is_prepared(composed, mongod, password, accepted):
    user = urllib.parse.quote(password)
    uri = f"mongodb://cat:{user}@{mongod}/?directConnection=true&authMechanism=SCRAM-SHA-256"
    settings = ["-e", f"MONGODB_URI={uri}", "-e", f"MONGODB_MEMBER={mongod}"]
    image = f"pettrack-cli:{composed.tag}"
    done = run("docker", "run", "--rm", *settings, image, "replica-set", "--timeout", "5s", check=False)
    assert (done.returncode == 0) == accepted, done.stderr
