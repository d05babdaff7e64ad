"""What every program has: settings that complain well, health, metrics, logs that keep secrets."""

import json
import pathlib
import re
import subprocess

import pytest
import requests
from support.ports import free_port
from support.programs import PROGRAMS, Program, binary, clean_environment
from support.times import now_ms
from support.trackers import Avl, TeltonikaClient, send_osmand
from support.waiting import wait_until

KINDS = sorted(PROGRAMS)
kinds = pytest.mark.parametrize("kind", KINDS)


def run(stack, kind, *arguments, **env):
    """The program in the stack's environment, to its end."""
    program = getattr(stack, kind)
    return subprocess.run(
        [str(program.path), *arguments],
        env=clean_environment({**program.env, **env}),
        capture_output=True,
        text=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
    )


@kinds
def test_help_names_every_setting(stack, kind):
    done = run(stack, kind, "--help")
    assert done.returncode == 0
    for setting in [*PROGRAMS[kind][1].values(), "KAFKA_BROKERS", "KAFKA_TOPIC_PREFIX", "LOG_LEVEL", "OPS_ADDRESS"]:
        assert setting in done.stdout or "--" + setting.lower().replace("_", "-") in done.stdout, setting
    for secret in stack.secrets:
        assert secret not in done.stdout + done.stderr


@kinds
def test_version(stack, kind):
    done = run(stack, kind, "--version")
    assert done.returncode == 0
    assert re.fullmatch(rf"pettrack-{kind} \d+\.\d+\.\d+\S*\n", done.stdout)


@kinds
@pytest.mark.parametrize(
    ("setting", "value"), [("OPS_PORT", "70000"), ("LOG_LEVEL", "loud"), ("KAFKA_PARTITIONS", "0")]
)
def test_wrong_setting_stops_the_start_and_is_named(stack, kind, setting, value):
    if setting == "KAFKA_PARTITIONS" and setting not in run(stack, kind, "--help").stdout.upper().replace("-", "_"):
        pytest.skip(f"{kind} makes no topic with partitions")
    done = run(stack, kind, **{setting: value})
    assert done.returncode == 2
    assert setting in done.stderr and value in done.stderr
    assert "must" in done.stderr, "says how to mend it"


@kinds
def test_unknown_flag_is_named(stack, kind):
    done = run(stack, kind, "--no-such-thing=1")
    assert done.returncode == 2
    assert "--no-such-thing" in done.stderr


@pytest.mark.parametrize(
    ("kind", "setting"), [("gateway", "CLIENT_SECRET"), ("query", "CLIENT_SECRET"), ("auth", "AUTH_CLIENTS")]
)
def test_secret_from_a_file(stack, tmp_path, kind, setting):
    """NAME_FILE in place of NAME: the program works with it."""
    running = getattr(stack, kind)
    file = tmp_path / "secret"
    file.write_text(running.env[setting] + "\n")
    env = {k: v for k, v in running.env.items() if k != setting and k not in PROGRAMS[kind][1].values()}
    program = Program(kind, tmp_path, {**env, f"{setting}_FILE": str(file)})
    try:
        program.start()
    finally:
        program.end()


@pytest.mark.parametrize(("kind", "setting"), [("gateway", "CLIENT_SECRET"), ("auth", "AUTH_CLIENTS")])
def test_secret_file_that_is_absent(stack, tmp_path, kind, setting):
    program = getattr(stack, kind)
    env = {**program.env, f"{setting}_FILE": str(tmp_path / "absent")}
    del env[setting]
    done = subprocess.run([str(program.path)], env=clean_environment(env), capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert setting in done.stderr


@kinds
def test_any_free_port(stack, tmp_path, kind):
    """Port 0: the program says which it got."""
    env = {**getattr(stack, kind).env, **dict.fromkeys(getattr(stack, kind).port_settings.values(), "0")}
    program = Program(kind, tmp_path, env)
    try:
        program.start()
        assert set(program.ports) == set(program.port_settings)
        assert len(set(program.ports.values())) == len(program.ports)
        assert all(port > 0 for port in program.ports.values())
    finally:
        program.end()


@kinds
def test_port_in_use_is_said(stack, kind):
    taken = str(stack.auth.ports["ops"] if kind != "auth" else stack.query.ports["ops"])
    done = run(stack, kind, OPS_PORT=taken)
    assert done.returncode not in (0, 2)
    assert taken in done.stderr


@kinds
def test_health(stack, kind):
    program = getattr(stack, kind)
    for path in ("/healthz", "/readyz"):
        answer = program.ops(path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "ok"


def probe(program, what, **env):
    """`--probe what` with the ops port in its environment, and none of the program's other settings."""
    return subprocess.run(
        [str(program.path), "--probe", what],
        env=clean_environment({"OPS_PORT": str(program.ports["ops"]), **env}),
        capture_output=True,
        text=True,
        timeout=20,
    )


@kinds
def test_probe(stack, kind):
    """What a container's health check asks, without a secret; also where the program listens on every address."""
    for what in ("healthz", "readyz"):
        for env in ({}, {"OPS_ADDRESS": "0.0.0.0"}):
            done = probe(getattr(stack, kind), what, **env)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = probe(getattr(stack, kind), "readyz", OPS_PORT=str(free_port()))
    assert done.returncode == 1
    assert "Connection refused" in done.stderr


@kinds
def test_without_servers_alive_but_not_ready(stack, tmp_path, kind):
    """A program starts while Kafka and MongoDB are away, says so, and gets ready when they come."""
    nowhere = free_port()
    env = {
        **{k: v for k, v in getattr(stack, kind).env.items() if k not in PROGRAMS[kind][1].values()},
        "KAFKA_BROKERS": f"127.0.0.1:{nowhere}",
        "MONGODB_URI": f"mongodb://127.0.0.1:{nowhere}/x?replicaSet=rs0",
        "AUTH_URL": f"http://127.0.0.1:{nowhere}",
    }
    program = Program(kind, tmp_path, env)
    try:
        program.start(ready=False)
        wait_until(lambda: program.ops("/healthz").status_code == 200, 10, "alive")
        answer = program.ops("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"], "says what is missing"
        assert probe(program, "healthz").returncode == 0
        asked = probe(program, "readyz")
        assert asked.returncode == 1
        status, body = asked.stderr.splitlines()
        assert " 503 " in status
        assert json.loads(body)["checks"].keys() == answer.json()["checks"].keys()
        assert program.stop() == 0
    finally:
        program.end()


METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_]+=\"[^\"]*\",?)*\})? (-?[0-9.e+-]+|\+Inf|NaN)")


