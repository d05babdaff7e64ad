"""tools/release: what the pipeline runs, with stand-ins for docker, helm and gh that write down their calls."""

import json
import os
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = ROOT / "tools/release"
PROGRAMS = ["auth", "gateway", "writer", "query", "cli"]
HELM = os.environ.get("PETTRACK_HELM") or "helm"

# Each call is a line of JSON: the arguments, standard input, and what helm was given in files.
STAND_IN = r"""#!/usr/bin/python3 -IS
import json, os, pathlib, stat, sys
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
call = {"tool": name, "arguments": arguments, "stdin": sys.stdin.read(), "files": {}}
for path in [*arguments, os.environ.get("KUBECONFIG", "")]:
    if path.startswith(os.environ["TMPDIR"]) and pathlib.Path(path).is_file():
        found = pathlib.Path(path)
        mode = stat.S_IMODE(found.stat().st_mode)
        call["files"][found.name] = {"text": found.read_text(errors="replace"), "mode": mode}
with open(os.environ["CALLS"], "a") as out:
    out.write(json.dumps(call) + "\n")
answers = json.loads(os.environ["ANSWERS"])
for start, answer in answers.get(name, {}).items():
    if " ".join(arguments).startswith(start):
        sys.stdout.write(answer.get("out", ""))
        sys.exit(answer.get("status", 0))
"""


def digest(name):
    return "sha256:" + name.encode().hex().ljust(64, "0")


DIGESTS = " ".join(f"{name}={digest(name)}" for name in PROGRAMS)


class Scripts:
    """Runs scripts of tools/release with stand-ins in PATH."""

    def __init__(self, folder):
        self.folder, self.calls_file = folder, folder / "calls"
        (folder / "bin").mkdir()
        (folder / "tmp").mkdir()
        for tool in ("docker", "helm", "gh"):
            (folder / "bin" / tool).write_text(STAND_IN)
            (folder / "bin" / tool).chmod(0o755)

    def run(self, script, *arguments, answers=None, **env):
        kept = {key: os.environ[key] for key in ("HOME", "LANG") if key in os.environ}
        self.calls_file.write_text("")
        return subprocess.run(
            [RELEASE / script, *arguments],
            env={**kept, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HELM": "helm", "CALLS": self.calls_file,
                 "TMPDIR": str(self.folder / "tmp"), "ANSWERS": json.dumps(answers or {}), **env},
            capture_output=True, text=True, timeout=60)  # fmt: skip

    def calls(self, tool=None):
        found = [json.loads(line) for line in self.calls_file.read_text().splitlines()]
        return [call for call in found if tool in (None, call["tool"])]

    def left_behind(self):
        return list((self.folder / "tmp").iterdir())


@pytest.fixture
def scripts(tmp_path):
    return Scripts(tmp_path)


def after(arguments, flag):
    """What follows a flag, each time it is given."""
    return [arguments[i + 1] for i, argument in enumerate(arguments) if argument == flag]


# ---- release notes and versions ----

CHANGELOG = """# Changelog

## Unreleased

### Added
- not yet

## [1.1.0] - 2026-02-03

### Added
- the second

### Fixed
- a thing

## 1.0.0 - 2026-01-02
- the first

## 1.0
- an old name

[1.1.0]: https://example.org/1.1.0
"""


@pytest.mark.parametrize(
    "version, notes",
    [
        ("1.1.0", "### Added\n- the second\n\n### Fixed\n- a thing\n"),
        ("1.0.0", "- the first\n"),
        ("1.0", "- an old name\n"),
        ("Unreleased", "### Added\n- not yet\n"),
    ],
)
def test_notes(scripts, tmp_path, version, notes):
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(CHANGELOG)
    done = scripts.run("notes.sh", version, changelog)
    assert (done.returncode, done.stdout) == (0, notes), done.stderr


@pytest.mark.parametrize("version", ["2.0.0", "1.1", "1.1.0]", ".*", ""])
def test_notes_of_no_version(scripts, tmp_path, version):
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(CHANGELOG)
    done = scripts.run("notes.sh", version, changelog)
    assert (done.returncode, done.stdout) == (1, "")
    assert "CHANGELOG.md says nothing of" in done.stderr


