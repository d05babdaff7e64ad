"""Somebody who asks again and again, each time by a new connection: how often there was no answer."""

import threading
import time

import requests


class Probe(threading.Thread):
    TICK, TIMEOUT = 0.25, 5

    def __init__(self, name, owner, url):
        super().__init__(name=name, daemon=True)
        self._owner, self._url, self._ending = owner, url, threading.Event()
        self.asked = []  # (when, None or what was wrong)

    def run(self):
        while not self._ending.wait(self.TICK):
            self.asked.append((time.monotonic(), self._ask()))

    def _ask(self):
        try:
            headers = {"Authorization": f"Bearer {self._owner.token}", "Connection": "close"}
            answer = requests.get(self._url, headers=headers, timeout=self.TIMEOUT)
        except (requests.RequestException, AssertionError) as error:  # the latter: no token from auth
            return type(error).__name__
        return None if answer.status_code == 200 else str(answer.status_code)

    def stop(self):
        self._ending.set()
        self.join()

    def between(self, begin, end):
        """(asked, not answered) between these moments."""
        inside = [wrong for when, wrong in self.asked if begin <= when < end]
        return len(inside), sum(wrong is not None for wrong in inside)