@kinds
def test_metrics(stack, kind):
    answer = getattr(stack, kind).ops("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    names = set()
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            assert METRIC.fullmatch(line), line
            names.add(re.split(r"[{ ]", line)[0])
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes"} <= names
    assert any(name.startswith(f"pettrack_{kind}_") or name.startswith("pettrack_") for name in names)


@kinds
def test_unknown_ops_path(stack, kind):
    assert getattr(stack, kind).ops("/no/such").status_code == 404


def test_roles_are_apart(stack, tmp_path):
    """Registration alone serves no login, and the reverse."""
    user = {"email": f"roles-{now_ms()}@example.org", "password": "correct horse battery"}
    env = {k: v for k, v in stack.auth.env.items() if k not in PROGRAMS["auth"][1].values()}
    answers = {}
    for role in ("registration", "authentication", "devices"):
        program = Program("auth", tmp_path, env, name=role)
        try:
            program.start(AUTH_ROLES=role)
            answers[role] = {
                path: requests.post(program.url(path), json=user, timeout=10).status_code
                for path in ("/v1/users", "/v1/sessions", "/v1/devices")
            }
        finally:
            program.end()
    assert answers["registration"] == {"/v1/users": 202, "/v1/sessions": 404, "/v1/devices": 404}
    assert answers["authentication"] == {"/v1/users": 404, "/v1/sessions": 200, "/v1/devices": 404}
    assert answers["devices"] == {"/v1/users": 404, "/v1/sessions": 404, "/v1/devices": 401}


@pytest.mark.parametrize(("role", "there", "absent"), [("api", "rest", "live"), ("live", "live", "rest")])
def test_query_roles_are_apart(stack, tmp_path, role, there, absent):
    env = {k: v for k, v in stack.query.env.items() if k not in PROGRAMS["query"][1].values()}
    program = Program("query", tmp_path, env, name=role)
    try:
        program.start(QUERY_ROLES=role)
        assert there in program.ports
        assert absent not in program.ports
    finally:
        program.end()


# ---- logs ----


@pytest.fixture(scope="module")
def busy(stack):
    """A stack in which people and trackers did something: right, wrong and refused. The words that no log may hold."""
    owner = stack.user(email="misty.owner@example.org", name="Morwenna Trelawny")
    device, collar = owner.add_device("Misty's collar"), owner.add_imei()
    lat, lon = 50.1234567, -5.7654321
    assert send_osmand(stack, device, lat, lon).status_code == 200
    send_osmand(stack, device, lat, lon, secret="guessed-secret-of-a-thief")
    with TeltonikaClient(stack, collar) as tracker:
        assert tracker.send([Avl(now_ms(), lat, lon)]) == 1
    wrong = {"email": owner.email, "password": "a wrong password 123"}
    assert requests.post(stack.auth.url("/v1/sessions"), json=wrong, timeout=10).status_code == 401
    with owner.live() as live:
        live.subscribe("all")
    wait_until(lambda: owner.latest(device), 10, "the position is stored")
    owner.history(device)
    return [
        owner.email, owner.password, owner.name, owner.tokens["access_token"], owner.tokens["refresh_token"],
        device.secret, device.identifier, collar.identifier, "Misty", "guessed-secret-of-a-thief",
        "a wrong password 123", "50.1234567", "501234567", "-5.7654321", "57654321", *stack.secrets,
    ]  # fmt: skip


@kinds
def test_logs_are_json_lines(stack, busy, kind):
    lines = getattr(stack, kind).log_lines
    assert lines
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in ("error", "warn", "info", "debug")
        assert line["program"] == f"pettrack-{kind}"
        assert line["event"]


@pytest.mark.parametrize("kind", ["auth", "query", "writer"])
def test_mongodb_driver_leaves_no_file(stack, kind):
    """A killed program would leave it to the next of the same process id: in a container, every one."""
    assert not pathlib.Path(f"/dev/shm/mongoc-{getattr(stack, kind).pid}").exists()


@kinds
def test_logs_keep_secrets_and_places(stack, busy, kind):
    text = "\n".join(json.dumps(line) for line in getattr(stack, kind).log_lines)
    assert [word for word in busy if word in text] == []


@kinds
def test_metrics_name_nobody(stack, busy, kind):
    text = getattr(stack, kind).ops("/metrics").text
    assert [word for word in busy if word in text] == []


def test_programs_exist():
    for path, _ in PROGRAMS.values():
        assert binary(path).stat().st_mode & 0o100
