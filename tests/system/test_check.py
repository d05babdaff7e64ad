"""`pettrack check`: passes on a good stack, and names what is wrong with another; leaves no device behind."""

import json
import os
import signal
import subprocess

import pytest
from support.people import User
from support.programs import CLI, binary, clean_environment
from support.waiting import wait_until

OSMAND, LATEST, HISTORY = "gateway: a position over HTTP", "query: it is the latest", "query: it is in the history"
SUBSCRIBE, PUSHED = "live: subscribe", "live: the next position is pushed"
TELTONIKA, TELTONIKA_LATEST = "gateway: a position over Teltonika", "query: it is the latest, too"
REMOVE = "auth: remove what was added"


class Checker:
    def __init__(self, stack):
        self.stack = stack
        self.user = User(stack)
        self.env = {
            **stack.cli_env(),
            "PETTRACK_GATEWAY": f"127.0.0.1:{stack.gateway.ports['osmand']}",
            "PETTRACK_GATEWAY_TELTONIKA": f"127.0.0.1:{stack.gateway.ports['teltonika']}",
            "PETTRACK_EMAIL": self.user.email,
            "PETTRACK_PASSWORD": self.user.password,
            "PETTRACK_REGISTER": "true",
            "HOME": "/proc/nowhere",
        }

    def begin(self, *arguments, **env):
        return subprocess.Popen(
            [str(binary(CLI)), "check", *map(str, arguments)],
            env=clean_environment({**self.env, **env}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *arguments, timeout="60s", **env):
        """Its exit status, and the result of each step."""
        process = self.begin("--json", "--timeout", timeout, *arguments, **env)
        out, err = process.communicate(timeout=300)
        assert process.returncode in (0, 1), err
        result = json.loads(out)
        assert result["ok"] == (process.returncode == 0)
        for step in result["steps"]:
            assert (step["result"] == "failed") == ("reason" in step), step
        self.reasons = {step["step"]: step.get("reason") for step in result["steps"]}
        return process.returncode, {step["step"]: step["result"] for step in result["steps"]}

    def devices(self):
        return self.user.auth("GET", "/v1/devices").json()["devices"]


@pytest.fixture
def checker(stack):
    return Checker(stack)


def failed(steps):
    return {name for name, result in steps.items() if result == "failed"}


def test_a_good_stack(checker):
    status, steps = checker.run()
    assert status == 0, checker.reasons
    assert set(steps.values()) == {"ok"}
    assert {OSMAND, LATEST, HISTORY, SUBSCRIBE, PUSHED, TELTONIKA, TELTONIKA_LATEST, REMOVE} <= set(steps)
    assert checker.devices() == []


def test_a_line_a_step(checker):
    process = checker.begin(PETTRACK_GATEWAY_TELTONIKA="")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    lines = out.splitlines()
    assert len(lines) == 8
    assert all(line.startswith("ok ") and " s  " in line for line in lines)
    assert not any("Teltonika" in line for line in lines), "it was not asked for"


def test_a_stopped_writer_is_named(checker):
    checker.stack.writer.stop()
    try:
        status, steps = checker.run(timeout="2s")
    finally:
        checker.stack.writer.start()
    assert status == 1
    assert failed(steps) == {LATEST, TELTONIKA_LATEST}
    assert "writer" in checker.reasons[LATEST]
    assert steps[HISTORY] == "skipped"
    assert steps[PUSHED] == "ok", "live does not need the writer"
    assert steps[REMOVE] == "ok" and checker.devices() == []


def test_a_stopped_live_is_named(checker):
    replica = checker.stack.add_query(QUERY_ROLES="live")
    url = checker.stack.live_url(replica)
    assert checker.run(PETTRACK_LIVE_URL=url)[0] == 0, checker.reasons
    assert replica.stop() == 0
    status, steps = checker.run(timeout="2s", PETTRACK_LIVE_URL=url)
    assert status == 1
    assert failed(steps) == {SUBSCRIBE}
    assert steps[PUSHED] == "skipped" and steps[HISTORY] == "ok"
    assert checker.devices() == []


def test_a_stopped_gateway_is_named(checker):
    checker.stack.gateway.stop()
    try:
        status, steps = checker.run(timeout="2s")
    finally:
        checker.stack.gateway.start()
    assert status == 1
    assert failed(steps) == {OSMAND, TELTONIKA}
    assert "cannot be reached" in checker.reasons[OSMAND]
    assert steps[LATEST] == steps[PUSHED] == "skipped"
    assert steps[SUBSCRIBE] == "ok"
    assert checker.devices() == []


def test_a_stopped_auth_ends_it(checker):
    status, steps = checker.run(timeout="1s", PETTRACK_AUTH_URL="http://127.0.0.1:1")
    assert status == 1
    assert failed(steps) == {"auth: log in"}
    assert set(steps.values()) == {"failed", "skipped"}


def test_a_wrong_password_is_named(checker):
    assert checker.run()[0] == 0
    status, steps = checker.run(PETTRACK_PASSWORD="not this one at all")
    assert status == 1
    assert failed(steps) == {"auth: log in"}
    assert "not this one" not in str(checker.reasons)


def test_what_starts_slowly_is_waited_for(checker):
    stack = checker.stack
    for program in (stack.gateway, stack.writer, stack.query, stack.auth):
        assert program.stop() == 0
    process = checker.begin()
    try:
        assert "waiting for auth" in process.stderr.readline()
        stack.auth.start()
        wait_until(checker.devices, 30, "a device is added")
        for program in (stack.gateway, stack.query, stack.writer):
            program.start()
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, out + err
    assert checker.devices() == []


def test_a_signal_leaves_nothing_behind(checker):
    checker.stack.gateway.stop()
    try:
        process = checker.begin("--timeout", "10m")
        checker.user.register()
        wait_until(checker.devices, 30, "a device is added")
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        checker.stack.gateway.start()
    assert process.returncode == 1
    assert checker.devices() == []
