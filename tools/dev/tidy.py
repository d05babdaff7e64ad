"""tidy.py BUILD CACHE FILE...: clang-tidy over the files, as BUILD compiles them.

A file that has passed is passed over until what it includes, its own text, the checks or clang-tidy itself change.
CACHE is where that is remembered.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

CHECKS = pathlib.Path(__file__).parents[2] / ".clang-tidy"
KEPT_MAX = 5000


def commands_of(build):
    entries = json.loads((build / "compile_commands.json").read_text())
    return {(build / entry["file"]).resolve(): entry for entry in entries}


def key_of(entry, text, common):
    """Macros and comments count: there are checks of the first, and the second switch checks off."""
    words = shlex.split(entry["command"])
    words[words.index("-o") + 1] = "-"
    words[words.index("-c")] = "-E"
    seen = subprocess.run([*words, "-dD", "-C"], cwd=entry["directory"], capture_output=True, check=True).stdout
    return hashlib.sha256(common + text + seen).hexdigest()


def tidy(path, build, cache, commands, common):
    """What clang-tidy found, or nothing."""
    passed = cache / key_of(commands[path], path.read_bytes(), common)
    if passed.exists():
        passed.touch()
        return ""
    said = subprocess.run(["clang-tidy", "--quiet", "-p", build, path], capture_output=True, text=True)
    if said.returncode:
        return said.stdout + said.stderr
    passed.touch()
    return ""


def forget_oldest(cache):
    kept = sorted(cache.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in kept[KEPT_MAX:]:
        entry.unlink(missing_ok=True)


def main(build, cache, *files):
    build, cache = pathlib.Path(build).resolve(), pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    commands = commands_of(build)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + CHECKS.read_bytes()
    paths = [pathlib.Path(file).resolve() for file in files]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        works = {pool.submit(tidy, path, build, cache, commands, common): path for path in paths}
        for done, work in enumerate(concurrent.futures.as_completed(works), 1):
            found = work.result()
            bad += bool(found)
            print(f"{found}[{done}/{len(paths)}] {works[work].name}", flush=True)
    forget_oldest(cache)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
