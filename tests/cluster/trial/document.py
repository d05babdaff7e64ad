"""
python -m trial.document FOLDER docs/KUBERNETES.md    puts what a run left into the document, between its marks

FOLDER is .run/cluster: summary.json of the trial, and `times`, the seconds of run.sh's other phases.
"""

import json
import pathlib
import re
import sys

BEGIN, END = "<!-- trial: made by tests/cluster/trial/document.py -->", "<!-- end of trial -->"


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    yield from ("| " + " | ".join(map(str, row)) + " |" for row in rows)
    yield ""


def setting_lines(run):
    s = run["settings"]
    yield (
        f"{s['trackers']} trackers, each a position every {s['interval']}, {int(s['followers']) + 2} live clients; "
        f"chaos for {s['chaos_seconds']} s with `--seed {s['seed']}`."
    )
    yield ""


def verdict_lines(run):
    storage, again = run["storage"], run["again"]
    yield from table(
        ("acknowledged", "missing", "altered", "there twice", "sent again by trackers", "read back after the end"),
        [(run["acked"], len(storage["missing"]), len(storage["altered"]), len(storage["doubled"]), again,
          f"{run['caught_up']:.1f} s")],
    )  # fmt: skip


def phase_lines(run):
    rows = [
        (
            phase["name"],
            f"{phase['seconds']:.0f} s",
            f"{phase['acked']} ({phase['acked'] / phase['seconds']:.0f}/s)",
            f"{phase['silences'][0][1]:.1f} s",
            *("{1} of {0}".format(*phase["probes"][name]) for name in ("query", "auth")),
        )
        for phase in run["phases"]
    ]
    head = ("phase", "took", "acknowledged", "longest silence", "query did not answer", "auth did not answer")
    yield from table(head, rows)


def deed_lines(run):
    deeds = [(deed["what"], f"{deed['seconds']:.1f} s") for phase in run["phases"] for deed in phase["deeds"]]
    if deeds:
        yield from table(("rollout", "until done"), deeds)


def ended_lines(run):
    ended = [tuple(one) for phase in run["phases"] for one in phase["ended"]]
    ways = sorted({way for _, way in ended})
    components = sorted({component for component, _ in ended})
    if ended:
        rows = [(c, *(ended.count((c, way)) for way in ways)) for c in components]
        yield from table((f"pods ended: {len(ended)}", *ways), rows)


def follower_lines(run):
    columns = ("stays", "recovered", "anew", "pushed", "missed", "doubled", "skipped")
    rows = [
        (name, *(f[column] for column in columns), f"{f['longest_away']:.1f} s") for name, f in run["followers"].items()
    ]
    yield from table(("live client", *columns, "away at most"), rows)


def time_lines(times):
    yield from table(("phase", "took"), [(name, f"{seconds} s") for name, seconds in times])


def section(folder):
    run = json.loads((folder / "summary.json").read_text())
    times = [line.split() for line in (folder / "times").read_text().splitlines()]
    parts = (setting_lines, verdict_lines, phase_lines, deed_lines, ended_lines, follower_lines)
    lines = [line for part in parts for line in part(run)] + list(time_lines(times))
    return "\n".join([BEGIN, "", *lines, END])


def main(folder, document):
    text = document.read_text()
    made = section(folder)
    fresh, found = re.subn(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: made, text, flags=re.DOTALL)
    if found != 1:
        sys.exit(f"{document}: not one section between the marks")
    document.write_text(fresh)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
