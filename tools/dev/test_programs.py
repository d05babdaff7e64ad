"""test_programs.py BUILD PATTERN: the programs of the tests whose names match, as targets of ninja, a line each."""

import json
import pathlib
import re
import subprocess
import sys


def main(build, pattern):
    said = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, check=True).stdout
    programs = {pathlib.Path(test["cmd"][0]) for test in json.loads(said) if re.search(pattern, test["name"])}
    print(*sorted(program.relative_to(pathlib.Path(build).resolve()) for program in programs), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
