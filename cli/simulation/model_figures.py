#!/usr/bin/env python3
"""Derives the movement model's figures from GPS tracks of real cats.

    cli/simulation/model_figures.py cats_uk.csv > cli/simulation/model_figures.h

The input has Movebank's columns: tag_id, visible (FALSE where a fix is marked as an outlier), timestamp (UTC),
location_long, location_lat. docs/SIMULATION.md says what each figure is and how it is used. Standard library only.
"""

import csv
import math
import statistics
import sys
from collections import defaultdict, namedtuple
from datetime import UTC, datetime

EARTH_RADIUS_M = 6371008.8
GAP_S = 3600  # an interval from here on is a gap
STEP_MAX_S = 420  # two fixes this close together make a step; longer says nothing about the way between
REST_M = 15  # a step shorter than this is rest: most of it is the receiver's error
QUANTILES = 20  # tables hold the quantiles 0, 1/20 ... 20/20

Fix = namedtuple("Fix", "time lat lon outlier")


def read(path):
    """Fixes of each tag, oldest first."""
    tags = defaultdict(list)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            time = datetime.strptime(row["timestamp"][:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            tags[row["tag_id"]].append(
                Fix(
                    time.timestamp(), float(row["location_lat"]), float(row["location_long"]), row["visible"] == "FALSE"
                )
            )
    return [sorted(fixes) for fixes in tags.values()]


def distance(a, b):
    """Metres on the sphere's tangent plane: right to the millimetre over a pet's range."""
    north = math.radians(b.lat - a.lat)
    east = math.radians(b.lon - a.lon) * math.cos(math.radians((a.lat + b.lat) / 2))
    return EARTH_RADIUS_M * math.hypot(north, east)


def quantile(values, share):
    """Linear between the two nearest."""
    values = sorted(values)
    at = share * (len(values) - 1)
    low = math.floor(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def table(values, cut=0.005):
    """The quantiles, with the ends cut in by @cut: single extremes are not a distribution."""
    shares = [min(max(i / QUANTILES, cut), 1 - cut) for i in range(QUANTILES + 1)]
    return [quantile(values, share) for share in shares]


def steps(track):
    """(seconds, metres) between neighbours close in time, in runs without a break."""
    run = []
    for a, b in zip(track, track[1:], strict=False):
        if b.time - a.time < STEP_MAX_S:
            run.append((b.time - a.time, distance(a, b)))
            continue
        yield run
        run = []
    yield run


def bouts(runs):
    """Share of steps that are rest, and the chances that rest, and movement, go on in the next step."""
    rest = [[metres < REST_M for _, metres in run] for run in runs]
    pairs = [pair for run in rest for pair in zip(run, run[1:], strict=False)]
    at_rest = [after for before, after in pairs if before]
    moving = [not after for before, after in pairs if not before]
    flat = [state for run in rest for state in run]
    return sum(flat) / len(flat), sum(at_rest) / len(at_rest), sum(moving) / len(moving)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tracks = read(sys.argv[1])
    fixes_n = sum(len(track) for track in tracks)
    clean = [[fix for fix in track if not fix.outlier] for track in tracks]

    intervals = [b.time - a.time for track in tracks for a, b in zip(track, track[1:], strict=False)]
    runs = [run for track in clean for run in steps(track) if run]
    all_steps = [step for run in runs for step in run]
    moves = [metres / seconds for seconds, metres in all_steps if metres >= REST_M and seconds >= 60]
    rest_share, rest_goes_on, move_goes_on = bouts(runs)
    step_s = statistics.mean(seconds for seconds, _ in all_steps)

    # Of the shortest tenth of all steps, nearly all are rest: two fixes of the same place. Their distance is
    # Rayleigh-distributed with scale sqrt(2) times the error of one fix in one axis.
    share = 0.1 / rest_share
    error_m = quantile([metres for _, metres in all_steps], 0.1) / math.sqrt(-2 * math.log(1 - share)) / math.sqrt(2)

    ranges, spots = [], []
    for track in clean:
        home = Fix(0, statistics.median(f.lat for f in track), statistics.median(f.lon for f in track), False)
        away = [distance(home, fix) for fix in track]
        ranges.append(quantile(away, 0.95))
        spots += [metres / ranges[-1] for metres in away]

    outliers = [
        distance(min(good, key=lambda g: abs(g.time - fix.time)), fix)
        for track, good in zip(tracks, clean, strict=False)
        for fix in track
        if fix.outlier
    ]

    print(
        f"/* Figures of {len(tracks)} pet cats, {fixes_n} fixes. "
        "Made by model_figures.py; docs/SIMULATION.md explains them. */"
    )
    print("#pragma once\n\n/* clang-format off */\n")
    print(f"enum {{ FIGURE_QUANTILES = {QUANTILES} }};\n")
    for name, values in (
        ("interval_s", [i for i in intervals if i < GAP_S]),
        ("gap_s", [i for i in intervals if i >= GAP_S]),
        ("speed_mps", moves),
        ("range_m", ranges),
        ("spot_share", spots),
        ("outlier_m", outliers),
    ):
        numbers = [f"{value:.4g}" for value in table(values)]
        print(f"static const double figure_{name}[FIGURE_QUANTILES + 1] = {{")
        for row in range(0, len(numbers), 7):
            print("\t" + ", ".join(numbers[row : row + 7]) + ",")
        print("};\n")
    for name, value in (
        ("gap_share", sum(i >= GAP_S for i in intervals) / len(intervals)),
        ("outlier_share", len(outliers) / fixes_n),
        ("error_m", error_m),
        ("rest_share", rest_share),
        ("rest_s", step_s / (1 - rest_goes_on)),
        ("move_s", step_s / (1 - move_goes_on)),
    ):
        print(f"static const double figure_{name} = {value:.4g};")


if __name__ == "__main__":
    main()
