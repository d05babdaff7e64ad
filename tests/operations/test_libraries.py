"""compose/Dockerfile installs, for each image, the Debian packages of every library that its program loads."""

import pathlib
import re
import subprocess

import pytest
from support.programs import CLI, PROGRAMS, binary

DOCKERFILE = (pathlib.Path(__file__).resolve().parents[2] / "compose/Dockerfile").read_text(encoding="utf-8")
IMAGES = {**{name: path for name, (path, _) in PROGRAMS.items()}, "cli": CLI}


def say(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def installed(target):
    """What the target's apt-get is told, and what that brings along."""
    (stage,) = re.findall(rf"^FROM base AS {target}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.S | re.M)
    (told,) = re.findall(r"apt-get install -y --no-install-recommends \\\n(.*?)&&", stage, re.S)
    wanted, found = set(told.replace("\\", " ").split()), set()
    while wanted:
        found |= wanted
        depends = say("dpkg-query", "-Wf", "${Depends}\n", *wanted)
        wanted = set(re.findall(r"(?:^|, )([a-z0-9.+-]+)", depends, re.M)) - found
    return found


def loaded(program):
    """Of each library that it names itself, the packages that have one of this name."""
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", say("readelf", "-d", program))
    packages = {name: set() for name in names}
    for line in say("dpkg-query", "-S", *(f"*/{name}" for name in names)).splitlines():
        package, path = re.match(r"([^:]+):.*/(.+)", line).groups()
        packages[path].add(package)
    return packages


@pytest.mark.parametrize("target", IMAGES)
def test_every_library_is_in_the_image(target):
    packages, there = loaded(binary(IMAGES[target])), installed(target)
    assert packages["libjansson.so.4"] == {"libjansson4"}
    assert {name: found for name, found in packages.items() if not found & there} == {}
