"""The system as compose/docker-compose.yml brings it up, driven by the commands that a person types."""

import base64
import dataclasses
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from support.people import User
from support.ports import free_port
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("auth", "gateway", "writer", "query")
SERVERS = ("kafka", "mongodb")
JOBS = ("secrets", "replica-set", "seed")
PETS, DAYS, MOVING = 12, 2, 10


def run(*command, env=None, cwd=None, check=True, timeout=300, text=True):
    """What it prints, stderr apart; fails with both where it fails."""
    done = subprocess.run(
        [str(c) for c in command],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=text,
        timeout=timeout,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        )
    return done


def docker(*arguments, **more):
    return run("docker", *arguments, **more).stdout


def inspect(what, kind="container"):
    return json.loads(docker(kind, "inspect", what))[0]


def copy_sources(target):
    """What a fresh clone would hold, with changes not yet committed."""
    if (ROOT / ".git").exists():
        listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target / name)
        return
    ignored = shutil.ignore_patterns(".run", "build*", "__pycache__", "node_modules")
    shutil.copytree(ROOT, target, ignore=ignored, dirs_exist_ok=True)


@dataclasses.dataclass
class Published:
    """A program as one outside of docker reaches it."""

    port: int

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"


class Composed:
    """A project of its own name, ports, images' tag and volumes, beside whatever else this docker runs."""

    project, tag = "pettrack-test", "compose-test"

    def __init__(self, folder):
        self.root = folder
        copy_sources(folder)
        self.command = os.environ.get("PETTRACK_COMPOSE", "docker-compose").split()
        published = re.findall(r"\{PETTRACK_(\w+)_PORT:-", (folder / "compose/docker-compose.yml").read_text())
        self.ports = {name.lower(): free_port() for name in sorted(set(published))}
        self.auth, self.query = Published(self.ports["auth"]), Published(self.ports["query"])
        self.env = {
            "COMPOSE_PROJECT_NAME": self.project,
            "PETTRACK_TAG": self.tag,
            "PETTRACK_SEED_PETS": str(PETS),
            "PETTRACK_SEED_DAYS": str(DAYS),
            "PETTRACK_REVISION": "revision-of-the-test",
            "PETTRACK_SOURCE": "https://source.example/pettrack",
            "PETTRACK_CREATED": "2026-01-02T03:04:05Z",
            **{f"PETTRACK_{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
        }

    def compose(self, *arguments, **more):
        return run(*self.command, *arguments, env=self.env, cwd=self.root, **more)

    def up(self, *options, timeout=300):
        """Seconds it took."""
        start = time.monotonic()
        self.compose("up", "-d", *options, timeout=timeout)
        return time.monotonic() - start

    def remove(self):
        self.compose("down", "-v", "--remove-orphans", check=False)

    # ---- containers ----

    def container(self, service):
        """Its id; of the service itself, not of a `run`."""
        wanted = (f"project={self.project}", f"service={service}", "oneoff=False")
        filters = [a for label in wanted for a in ("--filter", f"label=com.docker.compose.{label}")]
        ids = docker("ps", "-aq", "--no-trunc", *filters).split()
        assert len(ids) == 1, f"{service}: {ids}"
        return ids[0]

    def state(self, service):
        return inspect(self.container(service))["State"]

    def healthy(self, service):
        state = self.state(service)
        return state["Running"] and state.get("Health", {}).get("Status") == "healthy"

    def wait_healthy(self, services=PROGRAMS, timeout=90):
        for service in services:
            wait_until(lambda s=service: self.healthy(s), timeout, f"{service} is healthy: {self.state(service)}")

    def logs(self, *services):
        done = self.compose("logs", "--no-color", *services)
        return done.stdout + done.stderr

    # ---- what a person does ----

    def demo_login(self):
        """The e-mail as the seed's log tells it, the password by the command that it names."""
        said = self.logs("seed")
        email = re.search(r"E-mail\s+(\S+)", said)[1]
        command = re.search(r"Password\s+docker-compose (.+)", said)[1].split()
        return email, self.compose(*command).stdout.strip()

    def owner(self):
        return User(self, *self.demo_login())

    def live_url(self, _query=None):
        return f"ws://127.0.0.1:{self.ports['live']}/v1/live"

    def secrets(self):
        """Every secret of the system by its place, read as one who may use docker can."""
        listing = "cd /secrets && for f in */master */client */password */clients; do echo $f $(base64 -w0 $f); done"
        printed = self.compose("run", "--rm", "--entrypoint", "sh", "secrets", "-c", listing).stdout
        return {name: base64.b64decode(text).decode().strip() for name, text in map(str.split, printed.splitlines())}


def moved(live, after=0):
    """Which devices were pushed."""
    return {p["device"] for p in live.positions(after=after)}


def wait_moving(owner, n=MOVING, timeout=60):
    """A subscriber that comes now sees so many pets move."""
    with owner.live() as live:
        live.subscribe()
        wait_until(lambda: len(moved(live)) >= n, timeout, f"{n} pets move")
        return live.positions()