def test_the_version_is_one(scripts):
    version = scripts.run("version.sh").stdout.strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    chart = yaml.safe_load((ROOT / "charts/pettrack/Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)


def test_a_wrong_tag_is_no_release(scripts):
    done = scripts.run("version.sh", "v99.0.0")
    assert done.returncode == 1
    assert "the tag is v99.0.0, meson.build says" in done.stderr


# ---- images ----


def test_images_are_of_this_source(scripts):
    done = scripts.run("images.sh", "build", "1.2.3", PETTRACK_SOURCE_URL="https://example.org/p")
    assert done.returncode == 0, done.stderr
    calls = [call["arguments"] for call in scripts.calls("docker")]
    assert [after(call, "--target")[0] for call in calls] == PROGRAMS
    assert [after(call, "--tag")[0] for call in calls] == [f"pettrack-{name}:1.2.3" for name in PROGRAMS]
    head = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    for call in calls:
        arguments = dict(pair.split("=", 1) for pair in after(call, "--build-arg"))
        assert arguments["VERSION"] == "1.2.3"
        assert arguments["REVISION"] == head.strip()
        assert arguments["SOURCE"] == "https://example.org/p"
        assert call[-1] == str(ROOT)


def test_the_dockerfile_has_these_images():
    targets = re.findall(r"^FROM base AS (\w+)$", (ROOT / "compose/Dockerfile").read_text(), re.M)
    assert targets == PROGRAMS


@pytest.mark.parametrize("megabytes, status", [(119, 0), (120, 1), (121, 1)])
def test_an_image_has_its_limit(scripts, megabytes, status):
    sizes = {f"image inspect --format {{{{.Size}}}} pettrack-{name}": {"out": "90000000\n"} for name in PROGRAMS}
    sizes["image inspect --format {{.Size}} pettrack-query"] = {"out": f"{megabytes}000000\n"}
    done = scripts.run("images.sh", "size", "x", answers={"docker": sizes})
    assert done.returncode == status, done.stdout + done.stderr
    assert ("not under 120 MB: query" in done.stderr) == bool(status)


def pushed(registry, **wrong):
    """docker's answers after a push; an image may have been pushed elsewhere as well."""
    return {
        f"image inspect --format {{{{range .RepoDigests}}}}{{{{println .}}}}{{{{end}}}} {registry}/pettrack-{name}": {
            "out": wrong.get(name, f"elsewhere.org/pettrack-{name}@{digest('x')}\n"
                                   f"{registry}/pettrack-{name}@{digest(name)}\n")}
        for name in PROGRAMS
    }  # fmt: skip


def test_images_are_pushed_and_named_by_digest(scripts):
    done = scripts.run("images.sh", "push", "1.2.3", "example.org/o", answers={"docker": pushed("example.org/o")})
    assert (done.returncode, done.stdout) == (0, DIGESTS + "\n"), done.stderr
    lines = [" ".join(call["arguments"]) for call in scripts.calls("docker")]
    for name in PROGRAMS:
        image = f"example.org/o/pettrack-{name}:1.2.3"
        assert lines.index(f"tag pettrack-{name}:1.2.3 {image}") < lines.index(f"push {image}")


@pytest.mark.parametrize("said", ["", "example.org/o/pettrack-query@sha256:12\n", f"other.org/q@{digest('query')}\n"])
def test_an_image_without_a_digest_is_not_deployed(scripts, said):
    answers = {"docker": pushed("example.org/o", query=said)}
    done = scripts.run("images.sh", "push", "1.2.3", "example.org/o", answers=answers)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no digest of example.org/o/pettrack-query:1.2.3" in done.stderr


@pytest.mark.parametrize("failing", ["tag", "push"])
def test_a_push_that_fails_ends_it(scripts, failing):
    answers = {"docker": {failing: {"status": 1}, **pushed("example.org/o")}}
    done = scripts.run("images.sh", "push", "1", "example.org/o", answers=answers)
    assert (done.returncode != 0, done.stdout) == (True, "")


# ---- the whole of publishing ----

SECRET = "s3cret-of-the-registry"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """publish.sh for a commit of main: (the scripts, its outcome, what it wrote for the next job)."""
    scripts = Scripts(tmp_path_factory.mktemp("published"))
    answers = {"docker": pushed("ghcr.io/owner"), "helm": {"push": {"out": f"Pushed: x\nDigest: {digest('c')}\n"}}}
    answers["docker"]["image inspect --format {{.Size}}"] = {"out": "90000000\n"}
    output = scripts.folder / "output"
    done = scripts.run("publish.sh", answers=answers, VERSION="", GITHUB_RUN_NUMBER="77", REGISTRY="ghcr.io",
                       REGISTRY_OWNER="Owner", REGISTRY_USER="me", REGISTRY_PASSWORD=SECRET,
                       GITHUB_OUTPUT=str(output))  # fmt: skip
    assert done.returncode == 0, done.stderr
    return scripts, done, output.read_text()


def test_what_is_published_is_told_to_the_next_job(published):
    assert published[2] == (
        f"registry=ghcr.io/owner\ndigests={DIGESTS}\nchart=oci://ghcr.io/owner/charts/pettrack@{digest('c')}\n"
    )


def test_a_commit_of_main_has_a_version_of_its_own(published, scripts):
    source = scripts.run("version.sh").stdout.strip()
    package = next(call["arguments"] for call in published[0].calls("helm") if call["arguments"][0] == "package")
    assert after(package, "--version") == [f"{source}-main.77"]
    assert after(package, "--app-version") == [source]


def test_a_password_is_no_argument_and_not_kept(published):
    scripts, done, _ = published
    logins = [call for call in scripts.calls() if "login" in call["arguments"]]
    assert [call["tool"] for call in logins] == ["docker", "helm"]
    for call in logins:
        assert call["stdin"].strip() == SECRET
        assert "--password-stdin" in call["arguments"]
    assert not [call for call in scripts.calls() if SECRET in " ".join(call["arguments"])]
    assert SECRET not in done.stdout + done.stderr
    assert not scripts.left_behind()


# ---- deployment ----

CHART = "oci://example.org/c@" + digest("c")
KUBECONFIG = "apiVersion: v1\nkind: Config\ntoken: t0ken-of-the-cluster"


def deploy(scripts, environment="production", chart=CHART, answers=None, **env):
    env = {"IMAGE_REGISTRY": "ghcr.io/owner", "IMAGE_DIGESTS": DIGESTS, "KUBECONFIG_TEXT": KUBECONFIG, **env}
    return scripts.run("deploy.sh", environment, chart, answers={"helm": answers or {}}, **env)


def helm_calls(scripts):
    return {call["arguments"][0]: call for call in scripts.calls("helm")}


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_deployment(scripts, environment):
    own = "gateway: {replicas: 9}"
    done = deploy(scripts, environment, VALUES_TEXT=own, NAMESPACE="pets")
    assert done.returncode == 0, done.stderr
    assert [call["arguments"][0] for call in scripts.calls("helm")] == ["history", "upgrade", "test"]
    call = helm_calls(scripts)["upgrade"]
    arguments = call["arguments"]
    assert arguments[:4] == ["upgrade", "--install", "pettrack", CHART]
    assert "--atomic" in arguments
    assert after(arguments, "--namespace") == ["pets"]
    values = after(arguments, "--values")
    assert values[0] == str(ROOT / f"charts/pettrack/values-{environment}.yaml"), "the others override it"
    assert call["files"]["own.yaml"]["text"].strip() == own
    images = yaml.safe_load(call["files"]["images.yaml"]["text"])
    assert images == {"image": {"registry": "ghcr.io/owner"}} | {n: {"image": {"digest": digest(n)}} for n in PROGRAMS}
    assert [pathlib.Path(value).name for value in values[1:]] == ["own.yaml", "images.yaml"]
    assert after(helm_calls(scripts)["test"]["arguments"], "--namespace") == ["pets"]


def test_the_clusters_secret_is_in_a_file_of_ones_own_and_gone_afterwards(scripts):
    done = deploy(scripts)
    for call in scripts.calls("helm"):
        assert call["files"]["kubeconfig"] == {"text": KUBECONFIG + "\n", "mode": 0o600}
        assert "t0ken" not in " ".join(call["arguments"])
    assert "t0ken" not in done.stdout + done.stderr
    assert not scripts.left_behind()


def test_a_failed_upgrade_is_not_tested(scripts):
    done = deploy(scripts, answers={"upgrade": {"status": 1}})
    assert done.returncode != 0
    assert "test" not in helm_calls(scripts)
    assert not scripts.left_behind()


def test_what_fails_the_test_is_taken_back(scripts):
    history = "- chart: pettrack-0.1.0\n  revision: 41\n  status: deployed\n"
    done = deploy(scripts, answers={"history": {"out": history}, "test": {"status": 1}})
    assert done.returncode == 1
    assert helm_calls(scripts)["rollback"]["arguments"][:3] == ["rollback", "pettrack", "41"]
    assert "rolled back to revision 41" in done.stderr


def test_a_first_installation_has_nothing_to_go_back_to(scripts):
    done = deploy(scripts, answers={"history": {"status": 1}, "test": {"status": 1}})
    assert done.returncode == 1
    assert "rollback" not in helm_calls(scripts)


@pytest.mark.parametrize(
    "env, said",
    [
        ({"IMAGE_DIGESTS": DIGESTS.replace("query=", "other=")}, "there is no program 'other'"),
        ({"IMAGE_DIGESTS": DIGESTS.partition(" ")[2]}, "IMAGE_DIGESTS names no auth"),
        ({"IMAGE_DIGESTS": "auth=latest"}, "not a digest: 'auth=latest'"),
        ({"IMAGE_DIGESTS": ""}, "IMAGE_DIGESTS"),
        ({"IMAGE_REGISTRY": ""}, "IMAGE_REGISTRY"),
        ({"environment": "staging"}, "usage: deploy.sh"),
    ],
)
def test_a_deployment_of_one_knows_not_what_is_refused(scripts, env, said):
    done = deploy(scripts, **env)
    assert done.returncode != 0
    assert said in done.stderr
    assert not scripts.calls("helm")


@pytest.mark.parametrize("environment", ["development", "production"])
def test_the_chart_takes_what_a_deployment_gives(scripts, environment, tmp_path):
    """The real helm renders the real chart with the files that the script made: each container's image by digest."""
    deploy(scripts, environment)
    images = tmp_path / "images.yaml"
    images.write_text(helm_calls(scripts)["upgrade"]["files"]["images.yaml"]["text"])
    chart = ROOT / "charts/pettrack"
    command = [HELM, "template", "pettrack", chart, "--values", chart / f"values-{environment}.yaml", "-f", images]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    used = set(re.findall(r"^\s*(?:- )?image: \"?([^\"\s]+)", done.stdout, re.M))
    ours = {image for image in used if "/pettrack-" in image}
    expected = {f"ghcr.io/owner/pettrack-{name}@{digest(name)}" for name in PROGRAMS}
    assert ours == expected
    assert not any("pettrack" in image for image in used - ours)


# ---- the release at GitHub ----


def test_an_announcement_says_what_was_deployed(scripts):
    done = scripts.run("announce.sh", TAG="v1", VERSION="Unreleased", IMAGE_REGISTRY="ghcr.io/o", CHART="oci://c@x",
                       IMAGE_DIGESTS=DIGESTS, GH_TOKEN="t")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (call,) = scripts.calls("gh")
    assert call["arguments"][:4] == ["release", "create", "v1", "--verify-tag"]
    assert call["stdin"].startswith(scripts.run("notes.sh", "Unreleased").stdout.strip())
    for name in PROGRAMS:
        assert f"- `ghcr.io/o/pettrack-{name}@{digest(name)}`" in call["stdin"]
    assert "- `oci://c@x`" in call["stdin"]


def test_an_announcement_needs_notes(scripts):
    done = scripts.run("announce.sh", TAG="v9.9.9", VERSION="9.9.9", IMAGE_REGISTRY="r", CHART="c", IMAGE_DIGESTS="d")
    assert done.returncode == 1
    assert not scripts.calls("gh")
