"""The 101 real cats of tests/data/cats."""

import csv
import dataclasses
import gzip
import io
import pathlib

from .times import parse_time

_FILE = pathlib.Path(__file__).resolve().parents[2] / "data" / "cats" / "cats_uk.csv.gz"


@dataclasses.dataclass(frozen=True)
class CatFix:
    time_ms: int
    lat: float
    lon: float
    altitude: float
    outlier: bool


def real_cats():
    """{tag: [CatFix, ...]} in the order of the file."""
    cats = {}
    with gzip.open(_FILE, "rb") as packed:
        for row in csv.DictReader(io.TextIOWrapper(packed, "utf-8")):
            outlier = "TRUE" in (row["algorithm_marked_outlier"], row["manually_marked_outlier"])
            time_ms = parse_time(row["timestamp"].replace(" ", "T") + ".000Z")
            fix = CatFix(time_ms, float(row["location_lat"]), float(row["location_long"]),
                         float(row["height_above_ellipsoid"]), outlier)  # fmt: skip
            cats.setdefault(row["tag_id"], []).append(fix)
    return cats
