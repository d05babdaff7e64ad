"""Runs the benches of a build, prints their lines of JSON and a table that says which aims were met.

PETTRACK_TEST_KAFKA and PETTRACK_TEST_MONGODB say which servers to use: ./dev bench starts some of its own.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

KAFKA, MONGODB = "PETTRACK_TEST_KAFKA", "PETTRACK_TEST_MONGODB"

# The program that measures, and its flags: settings of the environment, or programs of the build.
BENCHES = {
    "auth": (
        "tests/auth/bench_auth",
        {"kafka": KAFKA, "mongodb": MONGODB, "auth": "auth/pettrack-auth"},
    ),
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
    "records_per_position": ("records in Kafka a position", None),
    "bare_insert_per_second": ("bare insert, documents/s", None),
    "share_percent": ("share of the bare insert, %", ("at least", 70)),
    "logins_per_s": ("log-ins/s", None),
    "offered_per_s": ("log-ins offered/s", None),
    "bare_hash_per_s": ("bare password hashes/s", None),
    "hash_share_percent": ("share of the bare hash, %", ("at least", 80)),
    "busy_percent": ("answered busy (503), %", None),
    "refreshes_per_s": ("refreshes/s", None),
    "refresh_p99_ms": ("refresh beside them p99, ms", None),
    "verifications_per_s": ("verifications/s, one thread", None),
    "new_token_cpu_us": ("CPU us each", None),
    "known_token_cpu_us": ("CPU us each", ("at most", 60)),
    "failed": ("failed", ("at most", 0)),
    "deliveries_per_s": ("deliveries/s", None),
    "missing": ("deliveries missing", ("at most", 0)),
    "cpu_percent": ("CPU, % of a core", None),
    "cpu_s_per_million": ("CPU s per million", None),
    "cpu_seconds_per_million": ("CPU s per million", ("at most", 5)),
    "times_bare": ("times the bare server's CPU", None),
    "ack_p50_ms": ("answer p50, ms", None),
    "ack_p99_ms": ("answer p99, ms", None),
    "p50_ms": ("socket to socket p50, ms", None),
    "p99_ms": ("socket to socket p99, ms", None),
    "late": ("reports left out", ("at most", 0)),
    "bad_connects_per_s": ("neighbours' connections/s", None),
    "bad_bytes_per_s": ("neighbours' bytes/s", None),
    "alone_p99_ms": ("answer p99 without them, ms", None),
    "p99_ratio": ("ratio of the two", ("at most", 2)),
    "bytes_per_connection": ("bytes per connection", ("at most", 6 * 1024)),
    "bytes_per_subscriber": ("bytes per idle subscriber", ("at most", 8192)),
}
# CPU seconds per million, by bench or protocol.
CPU_AIMS = {
    "live": 8,
    **dict.fromkeys(("teltonika", "teltonika-udp", "jt808"), 6),  # binary, several positions a frame
    **dict.fromkeys(("osmand", "owntracks", "overland", "gpslogger"), 15),  # HTTP
}
FEW_CONNECTIONS = 100  # up to here there is little to gather: no aim

# What `--quick` adds to a bench's flags.
QUICK = {"gateway": ["--positions", "100000", "--seconds", "12"], "auth": ["--seconds", "2"]}


def aim(line, figure):
    bound = CPU_AIMS.get(line.get("protocol", line["bench"]))
    if figure != "cpu_s_per_million" or not bound:
        return FIGURES[figure][1]
    return ("at most", bound) if line.get("connections", FEW_CONNECTIONS + 1) > FEW_CONNECTIONS else None


def met(value, wanted):
    kind, bound = wanted
    return value <= bound if kind == "at most" else value >= bound


def what(line):
    """Which measurement a line is of."""
    names = (
        "protocol",
        "work",
        "bare",
        "held",
        "connections",
        "beside",
        "subscribers",
        "idle_subscribers",
        "per_device",
    )
    return ", ".join(str(line[n]) if isinstance(line[n], str) else f"{line[n]} {n}" for n in names if n in line)


def rows(line):
    title = " ".join(filter(None, (line["bench"] + ":", what(line).replace("_", " "))))
    yield title, "", ""
    for figure, (name, _) in FIGURES.items():
        if figure in line:
            wanted = aim(line, figure)
            verdict = f"{wanted[0]} {wanted[1]}: {'met' if met(line[figure], wanted) else 'MISSED'}" if wanted else ""
            yield f"  {name}", f"{line[figure]:,.6g}", verdict


def run(build, name, more):
    """The lines of one bench, printed as they come."""
    path, flags = BENCHES[name]
    command = [str(build / path), *more]
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


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join([*BENCHES, "all"]))
    parser.add_argument("--quick", action="store_true", help="a first look: fewer positions, less time")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {*BENCHES, "all"}
    if unknown:
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there is: {' '.join(BENCHES)} all")
    return arguments


def main():
    arguments = read_arguments()
    names = list(BENCHES) if not arguments.names or "all" in arguments.names else arguments.names
    table, well = [], True
    for name in names:
        lines, done = run(arguments.build.resolve(), name, QUICK.get(name, []) if arguments.quick else [])
        well = well and done
        table += [row for line in lines for row in rows(line)]
    print()
    for left, value, verdict in table:
        print(f"{left:<42} {value:>14}  {verdict}".rstrip())
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
