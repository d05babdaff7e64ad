"""Ports below the range the kernel hands out by itself: a program that was killed finds its own still free."""

import os
import random
import socket

# Workers that run at the same time have no port in common: between being found and being used one is nobody's.
_WORKERS = 16
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_RANGE = range(15000 + _WORKER, 32000, _WORKERS)
_taken = set()


def free_port():
    while True:
        port = random.choice(_RANGE)
        if port in _taken:
            continue
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken.add(port)
        return port
