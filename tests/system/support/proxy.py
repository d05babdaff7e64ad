"""A proxy that is not ours (haproxy, as Debian has it) in front of programs that share one address by path."""

import re
import shutil

import requests

from .servers import Process
from .waiting import wait_until


def prefixes(routes):
    """{path: program} of {program: [path of a route]}: as few as will do where the longest that fits counts, by whole
    elements, as in Ingress, HTTPRoute and AUTH_URL. Fails where no such rules could tell the programs apart."""
    owners = {}
    for program, paths in routes.items():
        for path in paths:
            owner = owners.setdefault(path.partition("/{")[0], program)
            assert owner == program, f"{path} is below a path of {owner}'s, and {program}'s"
    return {path: owner for path, owner in owners.items() if _longest(owners, _above(path)) != owner}


def _above(path):
    return path.rpartition("/")[0]


def _longest(owners, path):
    while path and path not in owners:
        path = _above(path)
    return owners.get(path)


class Proxy(Process):
    """Listens on `port` and sends each path of `rules`, {path: program}, and what is below it, to that program's port;
    what is nobody's to `default`. As docs/OPERATIONS.md asks of a proxy, nobody gets to what is internal."""

    def __init__(self, name, folder, port, rules, ports, default):
        super().__init__(name, folder)
        self.port = port
        self.settings = self.folder / f"{name}.cfg"
        self.settings.write_text(_settings(port, rules, ports, default))

    def start(self):
        haproxy = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
        assert haproxy, "haproxy is not installed: ./dev test system does it"
        self.spawn([haproxy, "-db", "-q", "-f", self.settings])
        wait_until(self.listens, 10, f"{self.name} listens (log: {self.log})")

    def listens(self):
        self.must_run()
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/internal", timeout=5).status_code == 404
        except requests.ConnectionError:
            return False


def _settings(port, rules, ports, default):
    public = [path for path in rules if not path.startswith("/internal/")]
    return "\n".join(
        [
            "defaults",
            "    mode http",
            "    option forwardfor",
            "    option http-server-close",
            "    timeout connect 5s",
            "    timeout client 60s",
            "    timeout server 60s",
            "frontend public",
            f"    bind 127.0.0.1:{port}",
            f"    http-request return status 404 if {_below('/internal')}",
            *(f"    use_backend {rules[path]} if {_below(path)}" for path in sorted(public, key=len, reverse=True)),
            f"    default_backend {default}",
            *(f"backend {name}\n    server one 127.0.0.1:{port}" for name, port in ports.items()),
            "",
        ]
    )


def _below(path):
    return f"{{ path -m reg ^{re.escape(path)}(/|$) }}"
