"""Owners and their trackers, as a REST client sees them (requests)."""

import dataclasses
import secrets
import time
import uuid

import requests

from .live import LiveClient
from .times import parse_time


@dataclasses.dataclass
class Device:
    """One tracker of an owner. `secret` is what auth showed once."""

    id: str
    identifier: str
    secret: str
    owner: object = dataclasses.field(repr=False)

    @property
    def uuid(self):
        return uuid.UUID(self.id)


class User:
    """One owner. Holds tokens; asks for new ones in time."""

    def __init__(self, stack, email=None, password=None, name="Test Owner"):
        self.stack = stack
        self.email = email or f"owner-{secrets.token_hex(6)}@example.org"
        self.password = password or secrets.token_urlsafe(18)
        self.name = name
        self.http = requests.Session()
        self.tokens = None
        self._token_end = 0.0

    def register(self):
        body = {"email": self.email, "password": self.password, "name": self.name}
        answer = self.http.post(self.stack.auth.url("/v1/users"), json=body, timeout=10)
        assert answer.status_code == 202, f"register: {answer.status_code} {answer.text}"

    def login(self):
        body = {"email": self.email, "password": self.password}
        answer = self.http.post(self.stack.auth.url("/v1/sessions"), json=body, timeout=10)
        assert answer.status_code == 200, f"login: {answer.status_code} {answer.text}"
        self.tokens = answer.json()
        self._token_end = time.monotonic() + self.tokens["expires_in"] - 30
        return self.tokens

    @property
    def token(self):
        if time.monotonic() >= self._token_end:
            self.login()
        return self.tokens["access_token"]

    def call(self, method, url, **more):
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.http.request(method, url, headers=headers, timeout=30, **more)

    def auth(self, method, path, **more):
        """A request to auth: user.auth("GET", "/v1/devices")."""
        return self.call(method, self.stack.auth.url(path), **more)

    def query(self, path, query=None, **params):
        """A GET at query (or at another replica): user.query("/v1/latest", limit=10)."""
        params = {k.rstrip("_"): v for k, v in params.items() if v is not None}  # from_= is a keyword's way round
        return self.call("GET", (query or self.stack.query).url(path), params=params)

    def add_device(self, name="Collar", identifier=None, pet=None):
        body = {"name": name}
        if identifier:
            body["identifier"] = identifier
        if pet:
            body["pet"] = pet
        answer = self.auth("POST", "/v1/devices", json=body)
        assert answer.status_code == 201, f"add device: {answer.status_code} {answer.text}"
        made = answer.json()
        return Device(made["id"], made["identifier"], made["secret"], self)

    def add_imei(self, name="Teltonika"):
        """A device whose identifier is an IMEI."""
        return self.add_device(name, identifier="35" + "".join(secrets.choice("0123456789") for _ in range(13)))

    def latest(self, device, query=None):
        """The position, or None where there is none yet."""
        answer = self.query(f"/v1/latest/{device.id}", query)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, f"latest: {answer.status_code} {answer.text}"
        return answer.json()

    def history(self, device, start=None, end=None, order=None, limit=None, query=None):
        """Every position in the range, page after page."""
        found, cursor = [], None
        while True:
            answer = self.query(
                f"/v1/history/{device.id}", query, from_=start, to=end, order=order, limit=limit, cursor=cursor
            )
            assert answer.status_code == 200, f"history: {answer.status_code} {answer.text}"
            page = answer.json()
            found += page["positions"]
            cursor = page["next"]
            if cursor is None:
                return found

    def stored_times(self, device, **more):
        """The fix times in history, as ms."""
        return [parse_time(p["time"]) for p in self.history(device, **more)]

    def live(self, query=None, authenticate=True, **more):
        """A live connection, authenticated by its first message unless told not to."""
        client = LiveClient(self.stack.live_url(query), **more)
        if authenticate:
            client.authenticate(self.token)
        return client
