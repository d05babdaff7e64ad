"""reference.py BUILD [--check]: writes the tables of docs/OPERATIONS.md that list the programs' settings and metrics.

Settings and metrics are what the programs in the folder BUILD say with --help and at /metrics; they stand between the
lines `<!-- settings: NAME -->` or `<!-- metrics: NAME -->` and `<!-- end -->`. Behind `<!-- sizing -->` is what
docs/PERFORMANCE.md measured, for several numbers of trackers. --check writes nothing, and fails when the document says
something else.
"""

import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
DOCUMENT, PERFORMANCE = DOCS / "OPERATIONS.md", DOCS / "PERFORMANCE.md"

# The sections of the document, and who tells what is in them.
PROGRAMS = {
    "pettrack-auth": "auth/pettrack-auth",
    "pettrack-gateway": "ingest/gateway/pettrack-gateway",
    "pettrack-writer": "ingest/writer/pettrack-writer",
    "pettrack-query": "query/pettrack-query",
}
# Of the command line those that an installation runs by itself.
CLI = "cli/pettrack"
COMMANDS = ("retention", "check", "seed", "simulate", "replica-set")
ALL = "all programs"


# ---- settings ----


@dataclasses.dataclass(frozen=True)
class Setting:
    name: str
    flag: str
    default: str
    bounds: str
    secret: bool
    required: bool
    text: str


_ENTRY = re.compile(r"^  (--[\w-]+)(?: [A-Z]+)?  \(([A-Z0-9_]+)((?:; [^()]*)?)\)\n((?: {8}.*\n)+)", re.M)


def read(command):
    """The settings that a program's --help lists, in its order. One that is not understood is an error."""
    text = subprocess.run([*map(str, command), "--help"], capture_output=True, text=True, check=True).stdout
    found = []
    for flag, name, more, help_text in _ENTRY.findall(text):
        facts = [fact.strip() for fact in more.split(";") if fact.strip()]
        default = next((fact.removeprefix("default ") for fact in facts if fact.startswith("default ")), "")
        bounds = next((fact for fact in facts if re.fullmatch(r"\S+ to \S+", fact)), "")
        secret = any(fact.startswith("secret") for fact in facts)
        words = " ".join(help_text.split())
        found.append(Setting(name, flag, default, bounds, secret, "required" in facts, words))
    listed = len(re.findall(r"^  --.*\([A-Z]", text, re.M))
    assert len(found) == listed, f"{command}: {listed} settings are listed, {len(found)} understood"
    return found


def settings(build):
    """{section: [Setting]}: what all four programs have alike stands once, in the first section."""
    programs = {name: read([build / path]) for name, path in PROGRAMS.items()}
    return divide(programs) | {f"pettrack {command}": without_log(read([build / CLI, command])) for command in COMMANDS}


def divide(programs):
    """{ALL: what every program has, NAME: what is left}"""
    times = collections.Counter(entry for entries in programs.values() for entry in entries)
    common = [entry for entry in next(iter(programs.values())) if times[entry] == len(programs)]
    return {ALL: common} | {name: [e for e in entries if e not in common] for name, entries in programs.items()}


def without_log(entries):
    return [entry for entry in entries if not entry.name.startswith("LOG_")]


def settings_table(entries):
    lines = ["| setting | default | bounds | |", "|---|---|---|---|"]
    for s in entries:
        notes = [s.text] if s.text else []
        if s.secret:
            notes.append(f"Secret: `{s.name}_FILE` names a file that holds it")
        if s.required:
            notes.append("Must be set")
        default = f"`{s.default}`" if s.default else ""
        text = ". ".join(notes).replace("|", "\\|")
        lines.append(f"| `{s.name}` | {default} | {s.bounds} | {text} |")
    return "\n".join(lines)


# ---- metrics ----

SETTLED_S = 2


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    kind: str
    text: str


def metrics(build):
    """{section: [Metric]}"""
    return divide({name: scrape(build / path) for name, path in PROGRAMS.items()})


