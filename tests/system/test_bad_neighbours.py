"""Trackers beside clients that are bad for a gateway: the good are all answered, and what the bad can take is bounded.

How long it takes is not asserted here: ./dev bench gateway measures it."""

import concurrent.futures
import contextlib
import fcntl
import itertools
import os
import signal
import socket
import struct
import termios
import threading

import pytest
import requests
from support.gateway import stored
from support.times import now_ms
from support.trackers import Avl, TeltonikaClient, send_osmand
from support.waiting import wait_until

PROTOCOLS = ("osmand", "teltonika", "watch")
FRAMES = 15  # of each good tracker
SOON = 30


@pytest.fixture(scope="module")
def stack_settings():
    """Its gateway has one loop: whoever holds that up holds up all."""
    return {"GATEWAY_THREADS": "1", "GATEWAY_PROTOCOLS": ",".join(PROTOCOLS)}


def connect(stack, protocol, timeout=SOON, receive=None):
    """@receive: bytes that may wait to be read. Said beforehand: a window that shrinks loses acknowledgements."""
    sock = socket.socket()
    if receive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    sock.settimeout(timeout)
    sock.connect(("127.0.0.1", stack.gateway.ports[protocol]))
    return sock


def request(identifier, secret="guessed", lat=1):
    query = f"id={identifier}&lat={lat}&lon=2&timestamp={now_ms()}"
    return f"GET /?{query} HTTP/1.1\r\nHost: g\r\nX-Device-Secret: {secret}\r\n\r\n".encode()


def closed(stack, reason):
    return stack.gateway.metric("pettrack_gateway_connections_closed_total", reason=reason)


# ---- the bad: each is called again and again, and returns when the gateway hangs up or it is over ----


def stalls(stack, device, over):
    """Half a frame on each port, and then nothing."""
    halves = {"osmand": b"GET /?id=", "teltonika": struct.pack(">H", 15) + b"35", "watch": b"[3G*3500"}
    with contextlib.ExitStack() as all_of_them:
        for protocol, half in halves.items():
            all_of_them.enter_context(connect(stack, protocol)).sendall(half)
        over.wait()


def never_reads(stack, device, over):
    """Requests of a known device, which are refused at once, and no ear for it."""
    flood(stack, request(device.identifier, device.secret, lat=99), over, reads=False)


def sends_garbage(stack, device, over):
    for protocol in PROTOCOLS:
        with contextlib.suppress(OSError), connect(stack, protocol, timeout=0.2) as sock:
            for _ in range(20):
                sock.sendall(os.urandom(64 * 1024))


def is_unknown(stack, device, over):
    flood(stack, request("nobody"), over, reads=True)


def flood(stack, message, over, reads):
    with connect(stack, "osmand", timeout=0.2, receive=None if reads else 4096) as sock:
        rest = b""
        while not over.is_set():
            rest = rest or 100 * message
            with contextlib.suppress(TimeoutError):
                rest = rest[sock.send(rest) :]
            while reads and readable(sock):
                assert sock.recv(1 << 20)


def readable(sock):
    """How many bytes wait to be read."""
    return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, struct.pack("i", 0)))[0]


BAD = (stalls, never_reads, sends_garbage, is_unknown)


@contextlib.contextmanager
def neighbours(stack, device, *kinds):
    over = threading.Event()

    def misbehave(kind):
        while not over.is_set():
            with contextlib.suppress(OSError):  # it is hung up on, and comes again
                kind(stack, device, over)

    threads = [threading.Thread(target=misbehave, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


# ---- the good ----


def play_teltonika(stack, device):
    at = now_ms()
    with TeltonikaClient(stack, device) as tracker:
        assert tracker.accepted
        return sum(tracker.send([Avl(at + 1000 * i, 1, 2)]) for i in range(FRAMES))


def play_osmand(stack, device):
    at = now_ms()
    with requests.Session() as http:
        answers = [send_osmand(stack, device, 1, 2, at + 1000 * i, http=http) for i in range(FRAMES)]
    return sum(answer.status_code == 200 for answer in answers)


# ---- tests ----


@pytest.mark.parametrize("kinds", [*((kind,) for kind in BAD), BAD], ids=[*(kind.__name__ for kind in BAD), "all"])
def test_the_good_are_all_answered(stack, owner, kinds):
    trackers = [(play_teltonika, owner.add_imei()) for _ in range(5)]
    trackers += [(play_osmand, owner.add_device()) for _ in range(5)]
    with neighbours(stack, owner.add_device(), *kinds), concurrent.futures.ThreadPoolExecutor(len(trackers)) as pool:
        answered = [pool.submit(play, stack, device) for play, device in trackers]
        assert [a.result() for a in answered] == [FRAMES] * len(trackers)
    assert [len(stored(stack, device)) for _, device in trackers] == [FRAMES] * len(trackers)


def test_one_request_need_not_wait_for_many(stack):
    """They came before it, and lie in the kernel while the gateway stands still; each is refused at once. The one is
    answered before all of them are. Whoever looks may be late, and then looks again."""
    many = 30  # as many answers as TCP sends at once
    with connect(stack, "osmand") as probe:
        probe.sendall(request("nobody"))
        answer = len(probe.recv(4096))

    def overtakes():
        with connect(stack, "osmand") as flooder, connect(stack, "osmand") as one:
            stack.gateway.process.send_signal(signal.SIGSTOP)
            try:
                flooder.sendall(many * request("nobody"))
                one.sendall(request("nobody"))
            finally:
                stack.gateway.process.send_signal(signal.SIGCONT)
            assert one.recv(1)
            there = readable(flooder)
            wait_until(lambda: readable(flooder) == many * answer, SOON, "all are answered")
            return there < many * answer

    assert any(overtakes() for _ in range(100))


def test_one_that_never_reads_is_hung_up_on(stack, owner):
    before = closed(stack, "slow")
    with neighbours(stack, owner.add_device(), never_reads):
        wait_until(lambda: closed(stack, "slow") > before, 3 * SOON, "it is hung up on")


@pytest.mark.parametrize("beginning", ["GET /?id=", "[3G*350000000000001*FFFF*"], ids=["osmand", "watch"])
def test_a_frame_without_an_end_is_not_kept(stack, beginning):
    """What does not become a frame is read only so far."""
    protocol = "osmand" if beginning.startswith("GET") else "watch"
    sent = len(beginning)
    with connect(stack, protocol) as sock, contextlib.suppress(ConnectionError):
        sock.sendall(beginning.encode())
        for _ in itertools.repeat(None, 1000):
            sent += sock.send(64 * 1024 * b"x")
    assert sent < 32 << 20
