"""
Compose: `docker-compose up --build` in a clean copy, and what a person finds there.

    ./dev test compose              brings a docker daemon and base images where there are none
    ./dev test compose -k live      pytest's own arguments follow

Needs a docker daemon (DOCKER_HOST) that has, or can pull, the images that compose/docker-compose.yml names.
PETTRACK_COMPOSE="docker compose" tries another compose. PETTRACK_FIGURES names a file to which sizes and times go.

Fixtures
    composed     the system, up; one for the run, gone with its volumes afterwards. A test leaves it up and healthy.
    owner        the demo account, logged in as the seed's log says
    figure       figure(what, value): kept for PETTRACK_FIGURES
"""

import os

import pytest
from composed import PROGRAMS, Composed


@pytest.fixture(scope="session")
def figure():
    path = os.environ.get("PETTRACK_FIGURES", os.devnull)
    with open(path, "a", encoding="utf-8") as file:
        yield lambda what, value: print(f"{what}: {value}", file=file, flush=True)


@pytest.fixture(scope="session")
def composed(tmp_path_factory, figure):
    system = Composed(tmp_path_factory.mktemp("compose") / "pettrack")
    try:
        system.remove()  # of a run that was killed
        system.compose("build", timeout=3000)
        figure("up, images built, volumes new", f"{system.up('--build'):.0f} s")
        yield system
    except AssertionError:
        print(system.logs())
        raise
    finally:
        system.remove()


@pytest.fixture
def owner(composed):
    composed.wait_healthy(PROGRAMS)
    return composed.owner()
