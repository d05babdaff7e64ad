"""The images: small, of nobody's, and nothing in them needs a shell."""

import json
import re

import pytest
from composed import PROGRAMS, ROOT, docker, inspect, run

IMAGES = (*PROGRAMS, "cli")
SIZE_MAX = 120_000_000
LABELS = ("title", "description", "licenses", "version", "revision", "source", "created")
SHELLS = ("/usr/bin/dash", "/usr/bin/bash")


@pytest.fixture(params=IMAGES)
def name(request):
    return request.param


@pytest.fixture
def image(composed, name):
    return f"pettrack-{name}:{composed.tag}"


def program(name):
    return "/usr/bin/pettrack" if name == "cli" else f"/usr/bin/pettrack-{name}"


def test_size(name, image, figure):
    size = inspect(image, "image")["Size"]
    figure(f"image {name}", f"{size / 1e6:.1f} MB")
    assert size < SIZE_MAX


def test_configuration(name, image):
    config = inspect(image, "image")["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == [program(name)]
    if name != "cli":
        assert config["Healthcheck"]["Test"] == ["CMD", program(name), "--probe", "healthz"]


def test_labels(composed, name, image):
    labels = inspect(image, "image")["Config"]["Labels"]
    said = {label: labels.get(f"org.opencontainers.image.{label}") for label in LABELS}
    assert all(said.values()), said
    assert said["revision"] == composed.env["PETTRACK_REVISION"]
    assert said["source"] == composed.env["PETTRACK_SOURCE"]
    assert said["created"] == composed.env["PETTRACK_CREATED"]


def test_runs_without_shell_capabilities_or_anything_to_write(name, image, tmp_path):
    """Every library is there, too: the program starts and says which version it is."""
    empty = tmp_path / "empty"
    empty.touch()
    masks = [a for shell in SHELLS for a in ("--volume", f"{empty}:{shell}:ro")]
    confined = ["--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"]
    refused = run("docker", "run", *confined, *masks, "--entrypoint", "/bin/sh", image, "-c", ":", check=False)
    assert refused.returncode == 126, "the shell is still there"
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text())[1]
    assert version in docker("run", *confined, *masks, image, *(["login"] if name == "cli" else []), "--version")


def test_only_what_runs(name, image):
    """Nothing that builds, and nothing that apt can fetch again."""
    script = "ls -A /var/lib/apt/lists /source /build /image /icu; command -v gcc ninja npm node openssl; true"
    found = docker("run", "--rm", "--entrypoint", "sh", image, "-c", script).split()
    assert found == ["/var/lib/apt/lists:"]


def test_history_has_no_secret(composed, image):
    told = docker("image", "history", "--no-trunc", image) + json.dumps(inspect(image, "image"))
    assert not [where for where, secret in composed.secrets().items() if secret in told]


def test_shared_layers(composed):
    """What all have is stored once."""
    layers = [inspect(f"pettrack-{name}:{composed.tag}", "image")["RootFS"]["Layers"] for name in IMAGES]
    common = set(layers[0]).intersection(*layers[1:])
    base = inspect("debian:bookworm-slim", "image")["RootFS"]["Layers"]
    assert set(base) <= common
