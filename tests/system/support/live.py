"""A live subscriber (websockets): a thread reads every frame into a list; tests look at the list."""

import contextlib
import json
import threading

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .waiting import wait_until


class LiveClient:
    def __init__(self, url, subprotocols=("pettrack.v1",), **more):
        more.setdefault("compression", None)
        more.setdefault("max_size", 16 * 1024 * 1024)
        self._end = contextlib.ExitStack()
        opened = connect(url, subprotocols=list(subprotocols), open_timeout=10, close_timeout=2, **more)
        self.socket = self._end.enter_context(opened)
        self.frames = []
        self.closed = threading.Event()
        self.close_code = self.close_reason = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            for text in self.socket:
                self.frames.append(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self.close_code, self.close_reason = self.socket.close_code, self.socket.close_reason
            self.closed.set()

    def send(self, **message):
        self.socket.send(json.dumps(message))

    def authenticate(self, token):
        self.send(type="auth", token=token)
        return self.wait_for("authenticated")

    def subscribe(self, devices="all", cursor=None, timeout=10):
        """Subscribes (Devices, ids or "all"); waits for the answer and, where one is due, its whole snapshot."""
        start = len(self.frames)
        ids = devices if devices == "all" else [getattr(d, "id", d) for d in devices]
        message = {"type": "subscribe", "devices": ids}
        if cursor is not None:
            message["cursor"] = cursor
        self.send(**message)
        answer = self.wait_for("subscribed", after=start, timeout=timeout)
        if not answer.get("recovered"):
            self.wait_for("snapshot", after=start, timeout=timeout, last=True)
        return answer

    def of_type(self, kind, after=0, **fields):
        return [
            f for f in self.frames[after:] if f.get("type") == kind and all(f.get(k) == v for k, v in fields.items())
        ]

    def wait_for(self, kind, after=0, timeout=10, **fields):
        """The first frame of this type (and these fields) at or after index `after`."""
        wait_until(
            lambda: self.of_type(kind, after, **fields) or self.closed.is_set(),
            timeout,
            f"a live frame {kind} {fields}; have {self.frames[-5:]}",
        )
        found = self.of_type(kind, after, **fields)
        assert found, f"closed ({self.close_code} {self.close_reason}) before a frame {kind} {fields}: {self.frames}"
        return found[0]

    @property
    def cursor(self):
        """The newest cursor seen."""
        return next((f["cursor"] for f in reversed(self.frames) if "cursor" in f), None)

    def positions(self, device=None, after=0):
        """Pushed positions (snapshots are not among them), in order."""
        wanted = getattr(device, "id", device)
        pushed = [p for f in self.of_type("positions", after) for p in f["positions"]]
        return [p for p in pushed if wanted is None or p["device"] == wanted]

    def snapshot(self, after=0):
        return [p for f in self.of_type("snapshot", after) for p in f["positions"]]

    def skipped(self, after=0):
        return sum(f.get("skipped", 0) for f in self.of_type("positions", after))

    def wait_closed(self, timeout=15):
        """The close code."""
        wait_until(self.closed.is_set, timeout, "the server closes the live connection")
        return self.close_code

    def close(self):
        self._end.close()
        self._reader.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
