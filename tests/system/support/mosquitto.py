"""A real MQTT broker, mosquitto, and a publisher that shares no code with Pettrack: mosquitto_pub."""

import json
import re
import shutil
import subprocess

from .ports import free_port
from .servers import Process
from .waiting import wait_until


class Mosquitto(Process):
    """One broker that keeps what it has on disk. `stop`, `kill9` and `start` keep port and data.

    `users` {name: password}: only they are let in. `acl`: who of them may do what. `pem`: a file with key and
    certificate; then it speaks TLS.
    """

    def __init__(self, folder, users=None, acl=None, pem=None):
        super().__init__("mosquitto", folder)
        self.path = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if not self.path:
            raise RuntimeError("no mosquitto: ./dev test installs it")
        self.users, self.acl, self.pem, self.port = users or {}, acl, pem, free_port()
        self.passwords = self.folder / "passwords"
        self.config = self.folder / "mosquitto.conf"
        self.config.write_text("".join(f"{line}\n" for line in self._config()))
        self._started_at = 0  # where in the log the present run begins

    def _config(self):
        yield "user root"  # as whom it goes on when it is started by root: the folder is the test's
        yield f"listener {self.port} 127.0.0.1"
        yield from ("log_dest stderr", "log_type all", "persistence true", f"persistence_location {self.folder}/")
        yield from ("autosave_on_changes true", "autosave_interval 1")
        if self.users:
            self.passwords.touch(mode=0o600)
            for name, password in self.users.items():
                subprocess.run(["mosquitto_passwd", "-b", self.passwords, name, password], check=True)
            yield from ("allow_anonymous false", f"password_file {self.passwords}")
        else:
            yield "allow_anonymous true"
        if self.acl:
            rights = self.folder / "acl"
            rights.touch(mode=0o600)
            rights.write_text(self.acl)
            yield f"acl_file {rights}"
        if self.pem:
            yield from (f"certfile {self.pem}", f"keyfile {self.pem}")

    def start(self):
        self._started_at = self.log.stat().st_size if self.log.exists() else 0
        self.spawn([self.path, "-c", self.config])
        wait_until(lambda: self.must_run() and "running" in self.log_text, 10, "mosquitto runs")
        return self

    @property
    def url(self):
        return f"{'mqtts' if self.pem else 'mqtt'}://127.0.0.1:{self.port}"

    @property
    def log_text(self):
        """Of the present run."""
        with open(self.log, "rb") as log:
            log.seek(self._started_at)
            return log.read().decode(errors="replace")

    def sent(self, client):
        """The ids of the messages that it has sent to a client in the present run."""
        return re.findall(rf"Sending PUBLISH to {client} \(d\d, q1, r\d, m(\d+)", self.log_text)

    def acknowledged(self, client):
        """The ids of those that the client has acknowledged."""
        return re.findall(rf"Received PUBACK from {client} \(Mid: (\d+)", self.log_text)

    def has_saved(self, payload):
        """Whether a broker that is killed now comes back with it."""
        kept = self.folder / "mosquitto.db"
        return kept.exists() and payload in kept.read_bytes()

    def publish(self, topic, payload, qos=1, user=None, authority=None, retain=False):
        """Returns when the broker has acknowledged it."""
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", self.port, "-q", qos, "-t", topic]
        text = payload if isinstance(payload, str) else json.dumps(payload)
        command += ["-m", text] if text else ["-n"]
        if user:
            command += ["-u", user, "-P", self.users[user]]
        if authority:
            command += ["--cafile", authority.certificate]
        if retain:
            command += ["-r"]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, f"mosquitto_pub: {done.stderr}"
