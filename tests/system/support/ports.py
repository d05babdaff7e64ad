"""Ports below the range the kernel hands out by itself: a program that was killed finds its own still free."""

import random
import socket

_RANGE = range(15000, 32000)
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
