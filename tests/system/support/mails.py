"""A mail server to look into: aiosmtpd, which shares no code with Pettrack."""

import asyncio
import dataclasses
import email
import email.policy
import re
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from .ports import free_port
from .waiting import wait_until


@dataclasses.dataclass
class Mail:
    """One mail as the server got it."""

    sender: str
    recipient: str
    raw: bytes
    tls: bool = False
    user: str = None

    @property
    def message(self):
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def text(self):
        return self.message.get_content().replace("\r\n", "\n")

    def token(self, word):
        """Out of the link ".../#WORD=TOKEN"."""
        return re.search(rf"^\S+/#{word}=(\S+)$", self.text, re.MULTILINE)[1]


class _Controller(Controller):
    """Hangs up when it stops: connections left open would be waited on by their clients."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self._made = []

    def factory(self):
        self._made.append(super().factory())
        return self._made[-1]

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(10)
        super().stop()

    async def _hang_up(self):
        self.server.close()
        for one in self._made:
            if one.transport:
                one.transport.abort()
        await asyncio.sleep(0)


class MailServer:
    """Keeps its port over stop() and start(). refuse("RCPT", 450) and the like until accept()."""

    def __init__(self, certificate=None, key=None, users=None):
        self.port = free_port()
        self.mails, self.refusals, self.attempts = [], {}, 0
        self._users = users
        self._lock = threading.Lock()
        self._controller = None
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, key)

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def settings(self):
        """What auth needs to send by this server."""
        return {
            "AUTH_SMTP_URL": self.url,
            "AUTH_SMTP_STARTTLS": "true" if self._tls else "false",
            "AUTH_PUBLIC_URL": "https://pets.example.org",
        }

    def start(self):
        more = {}
        if self._tls:
            more = {"tls_context": self._tls, "require_starttls": True}
        if self._users:
            more |= {"authenticator": self._authenticate, "auth_required": True}
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, **more)
        self._controller.start()
        return self

    def stop(self):
        if self._controller:
            self._controller.stop()
        self._controller = None

    def refuse(self, command, status):
        self.refusals = {command: status}

    def accept(self):
        self.refusals = {}

    def to(self, recipient):
        with self._lock:
            return [mail for mail in self.mails if mail.recipient == recipient]

    def wait(self, recipient, count=1, timeout=15):
        """The newest mail to `recipient`, once there are `count`."""
        wait_until(lambda: len(self.to(recipient)) >= count, timeout, f"{count} mails to {recipient}")
        return self.to(recipient)[-1]

    # ---- aiosmtpd's side ----

    def _authenticate(self, _server, _session, _envelope, _mechanism, data):
        user, password = data.login.decode(), data.password.decode()
        return AuthResult(success=self._users.get(user) == password, auth_data=user)

    def _answer(self, command):
        if command not in self.refusals:
            return None
        with self._lock:
            self.attempts += 1
        return f"{self.refusals[command]} Not now"

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        session.host_name = hostname
        return [self._answer("EHLO")] if "EHLO" in self.refusals else responses

    async def handle_HELO(self, _server, session, _envelope, hostname):
        session.host_name = hostname
        return self._answer("EHLO") or "250 Hello"

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        refused = self._answer("MAIL")
        if not refused:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refused or "250 Yes"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        refused = self._answer("RCPT")
        if not refused:
            envelope.rcpt_tos.append(address)
        return refused or "250 Yes"

    async def handle_DATA(self, _server, session, envelope):
        refused = self._answer("DATA")
        if not refused:
            user = getattr(session, "auth_data", None)
            with self._lock:
                for recipient in envelope.rcpt_tos:
                    tls = session.ssl is not None
                    self.mails.append(Mail(envelope.mail_from, recipient, envelope.content, tls, user))
        return refused or "250 Kept"
