"""Backup and restore as docs/OPERATIONS.md has them: a copy of mongod's files, and Kafka for what came after it."""

import contextlib
import datetime
import shlex
import shutil

import pymongo
import pytest
from support import runbook
from support.load import Load
from support.programs import Stack
from support.servers import Kafka, Mongo
from support.waiting import wait_until

BEFORE = datetime.timedelta(minutes=5)  # how far before the backup the reading begins again


class Restored(Mongo):
    """A mongod on a copy of another's files, brought up as the document says."""

    def __init__(self, folder, copy):
        super().__init__(folder)
        self.data.rmdir()
        shutil.copytree(copy, self.data)

    def start(self):
        self._forget_the_old_set()
        super().start()

    def _forget_the_old_set(self):
        """Alone, without --replSet, it may drop what names its old members."""
        arguments = self._arguments()
        at = arguments.index("--replSet")
        self.spawn([self.binary, *arguments[:at], *arguments[at + 2 :]])
        wait_until(self._answers, 60, "mongod answers on the copy")
        self.client.drop_database("local")
        assert self.stop() == 0

    def _answers(self):
        self.must_run()
        try:
            return self.client.admin.command("ping")
        except pymongo.errors.PyMongoError:
            return False


@pytest.fixture
def until_the_end():
    """What must be ended, the last first: programs before the servers that they wait for."""
    with contextlib.ExitStack() as end:
        yield end


def back_up(mongo, target):
    """A copy of the files while nothing is written; what is waiting goes on afterwards."""
    mongo.client.admin.command("fsync", 1, lock=True)
    try:
        shutil.copytree(mongo.data, target, ignore=shutil.ignore_patterns("mongod.lock"))
    finally:
        mongo.client.admin.command("fsyncUnlock")


def read_again_from(stack, moment):
    """Kafka's own tool, with the arguments of the document. A member that died is one for some seconds more."""
    (line,) = runbook.block("replay").splitlines()
    words = shlex.split(line)
    assert words[:2] == ["kafka-consumer-groups.sh", "$CONNECT"]
    time = moment.strftime("%Y-%m-%dT%H:%M:%S.000")
    mine = {"positions": stack.topic("positions"), "pettrack-writer": stack.writer.env["WRITER_GROUP"], "$TIME": time}
    tool = ("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", *(mine.get(word, word) for word in words[2:]))
    wait_until(lambda: "Error" not in stack.kafka.tool(*tool), 60, "the offsets are set back")


def stored(stack):
    return {(str(d["_id"]["d"]), d["_id"]["t"]) for d in stack.db.positions.find({}, {"_id": 1})}


def test_what_was_lost_with_mongodb_comes_back_from_kafka(until_the_end, tmp_path):
    kafka, mongo = Kafka(tmp_path / "kafka"), Mongo(tmp_path / "mongod")
    for server in (kafka, mongo):
        until_the_end.callback(server.remove)
        server.start()
    stack = Stack(kafka, mongo, tmp_path / "stack", WRITER_GROUP="g")
    programs = until_the_end.enter_context(contextlib.ExitStack())
    programs.callback(stack.remove)
    stack.start()
    owner = stack.user()
    devices = [owner.add_device() for _ in range(6)]

    # Trackers send all the while: a backup needs no quiet hour.
    with Load(stack, devices) as load:
        load.wait_acked(60)
        wait_until(lambda: len(stored(stack)) >= 60, 30, "some of it is stored")
        taken = datetime.datetime.now(datetime.UTC)
        back_up(mongo, tmp_path / "copy")
        load.wait_acked(120)
    load.wait_stored(30)
    all_of_it, last = stored(stack), {d.id: owner.latest(d) for d in devices}

    # The machine is gone, its disk too, and nobody had time to finish anything.
    mongo.kill9()
    shutil.rmtree(mongo.data)
    for program in stack.programs:
        program.kill9()

    restored = stack.mongo = Restored(tmp_path / "restored", tmp_path / "copy")
    until_the_end.callback(restored.remove)
    until_the_end.push(programs.pop_all())
    restored.start()
    kept = stored(stack)
    assert kept and kept < all_of_it, "the copy holds what was there, and not what came after it"
    options = stack.db.command("listCollections", filter={"name": "positions"})["cursor"]["firstBatch"][0]
    assert options["options"]["clusteredIndex"]["key"] == {"_id": 1}

    read_again_from(stack, taken - BEFORE)
    for program in stack.programs:
        program.start(ready=False, **uri(program, restored, stack))
    for program in stack.programs:
        program.wait_ready()

    load.check()
    assert stored(stack) == all_of_it
    assert stack.writer.metric("pettrack_writer_duplicates_total") >= len(kept), "what was kept was read again"
    assert {d.id: without_contact(owner.latest(d)) for d in devices} == {
        device: without_contact(position) for device, position in last.items()
    }


def uri(program, mongo, stack):
    return {"MONGODB_URI": mongo.uri(stack.name)} if "MONGODB_URI" in program.env else {}


def without_contact(position):
    return {key: value for key, value in position.items() if key != "contact"}
