"""Strangers: who has a share link and nothing else; and the grid that a blurred position is shown on."""

import contextlib
import fractions

import requests

from .live import LiveClient


def open_link(stack, token, **headers):
    return requests.post(stack.auth.url("/v1/links/open"), json={"token": token}, headers=headers, timeout=10)


def share(device, expires_in_s=600, **terms):
    """A new link to one of an owner's devices, as its owner is shown it."""
    body = {"expires_in_s": expires_in_s, **terms}
    answer = device.owner.auth("POST", f"/v1/devices/{device.id}/links", json=body)
    assert answer.status_code == 201, f"share: {answer.status_code} {answer.text}"
    return answer.json()


class Stranger:
    """Whoever opened a link."""

    def __init__(self, stack, token):
        self.stack = stack
        answer = open_link(stack, token)
        assert answer.status_code == 200, f"open: {answer.status_code} {answer.text}"
        self.shown = answer.json()
        self.headers = {"Authorization": f"Bearer {self.shown['access_token']}"}

    def call(self, method, url, **more):
        return requests.request(method, url, headers=self.headers, timeout=10, **more)

    def query(self, path, **params):
        return self.call("GET", self.stack.query.url(path), params={k.rstrip("_"): v for k, v in params.items()})

    def history(self, **params):
        """The positions, page after page."""
        found, cursor = [], {}
        while True:
            answer = self.query(f"/v1/history/{self.shown['device']['id']}", **params, **cursor)
            assert answer.status_code == 200, f"history: {answer.status_code} {answer.text}"
            found += answer.json()["positions"]
            if answer.json()["next"] is None:
                return found
            cursor = {"cursor": answer.json()["next"]}

    @contextlib.contextmanager
    def live(self, subscribe=True, cursor=None):
        with LiveClient(self.stack.live_url()) as client:
            client.authenticate(self.shown["access_token"])
            if subscribe:
                client.subscribe(cursor=cursor)
            yield client


def cell_middle(lat, lon, length):
    """Of the geohash of `length` characters that (lat, lon) is in, in degrees with 7 decimals: by halving."""
    bounds = [[fractions.Fraction(-180), fractions.Fraction(180)], [fractions.Fraction(-90), fractions.Fraction(90)]]
    for bit in range(5 * length):
        axis, at = bounds[bit % 2], (lon, lat)[bit % 2]
        middle = sum(axis) / 2
        axis[at < middle] = middle
    return tuple(round(float(sum(axis) / 2), 7) for axis in reversed(bounds))
