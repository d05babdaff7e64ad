"""docs/OPERATIONS.md: its commands, carried out, so that what operators are told to type is what is tested; and what
docs/IDENTITY.md says of auth's roles."""

import argparse
import json
import pathlib
import re
import shlex

from kafka.admin import ACL, ACLOperation, ACLPermissionType, NewTopic, ResourcePattern, ResourceType

ROOT = pathlib.Path(__file__).resolve().parents[3]
DOCUMENT, IDENTITY = ROOT / "docs/OPERATIONS.md", ROOT / "docs/IDENTITY.md"


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


def _users_and_roles(password):
    """(createUser or createRole, name, the other fields) as documented."""
    text = block("mongodb-roles").replace("passwordPrompt()", json.dumps(password))
    found = []
    for command, document in re.findall(r"^db\.(createRole|createUser)\((\{.*?\})\)$", text, re.M | re.S):
        fields = json.loads(document)
        found.append((command, fields.pop(command.removeprefix("create").lower()), fields))
    assert len(found) == text.count("db.create"), "a command was not understood"
    return found


def create_users(client, password):
    """MongoDB's roles and users as documented; all users get `password`. `client`: a MongoClient."""
    for command, name, fields in _users_and_roles(password):
        client.admin.command(command, name, **fields)


def program_rights(name):
    """{collection: actions} of one of MongoDB's roles, of a program as a whole."""
    (fields,) = (fields for _, called, fields in _users_and_roles("") if called == name)
    return {privilege["resource"]["collection"]: privilege["actions"] for privilege in fields["privileges"]}


# ---- auth's roles ----


def _table(name):
    """{first column: {heading: text}} of the table behind `<!-- table: NAME -->` in docs/IDENTITY.md."""
    text = IDENTITY.read_text(encoding="utf-8")
    found = re.findall(rf"^<!-- table: {re.escape(name)} -->\n((?:\|.*\n)+)", text, re.M)
    assert len(found) == 1, f"{len(found)} tables {name} in {IDENTITY}"
    heading, _, *rows = ([cell.strip() for cell in row.split("|")[1:-1]] for row in found[0].splitlines())
    return {row[0].strip("`"): dict(zip(heading[1:], row[1:], strict=True)) for row in rows}


def role_paths():
    """{path: role} as documented."""
    table = _table("role-paths")
    return {path: role for role, cells in table.items() for path in re.findall(r"`(/[^`]+)`", " ".join(cells.values()))}


def role_rights():
    """{role: {collection: actions}} as documented."""
    roles = {}
    for collection, cells in _table("role-rights").items():
        for role, text in cells.items():
            roles.setdefault(role, {})[collection] = text.split(", ") if text else []
    return roles


def role_needs(role, env):
    """What of the settings `env` is a role's, as documented: what only others need is not."""

    def needed(text):
        condition = re.match(r"with `(\w+)`", text)
        return condition[1] in env if condition else bool(text)

    others = {setting for setting, cells in _table("role-settings").items() if not needed(cells[role])}
    return {setting: value for setting, value in env.items() if setting not in others}


def role_user(role):
    return f"pettrack-{role}"


def create_role_users(client, password, database, also=()):
    """A user of MongoDB for each of auth's roles with the documented rights, and the privileges `also`. `database` "":
    in every one."""
    for role, collections in role_rights().items():
        privileges = [
            {"resource": {"db": database, "collection": collection}, "actions": actions}
            for collection, actions in {"": ["listCollections"], **collections}.items()
            if actions
        ]
        client.admin.command("createRole", role, privileges=[*privileges, *also], roles=[])
        client.admin.command("createUser", role_user(role), pwd=password, roles=[role])