def scrape(binary):
    """What a program shows that runs without any server. A metric is there before it has a value."""
    ports = [s.name for s in read([binary]) if s.name.endswith("_PORT")]
    env = {"PATH": os.environ["PATH"], "LOG_FORMAT": "json", "CLIENT_SECRET": "x", "AUTH_MASTER_SECRET": "x" * 32,
           "KAFKA_BROKERS": "127.0.0.1:1", "MONGODB_URI": "mongodb://127.0.0.1:1/x", "AUTH_URL": "http://127.0.0.1:1",
           "QUERY_URL": "http://127.0.0.1:1", **dict.fromkeys(ports, "0")}  # fmt: skip
    with subprocess.Popen([binary], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            port = next(line["port"] for line in map(json.loads, process.stdout) if line.get("name") == "ops")
            text = settled(f"http://127.0.0.1:{port}")
        finally:
            process.kill()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    return sorted((Metric(n, kinds[n], t) for n, t in re.findall(r"^# HELP (\S+) (.*)$", text, re.M)), key=str)


def settled(ops):
    """/metrics once no more of them appear: a program registers them while it starts, after its ops port answers."""
    names, since = set(), time.monotonic()
    while True:
        with contextlib.suppress(urllib.error.HTTPError):  # it is not ready; the request itself is measured
            urllib.request.urlopen(f"{ops}/readyz", timeout=10).close()
        with urllib.request.urlopen(f"{ops}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = set(re.findall(r"^# TYPE (\S+)", text, re.M))
        if found != names:
            names, since = found, time.monotonic()
        elif time.monotonic() - since > SETTLED_S:
            return text
        time.sleep(0.05)


def metrics_table(entries):
    rows = [f"| `{m.name}` | {m.kind} | {m.text} |" for m in entries]
    return "\n".join(["| metric | kind | |", "|---|---|---|", *rows])


# ---- sizing ----

TRACKERS = (10_000, 100_000, 1_000_000)
INTERVAL_S = 10


def figure(pattern, text):
    """The number in the one place of a document that has it."""
    found = re.findall(pattern, text)
    assert len(found) == 1, f"{len(found)} places say {pattern}"
    return float(found[0].replace(",", ""))


def sizing_table(document):
    """What was measured, for several numbers of trackers."""
    measured = PERFORMANCE.read_text(encoding="utf-8")
    gateway = figure(r"gateway, OsmAnd, 64 connections: CPU s per million \| \**([\d.]+)\** ", measured)
    writer = figure(r"writer: CPU s per million \| \**([\d.]+)\** ", measured)
    live = figure(r"about (\d+) microseconds a position", measured)
    stored = figure(r"(\d+) bytes a position in `positions`", document)
    heads = [f"trackers, each every {INTERVAL_S} s", "positions/s", "gateway, cores", "writer, cores",
             "live, cores of each replica", "MongoDB, GB a day and member"]  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for trackers in TRACKERS:
        rate = trackers / INTERVAL_S
        cells = [f"{trackers:,}", f"{rate:,.0f}", *(f"{rate * cost / 1e6:.2g}" for cost in (gateway, writer, live))]
        lines.append(f"| {' | '.join(cells)} | {rate * 86400 * stored / 1e9:,.0f} |")
    return "\n".join(lines)


# ---- the document ----


def written(document, tables):
    """The document with its tables {"settings: NAME": text, "sizing": text} made anew."""
    seen = []

    def replace(found):
        seen.append(found.group(1))
        return f"<!-- {found.group(1)} -->\n{tables[found.group(1)]}\n<!-- end -->"

    text = re.sub(r"<!-- ((?:settings|metrics): .*?|sizing) -->\n.*?<!-- end -->", replace, document, flags=re.S)
    assert sorted(seen) == sorted(tables), f"the document has tables for {seen}, there are {sorted(tables)}"
    return text


def made(build, document):
    tables = {"sizing": sizing_table(document)}
    tables |= {f"settings: {name}": settings_table(entries) for name, entries in settings(build).items()}
    return tables | {f"metrics: {name}": metrics_table(entries) for name, entries in metrics(build).items()}


def main(arguments):
    before = DOCUMENT.read_text(encoding="utf-8")
    after = written(before, made(pathlib.Path(arguments[0]), before))
    if "--check" not in arguments:
        DOCUMENT.write_text(after, encoding="utf-8")
    elif before != after:
        sys.exit("docs/OPERATIONS.md lists other settings or metrics than the programs: tools/dev/reference.py BUILD")


if __name__ == "__main__":
    main(sys.argv[1:])
