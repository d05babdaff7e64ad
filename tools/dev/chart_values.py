#!/usr/bin/env python3
"""What is made from other files in charts/pettrack; tests/chart says when it is to be made again.

    tools/dev/chart_values.py [BUILD]

README.md             the table of values, from values.yaml: a comment that begins with "-- " describes what is under it
values.schema.json    its descriptions, from there too; the rest is written by hand, and laid out
files/settings.json   the settings of the programs, from their --help in the folder BUILD (default: build)
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/pettrack"
PROGRAMS = {
    "auth": "auth/pettrack-auth",
    "gateway": "ingest/gateway/pettrack-gateway",
    "writer": "ingest/writer/pettrack-writer",
    "query": "query/pettrack-query",
}
WIDTH = 116
BEGIN, END = "<!-- values: made by tools/dev/chart_values.py -->\n", "<!-- end of values -->\n"


def described(text):
    """(path, description) of each commented key of values.yaml, in its order."""
    path, comment, found = [], [], []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("# -- "):
            comment = [stripped[5:]]
        elif stripped.startswith("# ") and comment:
            comment.append(stripped[2:])
        elif match := re.match(r"( *)([A-Za-z]\w*):", line):
            del path[len(match[1]) // 2 :]
            path.append(match[2])
            if comment:
                found.append((".".join(path), " ".join(comment)))
            comment = []
        else:
            comment = []
    return found


def default(values, path):
    for key in path.split("."):
        values = values[key]
    return values


def table(text):
    values = yaml.safe_load(text)
    rows = ["| value | default | what it is |", "|---|---|---|"]
    for path, what in described(text):
        value = json.dumps(default(values, path))
        rows.append(f"| `{path}` | `{value}` | {what.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def readme(old, text):
    head, rest = old.split(BEGIN)
    return head + BEGIN + "\n" + table(text) + "\n" + END + rest.split(END)[1]


def schema(old, text):
    """Values' descriptions into the schema, in place of those that are there."""
    tree = json.loads(old)
    what = dict(described(text))

    def describe(node, path):
        if description := what.get(".".join(path)):
            node.pop("description", None)
            rest = dict(node)
            node.clear()
            node.update(description=description, **rest)
        for key, below in node.get("properties", {}).items():
            describe(below, [*path, key])

    describe(tree, [])
    return lay_out(tree) + "\n"


def lay_out(node, indent=""):
    """JSON in lines that fit; what fits is in one."""
    line = json.dumps(node, ensure_ascii=False)
    if not isinstance(node, dict | list) or len(indent) + len(line) <= WIDTH and len(node) < 6:
        return line
    inner = indent + "  "
    if isinstance(node, list):
        return "[\n" + ",\n".join(inner + lay_out(item, inner) for item in node) + f"\n{indent}]"
    items = (f"{inner}{json.dumps(key)}: {lay_out(item, inner)}" for key, item in node.items())
    return "{\n" + ",\n".join(items) + f"\n{indent}}}"


def help_settings(text):
    """(name, whether it is secret) of each setting in a program's --help."""
    return [(m[1], "secret" in m[2]) for m in re.finditer(r"\(([A-Z][A-Z0-9_]+)((?:;[^)\n]*)?)\)$", text, re.M)]


def settings(build):
    known, secret = {}, set()
    for name, binary in PROGRAMS.items():
        said = subprocess.run([build / binary, "--help"], capture_output=True, text=True, check=True).stdout
        found = help_settings(said)
        known[name] = sorted(setting for setting, _ in found)
        secret |= {setting for setting, is_secret in found if is_secret}
    known["secret"] = sorted(secret)
    return json.dumps(known, indent=2) + "\n"


def main():
    build = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build")
    page = CHART / "README.md"
    page.write_text(readme(page.read_text(), (CHART / "values.yaml").read_text()))
    rules = CHART / "values.schema.json"
    rules.write_text(schema(rules.read_text(), (CHART / "values.yaml").read_text()))
    (CHART / "files/settings.json").write_text(settings(build))


if __name__ == "__main__":
    main()
