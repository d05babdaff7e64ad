"""Auth as three processes, one a role: what of them stands for the one process in tests."""

import os
import secrets

from . import runbook
from .limits import ROOMY
from .ports import free_port
from .proxy import Proxy, prefixes
from .secure import ADMIN, GuardedMongo

ROLES = ("registration", "authentication", "devices")
MAKING = {"resource": {"db": "", "collection": ""}, "actions": ["createCollection", "createIndex", "listIndexes"]}


def three_wanted():
    return os.environ.get("PETTRACK_TEST_AUTH") == "three"


class RoleMongo(GuardedMongo):
    """Each role of auth has a user, whose rights are those of docs/IDENTITY.md, and to make what is not there."""

    def __init__(self, folder):
        super().__init__(folder, secrets.token_hex(16))

    def _make_admin(self):
        super()._make_admin()
        runbook.create_role_users(self.client, self.password, "", [MAKING])


class ThreeAuths:
    """One address to people, which is a Proxy's. What is asked of it as of a Program is asked of all `programs`, {role:
    Program}. Of `env`, which is everybody's, none gets what it can do without by docs/IDENTITY.md; where MongoDB has
    users, each is its own. `paths`: of the routes of each role."""

    kind = "auth"

    def __init__(self, folder, env, name, programs, paths):
        self.name, self.env = name, {**ROOMY, **env, "AUTH_PORT": str(free_port())}
        self.roles, self.rules = programs, prefixes(paths)
        ports = {role: program.env["AUTH_PORT"] for role, program in programs.items()}
        self.proxy = Proxy(f"{name}-proxy", folder, self.env["AUTH_PORT"], self.rules, ports, "devices")

    # ---- its life, as a Program's ----

    @property
    def processes(self):
        return list(self.roles.values())

    def start(self, ready=True, timeout=30, **env):
        self.env.update(env)
        if not self.proxy.running:
            self.proxy.start()
        for role, program in self.roles.items():
            program.env = self._role_env(role)
            program.start(ready=False, timeout=timeout)
        if ready:
            self.wait_ready(timeout)
        return self

    def _role_env(self, role):
        """Without what has been taken out of .env since the last start."""
        own = {key: self.roles[role].env[key] for key in ("AUTH_ROLES", "AUTH_PORT", "OPS_PORT")}
        shared = runbook.role_needs(role, self.env)
        uri = shared["MONGODB_URI"].replace(f"//{ADMIN}:", f"//{runbook.role_user(role)}:")
        return {**shared, **own, "MONGODB_URI": uri}

    def wait_ready(self, timeout=30):
        for program in self.processes:
            program.wait_ready(timeout)

    def is_ready(self):
        return all(program.is_ready() for program in self.processes)

    @property
    def running(self):
        return any(program.running for program in self.processes)

    def terminate(self):
        for program in self.processes:
            program.terminate()

    def stop(self, timeout=30):
        self.terminate()
        return max(program.stop(timeout) for program in self.processes)

    def kill9(self):
        for program in self.processes:
            program.kill9()

    def restart(self, **env):
        assert self.stop() == 0, f"{self.name} did not end cleanly"
        return self.start(**env)

    def end(self):
        for program in (*self.processes, self.proxy):
            program.end()

    # ---- where it is, what it says ----

    def role_of(self, path):
        """Who serves it, /internal included."""
        fits = [p for p in self.rules if path == p or path.startswith(p + "/")]
        return self.roles[self.rules[max(fits, key=len)] if fits else "devices"]

    def url(self, path="", port="rest"):
        """What is internal is asked of the role itself: the proxy does not let it in."""
        if path.startswith("/internal/"):
            return self.role_of(path).url(path, port)
        return f"http://127.0.0.1:{self.env['AUTH_PORT']}{path}"

    @property
    def inside_url(self):
        """AUTH_URL of the other programs, as lib/client/origins.h has it."""
        at = {role: program.inside_url for role, program in self.roles.items()}
        others = [f"{path}={at[role]}" for path, role in self.rules.items() if role != "devices"]
        return ",".join([at["devices"], *others])

    def ops(self, path):
        """The worst of the answers: whether all are ready."""
        return max((program.ops(path) for program in self.processes), key=lambda answer: answer.status_code)

    def metric(self, name, **labels):
        return sum(program.metric(name, **labels) for program in self.processes)

    @property
    def log_lines(self):
        return [line for program in self.processes for line in program.log_lines]

    def events(self, event):
        return [line for program in self.processes for line in program.events(event)]
