"""Pettrack's programs as processes, and a stack of all four on shared servers."""

import functools
import json
import os
import pathlib
import secrets
import subprocess

import bson.binary
import requests
from bson.codec_options import CodecOptions

from .limits import ROOMY
from .people import User
from .ports import free_port
from .servers import Process
from .three import ROLES, ThreeAuths, three_wanted
from .waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]

# Where each program is in the build, and the setting of each of its ports by the name it logs.
PROGRAMS = {
    "auth": ("auth/pettrack-auth", {"rest": "AUTH_PORT", "ops": "OPS_PORT"}),
    "gateway": ("ingest/gateway/pettrack-gateway", {"ops": "OPS_PORT"}),  # and those of the protocols that it speaks
    "writer": ("ingest/writer/pettrack-writer", {"ops": "OPS_PORT"}),
    "query": ("query/pettrack-query", {"rest": "QUERY_PORT", "live": "LIVE_PORT", "ops": "OPS_PORT"}),
}
CLI = "cli/pettrack"
SPOKEN = "osmand,teltonika"  # by a gateway in tests, unless its GATEWAY_PROTOCOLS says otherwise


def build():
    return pathlib.Path(os.environ.get("PETTRACK_BUILD") or ROOT / "build").resolve()


def binary(path):
    """A program of the build under test. Absent is an error, not a skip."""
    found = build() / path
    if not found.exists():
        raise RuntimeError(f"{found} is not built: ./dev build")
    return found


class Program(Process):
    """One of the four. Ports stay the same over stop, kill9 and start."""

    def __init__(self, kind, folder, env, name=None):
        super().__init__(name or kind, folder)
        self.kind = kind
        path, ports = PROGRAMS[kind]
        self.path = binary(path)
        self.env = {**(ROOMY if kind == "auth" else {}), **env}
        self.port_settings = dict(ports)
        if kind == "gateway":
            for protocol in self.env.setdefault("GATEWAY_PROTOCOLS", SPOKEN).split(","):
                self.port_settings[protocol] = f"GATEWAY_{protocol.upper().replace('-', '_')}_PORT"
        for setting in self.port_settings.values():
            self.env.setdefault(setting, str(free_port()))
        self._started_at = 0  # where in the log the present run begins
        self._ports, self._listens = {}, False

    def start(self, ready=True, arguments=(), timeout=30, **env):
        """Starts it and waits until it is ready (or, with ready=False, until it listens). `env` lasts."""
        self.env.update(env)
        self._started_at = self.log.stat().st_size if self.log.exists() else 0
        self.spawn([self.path, *arguments], env=clean_environment(self.env))
        if ready:
            self.wait_ready(timeout)
        else:
            wait_until(lambda: self.must_run() and self.listens(), timeout, f"{self.name} listens")
        return self

    def run(self, *arguments, timeout=60):
        """Runs it with other arguments, as `--prepare`, to its end; the exit status."""
        self.spawn([self.path, *arguments], env=clean_environment(self.env))
        return self.process.wait(timeout)

    def terminate(self):
        """SIGTERM, without waiting for what comes of it."""
        if self.running:
            self.process.terminate()

    def restart(self, **env):
        assert self.stop() == 0, f"{self.name} did not end cleanly"
        return self.start(**env)

    def wait_ready(self, timeout=30):
        wait_until(self.is_ready, timeout, f"{self.name} is ready (log: {self.log})")

    def is_ready(self):
        self.must_run()
        return self.listens() and self.ops("/readyz").status_code == 200

    def listens(self):
        """Whether the present run has said of each of its ports that it listens."""
        if not self._listens:
            absent = {"api": {"live"}, "live": {"rest"}}.get(self.env.get("QUERY_ROLES"), set())
            said = {line["name"]: int(line["port"]) for line in self.events("listening")}
            self._listens = set(self.port_settings) - absent <= set(said)
            self._ports.update(said)
        return self._listens

    def ops(self, path):
        return requests.get(f"http://127.0.0.1:{self.ports['ops']}{path}", timeout=5)

    @property
    def log_lines(self):
        """Every complete line of the present run as a dict; a line that is not JSON fails."""
        if not self.log.exists():
            return []
        with open(self.log, "rb") as log:
            log.seek(self._started_at)
            text = log.read()
        return [json.loads(line) for line in text[: text.rfind(b"\n") + 1].splitlines()]

    def events(self, event):
        return [line for line in self.log_lines if line.get("event") == event]

    @property
    def ports(self):
        """{"rest": 8081, "ops": 9081}: what the program said it listens on, in this run or the one before."""
        self.listens()
        return self._ports

    def url(self, path="", port="rest"):
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    @property
    def processes(self):
        return [self]

    @property
    def inside_url(self):
        """Where other programs find it; known before it runs."""
        return f"http://127.0.0.1:{self.env[self.port_settings['rest']]}"

    def metric(self, name, **labels):
        """The sum of the series of `name` that carry `labels`."""
        total = 0.0
        for line in self.ops("/metrics").text.splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name and all(f'{k}="{v}"' in series for k, v in labels.items()):
                total += float(value)
        return total


@functools.cache
def role_paths(role):
    """The paths of a role's routes, as it prints them."""
    command, env = [binary(PROGRAMS["auth"][0]), "--routes"], clean_environment({"AUTH_ROLES": role})
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return [route["path"] for route in json.loads(done.stdout)]


