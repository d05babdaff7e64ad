"""`pettrack replica-set`: a fresh mongod becomes a replica set of one, by a command that may come early or twice."""

import os
import signal
import subprocess
import time

import pymongo
import pytest
from support.ports import free_port
from support.programs import CLI, binary, clean_environment
from support.servers import Mongo
from support.waiting import wait_until


class Bare(Mongo):
    """A mongod that nobody has told anything."""

    def start(self, replica_set="rs0"):
        arguments = self._arguments()
        at = arguments.index("--replSet")
        arguments[at : at + 2] = ["--replSet", replica_set] if replica_set else []
        self.spawn([self.binary, *arguments])

    def answers(self):
        self.must_run()
        return self.hello() is not None

    def hello(self):
        try:
            return self.client.admin.command("hello")
        except pymongo.errors.PyMongoError:
            return None

    def members(self):
        return [m["host"] for m in self.client.admin.command("replSetGetConfig")["config"]["members"]]

    def move(self):
        """To another port, with its data."""
        assert self.stop() == 0
        self.port = free_port()
        self.client = self._client()


@pytest.fixture
def mongod(tmp_path):
    server = Bare(tmp_path)
    yield server
    server.remove()


def command(*arguments):
    return [str(binary(CLI)), "replica-set", *map(str, arguments)]


def make(uri, *arguments, timeout="30s"):
    return subprocess.run(
        command("--mongodb-uri", uri, "--timeout", timeout, *arguments),
        env=clean_environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def test_a_fresh_server_is_made_one_and_stays_as_it_is(mongod):
    mongod.start()
    done = make(mongod.uri("any"))
    assert done.returncode == 0, done.stderr
    assert mongod.hello()["isWritablePrimary"]
    assert mongod.members() == [f"127.0.0.1:{mongod.port}"]
    before = mongod.client.admin.command("replSetGetConfig")["config"]

    again = make(mongod.uri("any"), "--member", f"127.0.0.1:{mongod.port}")
    assert again.returncode == 0, again.stderr
    assert mongod.client.admin.command("replSetGetConfig")["config"] == before


def test_it_may_come_before_the_server(mongod):
    with subprocess.Popen(
        command("--mongodb-uri", mongod.uri("any")),
        env=clean_environment({"LOG_FORMAT": "text"}),
        stderr=subprocess.PIPE,
        text=True,
    ) as early:
        assert "waiting for MongoDB" in early.stderr.readline()
        mongod.start()
        assert early.wait(60) == 0
    assert mongod.hello()["isWritablePrimary"]


@pytest.mark.parametrize("uri", ["mongodb://127.0.0.1:{}", "mongodb://127.0.0.1:{},127.0.0.1:1/x?replicaset=rs0&w=1"])
def test_of_a_uri_the_first_host_is_asked(mongod, uri):
    mongod.start()
    done = make(uri.format(mongod.port))
    assert done.returncode == 0, done.stderr
    assert mongod.members() == [f"127.0.0.1:{mongod.port}"]


def test_a_server_without_repl_set_is_named_as_such_at_once(mongod):
    mongod.start(replica_set=None)
    wait_until(mongod.answers, 30, "mongod answers")
    begun = time.monotonic()
    done = make(mongod.uri("any"), timeout="50s")
    assert done.returncode == 1
    assert "--replSet" in done.stderr
    assert time.monotonic() - begun < 40, "it waited for what cannot come"


def test_a_set_of_another_name_is_left_alone(mongod):
    mongod.start(replica_set="other")
    wait_until(mongod.answers, 30, "mongod answers")
    unmade = make(mongod.uri("any"), timeout="5s")
    assert unmade.returncode == 1
    assert "other" in unmade.stderr, "the server's reason is shown"
    assert "setName" not in mongod.hello()

    assert make(mongod.uri("any").replace("rs0", "other")).returncode == 0
    made = make(mongod.uri("any"))
    assert made.returncode == 1
    assert "'other'" in made.stderr and "'rs0'" in made.stderr


def test_a_lone_member_that_moved_gets_its_new_address(mongod):
    mongod.start()
    assert make(mongod.uri("any")).returncode == 0
    mongod.client.kept.things.insert_one({"_id": 1})
    mongod.move()
    mongod.start()
    wait_until(mongod.answers, 30, "mongod answers")

    unasked = make(mongod.uri("any"), timeout="5s")
    assert unasked.returncode == 1
    assert "no primary" in unasked.stderr

    done = make(mongod.uri("any"), "--member", f"127.0.0.1:{mongod.port}")
    assert done.returncode == 0, done.stderr
    assert mongod.members() == [f"127.0.0.1:{mongod.port}"]
    assert mongod.client.kept.things.count_documents({}) == 1


def test_a_member_that_does_not_resolve_ends_in_time_with_the_reason(mongod):
    mongod.start()
    wait_until(mongod.answers, 30, "mongod answers")
    done = make(mongod.uri("any"), "--member", "nowhere.invalid:27017", timeout="5s")
    assert done.returncode == 1
    assert "nowhere.invalid" in done.stderr


def test_a_signal_ends_the_waiting(tmp_path):
    with subprocess.Popen(
        command("--mongodb-uri", f"mongodb://127.0.0.1:{free_port()}/?replicaSet=rs0", "--timeout", "1h"),
        env=clean_environment({}),
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        assert "waiting" in waiting.stderr.readline()
        os.kill(waiting.pid, signal.SIGTERM)
        assert waiting.wait(20) == 1


def test_a_password_in_the_uri_is_not_shown():
    for uri in ("mongodb://user:hidden1@127.0.0.1:1/?replicaSet=rs0", "mongo://user:hidden1@127.0.0.1"):
        done = make(uri, timeout="1s")
        assert done.returncode == 1
        assert "hidden1" not in done.stdout + done.stderr
