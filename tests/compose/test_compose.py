"""The system: it comes up by one command, keeps what it has, and shows nothing to whom it does not concern."""

import json
import re
import socket
import types

import pytest
import requests
from composed import DAYS, JOBS, MOVING, PETS, PROGRAMS, SERVERS, docker, inspect, moved, run, wait_moving
from support.times import format_time, now_ms, parse_time
from support.waiting import wait_until

RUNNING = (*SERVERS, *PROGRAMS, "simulator")
DAY_MS = 86_400_000
SHELLS = ("/usr/bin/dash", "/usr/bin/bash")


def test_everything_runs_or_is_done(composed):
    for service in RUNNING:
        state = composed.state(service)
        assert state["Running"] and state.get("Health", {}).get("Status", "healthy") == "healthy", (service, state)
    for service in JOBS:
        state = composed.state(service)
        assert state["Status"] == "exited" and state["ExitCode"] == 0, (service, state)
    assert {s: inspect(composed.container(s))["RestartCount"] for s in RUNNING} == dict.fromkeys(RUNNING, 0)


# ---- confinement ----


@pytest.mark.parametrize("service", [*RUNNING, *JOBS])
def test_confined(composed, service):
    host = inspect(composed.container(service))["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert (host["CapAdd"] or []) == (["CHOWN"] if service == "secrets" else [])
    assert any(o.startswith("no-new-privileges") for o in host["SecurityOpt"])
    assert host["ReadonlyRootfs"] == (service != "kafka")
    assert 0 < host["Memory"] <= 1 << 30
    assert not host["Privileged"] and host["PidMode"] == "" and host["NetworkMode"] != "host"


@pytest.mark.parametrize("service", RUNNING)
def test_nobody_runs_as_root(composed, service):
    processes = docker("top", composed.container(service), "-o", "pid,uid").splitlines()[1:]
    assert processes and "0" not in {p.split()[1] for p in processes}


@pytest.mark.parametrize("program", PROGRAMS)
def test_root_file_system_is_read_only(composed, program):
    done = run("docker", "exec", "--user", "0", composed.container(program), "touch", "/here", check=False)
    assert done.returncode != 0 and "Read-only file system" in done.stderr


def test_published_on_loopback_only(composed):
    published = {}
    for service in (*RUNNING, *JOBS):
        for ports in inspect(composed.container(service))["NetworkSettings"]["Ports"].values():
            for port in ports or ():
                published[int(port["HostPort"])] = port["HostIp"]
    assert published == dict.fromkeys(composed.ports.values(), "127.0.0.1")


def test_servers_are_reached_by_programs_only(composed):
    """Neither Kafka nor MongoDB asks for a password: their network leads nowhere, and nothing else is on it."""
    network = inspect(f"{composed.project}_servers", "network")
    assert network["Internal"]
    there = {c["Name"] for c in network["Containers"].values()}
    allowed = {inspect(composed.container(s))["Name"].lstrip("/") for s in (*SERVERS, *PROGRAMS)}
    assert there == allowed
    for server in SERVERS:
        assert list(inspect(composed.container(server))["NetworkSettings"]["Networks"]) == [network["Name"]]


def test_a_program_sees_its_own_secrets_only(composed):
    def volumes(service):
        mounts = inspect(composed.container(service))["Mounts"]
        return {m["Name"].removeprefix(f"{composed.project}_"): m["RW"] for m in mounts if m["Type"] == "volume"}

    assert volumes("auth") == {"auth-secrets": False}
    assert volumes("gateway") == {"gateway-secrets": False}
    assert volumes("query") == {"query-secrets": False}
    assert volumes("writer") == {}
    assert volumes("simulator") == volumes("seed") == {"demo-secrets": False, "demo-trackers": True}


def test_no_secret_is_told(composed):
    secrets = composed.secrets()
    assert set(secrets) == {
        "auth/master",
        "auth/clients",
        "gateway/client",
        "query/client",
        "retention/client",
        "operator/client",
        "demo/password",
    }
    passwords = {where: text for where, text in secrets.items() if where != "auth/clients"}
    assert all(len(text) >= 40 for text in passwords.values()) and len(set(passwords.values())) == len(passwords)
    told = {s: json.dumps(inspect(composed.container(s))) for s in (*RUNNING, *JOBS)}
    told["logs"] = composed.logs()
    told["config"] = composed.compose("config").stdout
    assert [(s, where) for s, text in told.items() for where, secret in passwords.items() if secret in text] == []


# ---- use ----


def test_page(composed):
    page = requests.get(composed.query.url("/"), timeout=10)
    assert page.status_code == 200 and "<title>Pettrack</title>" in page.text
    for path in re.findall(r'(?:src|href)="([^":]+)"', page.text):
        assert requests.get(composed.query.url(f"/{path}"), timeout=10).status_code == 200, path
    policy = page.headers["Content-Security-Policy"]
    connects = re.search(r"connect-src ([^;]+)", policy)[1].split()
    assert {f"http://127.0.0.1:{composed.ports['auth']}", f"ws://127.0.0.1:{composed.ports['live']}"} <= set(connects)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_page_may_ask_auth(composed, host):
    origin = f"http://{host}:{composed.ports['query']}"
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = requests.options(composed.auth.url("/v1/sessions"), headers=asked, timeout=10)
    assert answer.headers.get("Access-Control-Allow-Origin") == origin


def test_demo_pets_move_live(owner):
    devices = owner.auth("GET", "/v1/devices", params={"limit": 100}).json()["devices"]
    assert len(devices) == PETS
    assert {p["device"] for p in wait_moving(owner)} <= {d["id"] for d in devices}


def test_demo_pets_have_a_past(owner):
    """From the first of the days on; for most, as receivers have gaps, 20 hours now and then (docs/SIMULATION.md)."""
    now, firsts = now_ms(), []
    for position in owner.query("/v1/latest", limit=100).json()["positions"]:
        page = owner.query(f"/v1/history/{position['device']}", from_=format_time(0), to=format_time(now), limit=1)
        firsts.append(parse_time(page.json()["positions"][0]["time"]))
    assert min(firsts) > now - (DAYS + 0.1) * DAY_MS
    assert sorted(firsts)[PETS // 2] < now - (DAYS - 0.5) * DAY_MS


def test_trackers_ports_answer(composed):
    """OsmAnd refuses a device that nobody has; Teltonika's port closes on what is no IMEI."""
    position = {"id": "nobodys", "lat": "50.1", "lon": "-5.1"}
    answer = requests.post(f"http://127.0.0.1:{composed.ports['osmand']}/", params=position, timeout=10)
    assert answer.status_code == 400
    with socket.create_connection(("127.0.0.1", composed.ports["teltonika"]), timeout=10) as tracker:
        tracker.sendall(b"\x00\x0fnot-an-imei-123")
        assert tracker.recv(16) in (b"", b"\x00")


def test_retention_by_hand(composed, owner):
    printed = composed.compose("run", "--rm", "retention", "--dry-run", "--days", "1").stdout
    assert re.search(r"[1-9]\d* positions before", printed), printed


def test_unknown_trackers_by_hand(composed):
    url, position = f"http://127.0.0.1:{composed.ports['osmand']}/", {"id": "a-stranger", "lat": "50.1", "lon": "-5.1"}
    assert requests.post(url, params=position, timeout=10).status_code == 400

    def listed():
        rows = composed.compose("run", "--rm", "unknown").stdout.splitlines()
        return [row.split() for row in rows if row.startswith("a-stranger ")]

    ((_, protocol, *_, code),) = wait_until(listed, 60, "the gateway has told of it")
    assert protocol == "osmand" and len(code) == 8


# ---- what happens to it ----


def test_up_again_leaves_what_runs(composed, owner):
    before = {s: composed.container(s) for s in RUNNING}
    composed.up()
    assert {s: composed.container(s) for s in RUNNING} == before
    wait_moving(owner)
    assert inspect(composed.container("simulator"))["RestartCount"] == 0


def test_gateway_killed(composed, owner):
    """As by the kernel, from outside: it comes back by itself, and trackers go on."""
    gateway = composed.container("gateway")
    pid = inspect(gateway)["State"]["Pid"]
    with owner.live() as live:
        live.subscribe()
        wait_until(lambda: len(moved(live)) >= MOVING, 60, "pets move")
        docker("run", "--rm", "--pid", "host", "debian:bookworm-slim", "sh", "-c", f"kill -KILL {pid}")
        wait_until(lambda: inspect(gateway)["RestartCount"] == 1, 30, "it is restarted")
        after = len(live.frames)
        composed.wait_healthy(["gateway"])
        wait_until(lambda: len(moved(live, after)) >= MOVING, 60, "pets move again")


def account(owner):
    """Who it is, and what devices there are."""
    devices = owner.auth("GET", "/v1/devices", params={"limit": 100}).json()["devices"]
    return owner.auth("GET", "/v1/users/me").json(), sorted(devices, key=lambda d: d["id"])


def histories(owner, devices, end):
    """Every fix of the last day up to a moment, by device and time."""
    start = end - DAY_MS
    found = {}
    for device in devices:
        of_device = types.SimpleNamespace(id=device["id"])
        for p in owner.history(of_device, start=format_time(start), end=format_time(end), limit=1000):
            found[device["id"], parse_time(p["time"])] = p
    return found


def as_ms(moment):
    """Docker's time, with nanoseconds."""
    return parse_time(f"{moment[:19]}.000Z")


def volume_names():
    return set(docker("volume", "ls", "-q").split())


def test_down_and_up_loses_nothing(composed, owner, figure):
    """All that was stored is there, as it was; of the time before the first seed nothing is added either."""
    now = now_ms()
    seeded = as_ms(composed.state("seed")["StartedAt"])
    before, volumes, secrets = account(owner), volume_names(), composed.secrets()
    stored = histories(owner, before[1], now)
    assert len(before[1]) == PETS == len({device for device, _ in stored})

    composed.compose("down")
    assert volume_names() == volumes
    figure("up again after down, seed included", f"{composed.up():.0f} s")

    composed.wait_healthy()
    again = composed.owner()
    assert account(again) == before
    after = histories(again, before[1], now)
    assert {fix: after.get(fix) for fix in stored} == stored
    assert {fix for fix in after if fix[1] < seeded} == {fix for fix in stored if fix[1] < seeded}
    assert composed.secrets() == secrets and volume_names() == volumes
    wait_moving(again)


def test_programs_run_without_a_shell(composed, owner, tmp_path):
    """With the shells taken away from the four programs: start, health, all of the way of a position."""
    (tmp_path / "empty").touch()
    masks = [f"{tmp_path}/empty:{shell}:ro" for shell in SHELLS]
    override = tmp_path / "no-shell.json"
    override.write_text(json.dumps({"services": {p: {"volumes": masks} for p in PROGRAMS}}))
    composed.compose("-f", "compose/docker-compose.yml", "-f", override, "up", "-d")
    try:
        composed.wait_healthy()
        for program in PROGRAMS:
            shell = run("docker", "exec", composed.container(program), "/bin/sh", "-c", ":", check=False)
            assert shell.returncode == 126, program
        wait_moving(owner)
    finally:
        composed.up()
