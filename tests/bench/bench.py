"""bench.py BUILD [gateway|writer|live|all]...: runs the benches of a build, prints their lines of JSON and a table.

PETTRACK_TEST_KAFKA and PETTRACK_TEST_MONGODB say which servers to use: ./dev bench starts some of its own.
"""

import json
import os
import pathlib
import subprocess
import sys

KAFKA, MONGODB = "PETTRACK_TEST_KAFKA", "PETTRACK_TEST_MONGODB"

# The program that measures, and its flags: settings of the environment, or programs of the build.
BENCHES = {
    "gateway": ("tests/ingest/gateway/bench_gateway", {"kafka": KAFKA, "gateway": "ingest/gateway/pettrack-gateway"}),
    "writer": (
        "tests/ingest/writer/bench_writer",
        {"kafka": KAFKA, "mongodb": MONGODB, "writer": "ingest/writer/pettrack-writer"},
    ),
    "live": (
        "tests/query/live/bench_live",
        {
            "kafka": KAFKA,
            "mongodb": MONGODB,
            "query": "query/pettrack-query",
            "gateway": "ingest/gateway/pettrack-gateway",
        },
    ),
}

# Figure of a line, how the table names it, its aim where there is one.
FIGURES = {
    "positions_per_s": ("positions/s", None),
    "positions_per_second": ("positions/s", None),
    "bare_insert_per_second": ("bare insert, documents/s", None),
    "share_percent": ("share of the bare insert, %", ("at least", 70)),
    "deliveries_per_s": ("deliveries/s", None),
    "missing": ("deliveries missing", ("at most", 0)),
    "cpu_s_per_million": ("CPU s per million", None),
    "cpu_seconds_per_million": ("CPU s per million", ("at most", 5)),
    "ack_p50_ms": ("answer p50, ms", None),
    "ack_p99_ms": ("answer p99, ms", None),
    "p50_ms": ("socket to socket p50, ms", None),
    "p99_ms": ("socket to socket p99, ms", None),
    "bytes_per_connection": ("bytes per idle connection", None),
    "bytes_per_subscriber": ("bytes per idle subscriber", ("at most", 8192)),
}
AIMS = {("live", "cpu_s_per_million"): ("at most", 8)}


def aim(line, figure):
    return AIMS.get((line["bench"], figure), FIGURES[figure][1])


def met(value, wanted):
    kind, bound = wanted
    return value <= bound if kind == "at most" else value >= bound


def what(line):
    """Which measurement a line is of."""
    names = ("protocol", "work", "connections", "idle_connections", "subscribers", "idle_subscribers", "per_device")
    return ", ".join(str(line[n]) if isinstance(line[n], str) else f"{line[n]} {n}" for n in names if n in line)


def rows(line):
    title = " ".join(filter(None, (line["bench"] + ":", what(line).replace("_", " "))))
    yield title, "", ""
    for figure, (name, _) in FIGURES.items():
        if figure in line:
            wanted = aim(line, figure)
            verdict = f"{wanted[0]} {wanted[1]}: {'met' if met(line[figure], wanted) else 'MISSED'}" if wanted else ""
            yield f"  {name}", f"{line[figure]:,.6g}", verdict


def run(build, name):
    """The lines of one bench, printed as they come."""
    path, flags = BENCHES[name]
    command = [str(build / path)]
    for flag, value in flags.items():
        command += [f"--{flag}", os.environ[value] if value in (KAFKA, MONGODB) else str(build / value)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for text in process.stdout:
            print(text, end="", flush=True)
            lines.append(json.loads(text))
    if process.returncode:
        print(f"bench {name} failed: exit status {process.returncode}", file=sys.stderr)
    return lines, process.returncode == 0


def main(build, names):
    names = list(BENCHES) if not names or "all" in names else names
    unknown = set(names) - set(BENCHES)
    if unknown:
        sys.exit(f"there is no bench {', '.join(unknown)}; there is: {' '.join(BENCHES)} all")
    table, well = [], True
    for name in names:
        lines, done = run(pathlib.Path(build).resolve(), name)
        well = well and done
        table += [row for line in lines for row in rows(line)]
    print()
    for left, value, verdict in table:
        print(f"{left:<42} {value:>14}  {verdict}".rstrip())
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
