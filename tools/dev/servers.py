"""Whether a server that ./dev started is ready: exit 0 when it is.

servers.py kafka HOST:PORT    it answers
servers.py mongod PORT        it is primary of a replica set of one; made so where it is not yet, or its port changed
"""

import sys

import pymongo
from kafka import KafkaAdminClient


def kafka(brokers):
    admin = KafkaAdminClient(bootstrap_servers=brokers, request_timeout_ms=5000)
    admin.list_topics()
    admin.close()
    return True


def mongod(port):
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    admin = pymongo.MongoClient("127.0.0.1", int(port), directConnection=True, serverSelectionTimeoutMS=2000).admin
    try:
        config = admin.command("replSetGetConfig")["config"]
    except pymongo.errors.OperationFailure:  # not yet initiated
        admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
    else:
        if config["members"][0]["host"] != member["host"]:
            config["members"], config["version"] = [member], config["version"] + 1
            admin.command("replSetReconfig", config, force=True)
    return admin.command("hello").get("isWritablePrimary", False)


if __name__ == "__main__":
    ready = {"kafka": kafka, "mongod": mongod}[sys.argv[1]](sys.argv[2])
    sys.exit(0 if ready else 1)
