"""results.py JUNIT.xml...: prints "PASSED FAILED SKIPPED"; on stderr the name of each test that failed.

A file that is missing or empty of tests counts as one failure: a run that did not happen has not passed.
"""

import pathlib
import sys
import xml.etree.ElementTree as xml


def outcome(case):
    kinds = {child.tag for child in case}
    if kinds & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in kinds else "passed"


def count(path, totals):
    cases = xml.parse(path).getroot().iter("testcase") if pathlib.Path(path).exists() else ()
    before = sum(totals.values())
    for case in cases:
        result = outcome(case)
        totals[result] += 1
        if result == "failed":
            print(f"    failed: {case.get('classname', '')} {case.get('name')}", file=sys.stderr)
    if sum(totals.values()) == before:
        totals["failed"] += 1
        print(f"    failed: no test ran ({path})", file=sys.stderr)


def main(paths):
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        count(path, totals)
    print(totals["passed"], totals["failed"], totals["skipped"])


if __name__ == "__main__":
    main(sys.argv[1:])