def three_auths(folder, env, name="auth"):
    programs = {role: Program("auth", folder, {"AUTH_ROLES": role}, f"{name}-{role}") for role in ROLES}
    return ThreeAuths(folder, env, name, programs, {role: role_paths(role) for role in ROLES})


def auth_program(folder, env, name="auth"):
    """Auth as it is to be tested: one process, or one a role where PETTRACK_TEST_AUTH=three and `env` has no roles."""
    three = three_wanted() and "AUTH_ROLES" not in env
    return three_auths(folder, env, name) if three else Program("auth", folder, env, name)


def clean_environment(env):
    """What a program sees: PATH and the like, none of the caller's settings, and `env`."""
    kept = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
    return {**{k: os.environ[k] for k in kept if k in os.environ}, **env}


class Stack:
    """Auth, gateway, writer and query with topics and a database of their own on shared servers."""

    def __init__(self, kafka, mongo, folder, **env):
        self.kafka, self.mongo, self.folder = kafka, mongo, pathlib.Path(folder)
        self.name = "t" + secrets.token_hex(4)
        self.prefix = self.name + "."
        gateway, query, retention, operator, master = (secrets.token_urlsafe(32) for _ in range(5))
        self.secrets = [gateway, query, retention, operator, master]
        self.retention_secret, self.operator_secret = retention, operator
        self.env = {
            "KAFKA_BROKERS": kafka.brokers,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "KAFKA_PARTITIONS": "3",
            "WRITER_GROUP": self.prefix + "writer",
            "WRITER_ERASURE_GROUP": self.prefix + "erasure",
            "AUTH_ERASURE_GROUP": self.prefix + "erasure",
            "MONGODB_URI": mongo.uri(self.name),
            "AUTH_MASTER_SECRET": master,
            "AUTH_CLIENTS": f"gateway:{gateway}:devices.lookup latest.read,"
            f"query:{query}:access.read tokens.introspect account.export,"
            f"retention:{retention}:devices.retention,operator:{operator}:devices.unknown keys.rotate",
            "LOG_FORMAT": "json",
            **env,
        }
        self.auth = self._program("auth")
        auth_url = self.auth.inside_url
        self.gateway = self._program("gateway", AUTH_URL=auth_url, CLIENT_ID="gateway", CLIENT_SECRET=gateway)
        self.writer = self._program("writer")
        self._query_env = {"AUTH_URL": auth_url, "CLIENT_ID": "query", "CLIENT_SECRET": query}
        self.query = self._program("query", **self._query_env)
        self.gateway.env["QUERY_URL"] = f"http://127.0.0.1:{self.query.env['QUERY_PORT']}"
        self.programs = [self.auth, self.gateway, self.writer, self.query]
        self._users = []

    def _program(self, kind, name=None, **more):
        if kind == "auth":
            return auth_program(self.folder, {**self.env, **more}, name or kind)
        env = {k: v for k, v in self.env.items() if k not in ("AUTH_CLIENTS", "AUTH_MASTER_SECRET")}
        return Program(kind, self.folder, {**env, **more}, name)

    def start(self):
        for program in self.programs:
            program.start(ready=False)
        for program in self.programs:
            program.wait_ready()
        return self

    def add_auth(self, **env):
        """Another replica of auth, started. The others go on asking the first."""
        replica = self._program("auth", f"auth{len(self.programs)}", **env)
        self.programs.append(replica)
        return replica.start()

    def add_query(self, **env):
        """Another replica of query, started."""
        replica = self._program("query", f"query{len(self.programs)}", **{**self._query_env, **env})
        self.programs.append(replica)
        return replica.start()

    def add_writer(self, **env):
        """Another writer in the same group, started."""
        writer = self._program("writer", f"writer{len(self.programs)}", **env)
        self.programs.append(writer)
        return writer.start()

    def remove(self):
        for user in self._users:
            user.http.close()  # a connection that is kept holds a server's end up
        for program in self.programs:
            program.terminate()
        for program in self.programs:
            program.end()
        if self.mongo.running:
            self.mongo.client.drop_database(self.name)

    # ---- people ----

    def user(self, **fields):
        """A new owner, registered and logged in."""
        user = User(self, **fields)
        user.register()
        user.login()
        self._users.append(user)
        return user

    # ---- what is stored ----

    @property
    def db(self):
        """The database by pymongo; UUIDs as uuid.UUID, times as aware datetimes."""
        options = CodecOptions(uuid_representation=bson.binary.UuidRepresentation.STANDARD, tz_aware=True)
        return self.mongo.client.get_database(self.name, codec_options=options)

    def topic(self, name):
        return self.prefix + name

    # ---- the command line ----

    def cli(self, *arguments, env=None, timeout=120, check=True):
        """Runs `pettrack ...` to its end with this stack's addresses in the environment."""
        done = subprocess.run(
            [str(binary(CLI)), *map(str, arguments)],
            env=clean_environment({**self.cli_env(), **(env or {})}),
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, f"pettrack {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def cli_env(self):
        return {
            "PETTRACK_AUTH_URL": self.auth.url(),
            "PETTRACK_QUERY_URL": self.query.url(),
            "PETTRACK_LIVE_URL": self.live_url(),
            "HOME": str(self.folder),
        }

    def live_url(self, query=None):
        return f"ws://127.0.0.1:{(query or self.query).ports['live']}/v1/live"
