"""docs/OPERATIONS.md: its commands, carried out, so that what operators are told to type is what is tested."""

import argparse
import json
import pathlib
import re
import shlex

from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType

DOCUMENT = pathlib.Path(__file__).resolve().parents[3] / "docs/OPERATIONS.md"


def block(name):
    """The lines of the fenced block behind `<!-- block: NAME -->`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.findall(rf"^<!-- block: {re.escape(name)} -->\n```\w*\n(.*?)^```$", text, re.M | re.S)
    assert len(found) == 1, f"{len(found)} blocks {name} in {DOCUMENT}"
    return found[0]


def _commands(name, tool):
    """The arguments of each command of a block, which must be of `tool` throughout, behind $CONNECT."""
    for line in block(name).splitlines():
        words = shlex.split(line)
        assert words[:2] == [tool, "$CONNECT"], f"not a command of {tool}: {line}"
        yield words[2:]


def create_topics(admin, replication):
    """The topics as documented, but for the number of replicas. `admin`: a KafkaAdminClient."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--create", action="store_true", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--replication-factor", type=int, required=True)
    parser.add_argument("--config", action="append", default=[])
    topics = []
    for words in _commands("kafka-topics", "kafka-topics.sh"):
        asked = parser.parse_args(words)
        config = dict(pair.split("=", 1) for pair in asked.config)
        config["min.insync.replicas"] = str(min(replication, int(config["min.insync.replicas"])))
        topics.append(NewTopic(asked.topic, asked.partitions, replication, topic_configs=config))
    admin.create_topics(topics)


def rights():
    """The ACLs as documented."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--add", action="store_true", required=True)
    parser.add_argument("--allow-principal", required=True)
    parser.add_argument("--operation", action="append", required=True)
    parser.add_argument("--topic", action="append", default=[])
    parser.add_argument("--group", action="append", default=[])
    found = []
    for words in _commands("kafka-acls", "kafka-acls.sh"):
        asked = parser.parse_args(words)
        resources = [ResourcePattern(ResourceType.TOPIC, name) for name in asked.topic]
        resources += [ResourcePattern(ResourceType.GROUP, name) for name in asked.group]
        found += [
            ACL(asked.allow_principal, "*", ACLOperation[operation.upper()], ACLPermissionType.ALLOW, resource)
            for operation in asked.operation
            for resource in resources
        ]
    return found


def create_users(client, password):
    """MongoDB's roles and users as documented; all users get `password`. `client`: a MongoClient."""
    text = block("mongodb-roles").replace("passwordPrompt()", json.dumps(password))
    made = []
    for kind, document in re.findall(r"^db\.create(Role|User)\((\{.*?\})\)$", text, re.M | re.S):
        fields = json.loads(document)
        name = fields.pop(kind.lower())
        client.admin.command(f"create{kind}", name, **fields)
        made.append(name)
    assert len(made) == text.count("db.create"), "a command was not understood"
    return made
