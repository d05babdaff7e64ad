"""docs/SECURITY.md names tests: each of them exists."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+\.(?:py|c))::(\w+)`", TEXT)))


def rows():
    """(numbers, verdict, what follows) of each requirement."""
    return re.findall(r"^\| (\d\.\d+\.\d.*?) \| .*? \| (.*?) \| (.*?) \|$", TEXT, re.M)


def has(file, name):
    pattern = rf"START_TEST\({name}\)" if file.suffix == ".c" else rf"^def {name}\("
    return re.search(pattern, file.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize(("file", "name"), NAMED, ids="::".join)
def test_it_exists(file, name):
    found = list((ROOT / "tests").rglob(file))
    assert found, f"no {file} under tests"
    assert any(has(f, name) for f in found), f"no {name} in {file}"


def test_there_are_some():
    assert len(NAMED) > 50


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_every_requirement_has_a_verdict_and_its_reason(row):
    _, verdict, reason = row
    assert verdict in ("met", "in part", "not met", "not applicable")
    assert reason


def test_the_chapters_are_complete():
    """How many of levels 1 and 2 there are in V2, V3 and V4 of version 4.0.3."""
    numbers = [n for numbers, _, _ in rows() for n in re.findall(r"\d\.\d+\.\d+", numbers)]
    assert len(numbers) == len(set(numbers))
    by_section = {
        s: sum(n.startswith(s + ".") for n in numbers) for s in ("2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7")
    }
    assert by_section == {"2.1": 12, "2.2": 3, "2.3": 3, "2.4": 5, "2.5": 7, "2.6": 3, "2.7": 6}
    assert sum(n.startswith("4.") for n in numbers) == 9
