"""What docs/OPERATIONS.md says of sharding `positions`: a clustered collection, sharded by _id, split and moved.

Two shards and a config server, all mongod. There is no router here (mongos is in no package that the tests install), so
this sends to the servers what a router would. What is shown is the servers' part: that they take the collection, split
it, copy a range of it as a clustered collection, and find a device's history on the other side.
"""

import datetime
import re
import uuid

import bson
import pymongo
import pytest
from support import runbook
from support.servers import Mongo
from support.waiting import wait_until

DATABASE, COLLECTION = "pettrack", "positions"
DEVICES, FIXES = 16, 100
MAJORITY = {"w": "majority"}


class Node(Mongo):
    """A replica set of one that is a shard or the config server."""

    def __init__(self, folder, name, role):
        self.set_name, self.role = name, role
        super().__init__(folder)

    def _arguments(self):
        arguments = super()._arguments()
        arguments[arguments.index("--replSet") + 1] = self.set_name
        return [*arguments, self.role]

    def is_primary(self):
        self.must_run()
        try:
            hello = self.client.admin.command("hello")
            if "setName" not in hello:
                config = {"_id": self.set_name, "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]}
                if self.role == "--configsvr":
                    config["configsvr"] = True
                self.client.admin.command("replSetInitiate", config)
            return hello.get("isWritablePrimary", False)
        except pymongo.errors.PyMongoError:
            return False

    def command(self, database, **command):
        return self.client[database].command(command)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """(config server, shard a, shard b)"""
    nodes = [
        Node(tmp_path_factory.mktemp(name), name, role)
        for name, role in (("config", "--configsvr"), ("a", "--shardsvr"), ("b", "--shardsvr"))
    ]
    try:
        for node in nodes:
            node.start()
        for shard in nodes[1:]:
            where = f"{shard.set_name}/127.0.0.1:{shard.port}"
            nodes[0].command("admin", _configsvrAddShard=where, name=shard.set_name, writeConcern=MAJORITY)
        yield nodes
    finally:
        for node in nodes:
            node.remove()


def device(number):
    """Evenly spread over all UUIDs, as random ones are."""
    return bson.Binary.from_uuid(uuid.UUID(int=number << 124 | 0xFEED))


def fix(number, second):
    return {"d": device(number), "t": datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=second)}


def chunks(config):
    found = config.client.config.collections.find_one({"_id": f"{DATABASE}.{COLLECTION}"})
    return found, list(config.client.config.chunks.find({"uuid": found["uuid"]}).sort("min"))


def history(shard, number):
    found = shard.client[DATABASE][COLLECTION].find({"_id": {"$gte": fix(number, 0), "$lt": fix(number, FIXES)}})
    return [document["_id"] for document in found]


@pytest.fixture(scope="module")
def sharded(cluster):
    """`positions` as the writer makes it, filled on shard a, then sharded: sh.shardCollection()."""
    config, a, _ = cluster
    made = config.command("admin", _configsvrCreateDatabase=DATABASE, primaryShardId="a", writeConcern=MAJORITY)
    a.command(DATABASE, create=COLLECTION, clusteredIndex={"key": {"_id": 1}, "unique": True})
    fixes = [{"_id": fix(n, s), "lat": 50.0, "lon": -5.0} for n in range(DEVICES) for s in range(FIXES)]
    a.client[DATABASE][COLLECTION].insert_many(fixes)
    a.command(
        DATABASE, _shardsvrCreateCollection=COLLECTION, shardKey=documented_key(), unique=False,
        collation={"locale": "simple"}, databaseVersion=made["databaseVersion"], writeConcern=MAJORITY)  # fmt: skip
    return cluster


def documented_key():
    """The shard key that docs/OPERATIONS.md gives for `positions`."""
    found = re.search(
        r'^sh\.shardCollection\("pettrack\.positions", \{(_id): (1)\}\)$', runbook.block("sharding"), re.M
    )
    assert found, "the document shards positions by {_id: 1}"
    return {found.group(1): int(found.group(2))}


def test_a_clustered_collection_that_has_data_is_sharded(sharded):
    found, (only,) = chunks(sharded[0])
    assert found["key"] == {"_id": 1}
    assert only["shard"] == "a"


def test_the_balancer_finds_where_to_split(sharded):
    """Which it does by size; it needs no index beside the collection's own order."""
    a = sharded[1]
    asked = {"keyPattern": {"_id": 1}, "min": {"_id": bson.MinKey()}, "max": {"_id": bson.MaxKey()}}
    assert a.command(DATABASE, autoSplitVector=COLLECTION, maxChunkSizeBytes=1 << 20, **asked)["ok"] == 1
    assert a.command("admin", checkShardingIndex=f"{DATABASE}.{COLLECTION}", keyPattern={"_id": 1})["ok"] == 1


def test_a_range_moves_and_stays_clustered(sharded):
    config, a, b = sharded
    found, (whole,) = chunks(config)
    middle = {"_id": {"d": device(DEVICES // 2), "t": datetime.datetime(1970, 1, 1)}}
    a.command(
        "admin", splitChunk=found["_id"], **{"from": "a"}, keyPattern={"_id": 1}, epoch=found["lastmodEpoch"],
        timestamp=found["timestamp"], min=whole["min"], max=whole["max"], splitKeys=[middle])  # fmt: skip
    config.command(
        "admin", _configsvrMoveRange=found["_id"], toShard="b", min=middle, max=whole["max"], forceJumbo=0,
        waitForDelete=True, writeConcern=MAJORITY)  # fmt: skip

    assert [(chunk["shard"]) for chunk in chunks(config)[1]] == ["a", "b"]
    half = DEVICES // 2 * FIXES
    wait_until(lambda: a.client[DATABASE][COLLECTION].count_documents({}) == half, 20, "what moved is gone from a")
    assert b.client[DATABASE][COLLECTION].count_documents({}) == half
    assert history(a, 0) == [fix(0, s) for s in range(FIXES)]
    assert history(b, DEVICES - 1) == [fix(DEVICES - 1, s) for s in range(FIXES)]
    assert not history(a, DEVICES - 1)

    (options,) = b.command(DATABASE, listCollections=1, filter={"name": COLLECTION})["cursor"]["firstBatch"]
    assert options["options"]["clusteredIndex"]["key"] == {"_id": 1}
    asked = {"find": COLLECTION, "filter": {"_id": {"$gte": fix(DEVICES - 1, 0), "$lt": fix(DEVICES - 1, FIXES)}}}
    plan = b.command(DATABASE, explain=asked)["queryPlanner"]["winningPlan"]
    assert plan["stage"] == "CLUSTERED_IXSCAN", plan
