"""The rules of .github/workflows that actionlint does not know; it looks at the rest, in `./dev test lint`."""

import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github/workflows"
FILES = sorted(FOLDER.glob("*.y*ml"))

# Who may write what, by file and job; everybody else reads.
MAY_WRITE = {
    ("publish.yml", "publish"): {"packages"},
    ("development.yml", "publish"): {"packages"},  # calls publish.yml, which can have no more than its caller
    ("release.yml", "publish"): {"packages"},
    ("release.yml", "notes"): {"contents"},
}
# Which environment's secrets a job sees.
ENVIRONMENTS = {("development.yml", "deploy"): "development", ("release.yml", "deploy"): "production"}


def workflow(path):
    parsed = yaml.safe_load(path.read_text(encoding="utf-8"))
    parsed["on"] = parsed.pop(True)  # YAML 1.1 takes "on" for a truth value
    return parsed


def jobs():
    for path in FILES:
        for name, job in workflow(path)["jobs"].items():
            yield pytest.param(path.name, name, job, id=f"{path.stem}-{name}")


JOBS = list(jobs())


def steps(job):
    return job.get("steps", [])


def triggers(parsed):
    on = parsed["on"]
    return set(on) if isinstance(on, (dict, list)) else {on}


def test_there_are_workflows():
    assert {path.name for path in FILES} == {"checks.yml", "ci.yml", "development.yml", "publish.yml", "release.yml"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_workflow_begins_with_no_rights(path):
    parsed = workflow(path)
    assert parsed["permissions"] in ({}, {"contents": "read"})
    assert "env" not in parsed, "what a step needs stands at the step"
    assert not triggers(parsed) & {"pull_request_target", "workflow_run", "issue_comment"}, (
        "strangers' code with secrets"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_runs_of_one_branch_do_not_overtake_each_other(path):
    parsed = workflow(path)
    if triggers(parsed) == {"workflow_call"}:
        return  # part of the caller's run
    assert parsed["concurrency"]["group"]
    assert parsed["concurrency"]["cancel-in-progress"] is (path.name == "ci.yml"), "a deployment is not cut off"


@pytest.mark.parametrize("file, name, job", JOBS)
def test_a_job_may_do_what_it_does_and_no_more(file, name, job):
    writes = {what for what, how in job["permissions"].items() if how == "write"}
    assert writes == MAY_WRITE.get((file, name), set())
    assert set(job["permissions"].values()) <= {"read", "write"}
    assert job.get("environment") == ENVIRONMENTS.get((file, name))


@pytest.mark.parametrize("file, name, job", JOBS)
def test_a_job_ends(file, name, job):
    if "uses" in job:
        return  # the called workflow's jobs have limits of their own
    assert 1 <= job["timeout-minutes"] <= 90


@pytest.mark.parametrize("file, name, job", JOBS)
def test_what_is_used_cannot_change(file, name, job):
    """Ours, or pinned by commit; the comment behind it tells the version."""
    for used in [job.get("uses"), *(step.get("uses") for step in steps(job))]:
        if used is None or used.startswith("./.github/workflows/"):
            continue
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"not pinned by commit: {used}"
        assert re.search(rf"{re.escape(used)} # v\d", (FOLDER / file).read_text()), f"no version behind {used}"


@pytest.mark.parametrize("file, name, job", JOBS)
def test_nothing_of_others_is_put_into_a_script(file, name, job):
    """A branch or a title may hold a command: scripts get such things in variables, and only so."""
    for step in steps(job):
        script = step.get("run", "")
        assert "${{" not in script, f"{step['name']}: an expression inside run"
        assert not re.search(r"\bset -\w*x|\bbash -\w*x|--verbose|--debug", script), f"{step['name']}: shows secrets"
        assert not re.search(r"\beval\b", script)


@pytest.mark.parametrize("file, name, job", JOBS)
def test_secrets_are_for_one_step(file, name, job):
    assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})
    assert job.get("secrets") is None, "called workflows get no secrets"
    for step in steps(job):
        for key, value in step.items():
            assert key == "env" or "secrets." not in str(value), f"{step['name']}: a secret outside env"
        for value in step.get("env", {}).values():
            assert "secrets." not in str(value) or re.fullmatch(r"\$\{\{ secrets\.\w+ \}\}", value)


@pytest.mark.parametrize("file, name, job", JOBS)
def test_scripts_are_where_they_can_be_tested(file, name, job):
    for step in steps(job):
        script = step.get("run", "")
        if step["name"] == "Fetch the source":
            continue  # before there are any scripts
        assert len(script.splitlines()) <= 3, f"{step['name']}: belongs into tools/release"
        for called in re.findall(r"tools/\S+\.sh", script):
            assert (ROOT / called).stat().st_mode & 0o111, f"{called} cannot be run"


def test_the_source_is_fetched_one_way():
    ways = {
        step["run"]
        for path in FILES
        for job in workflow(path)["jobs"].values()
        for step in steps(job)
        if step["name"] == "Fetch the source"
    }
    assert len(ways) == 1


def test_every_suite_is_run():
    """The matrix of checks.yml and `./dev test` name the same suites."""
    matrix = workflow(FOLDER / "checks.yml")["jobs"]["test"]["strategy"]["matrix"]["suites"]
    suites = re.search(r"^suites=\((.*)\)$", (ROOT / "tools/dev/test.sh").read_text(), re.M).group(1)
    assert sorted(" ".join(matrix).split()) == sorted(suites.split())


def test_nothing_is_published_unchecked():
    for name in ("development.yml", "release.yml"):
        parsed = workflow(FOLDER / name)["jobs"]
        needs = {job: {*([n] if isinstance(n := parsed[job].get("needs", []), str) else n)} for job in parsed}
        assert "checks" in needs["publish"]
        assert "publish" in needs["deploy"]
    assert "deploy" in needs["notes"]
    assert workflow(FOLDER / "development.yml")["on"] == {"push": {"branches": ["main"]}}
    assert workflow(FOLDER / "release.yml")["on"] == {"push": {"tags": ["v*"]}}
