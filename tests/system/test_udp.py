"""Trackers that speak UDP at the gateway's socket: what is answered, what is not, and what one that floods can do.

What is refused is not answered: a test waits until the refusal is counted, and then looks whether all is quiet."""

import contextlib
import os
import select
import signal
import socket
import struct
import threading

import pytest
from support.gateway import end_under_load, settings, stored
from support.outage import silent
from support.ports import free_port
from support.times import now_ms
from support.trackers import Avl, TeltonikaClient, teltonika_packet
from support.waiting import holds_for, wait_until

PROTOCOL = "teltonika-udp"


@pytest.fixture(scope="module")
def stack_settings():
    """Its gateway speaks Teltonika over TCP and over UDP, at one port number."""
    port = str(free_port())
    return {
        "GATEWAY_PROTOCOLS": f"osmand,teltonika,{PROTOCOL}",
        "GATEWAY_TELTONIKA_PORT": port,
        "GATEWAY_TELTONIKA_UDP_PORT": port,
        "GATEWAY_DELIVERY_TIMEOUT": "3s",
    }


def datagram(imei, records, number=1, codec=0x08):
    """A packet as over TCP, without its frame, behind the numbers and the IMEI."""
    imei = getattr(imei, "identifier", imei).encode()
    body = struct.pack(">HBBH", number, 1, number & 0xFF, len(imei)) + imei + teltonika_packet(records, codec)[8:-4]
    return struct.pack(">H", len(body)) + body


def answer_to(number, records):
    return struct.pack(">HHBBB", 5, number, 1, number & 0xFF, records)


@contextlib.contextmanager
def tracker(stack, address="127.0.0.1", timeout=20):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", stack.gateway.ports[PROTOCOL]))
        sock.settimeout(timeout)
        yield sock


def is_silent(sock):
    return not select.select([sock], [], [], 0)[0]


def ask(sock, data):
    sock.send(data)
    return sock.recv(1000)


def ask_until_answered(sock, data, patience=1.0):
    """As a tracker does: sends again when no answer came."""
    sock.settimeout(patience)

    def answered():
        try:
            return ask(sock, data)
        except TimeoutError:
            return None

    return wait_until(answered, 40, "it is answered")


def count(stack, name, **labels):
    return stack.gateway.metric(f"pettrack_gateway_{name}_total", protocol=PROTOCOL, **labels)


@contextlib.contextmanager
def counted(stack, name, more=1, **labels):
    """What happens inside makes the counter larger by `more`, in a moment."""
    before = count(stack, name, **labels)
    yield
    wait_until(lambda: count(stack, name, **labels) - before == more, 20, f"{name} {labels} is {more} more")


# ---- accepted ----


@pytest.mark.parametrize("codec", [0x08, 0x8E], ids=["8", "8E"])
def test_answers_byte_by_byte(stack, owner, codec):
    device, at = owner.add_imei(), now_ms()
    records = [Avl(at + 1000 * i, 50.1 + i / 100, -5.1, speed=36) for i in range(5)]
    with tracker(stack) as sock:
        assert ask(sock, datagram(device, records[:1], number=0xCAFE, codec=codec)) == answer_to(0xCAFE, 1)
        assert ask(sock, datagram(device, records[1:], number=2, codec=codec)) == answer_to(2, 4)
        assert ask(sock, datagram(device, [], number=3, codec=codec)) == answer_to(3, 0)
    kept = sorted(stored(stack, device), key=lambda p: p["time"])
    assert [p["time"] for p in kept] == [r.time_ms for r in records]
    assert [p["lat"] for p in kept] == pytest.approx([r.lat for r in records], abs=1e-7)
    assert {p["protocol"] for p in kept} == {PROTOCOL}


def test_tcp_at_the_same_port(stack, owner):
    device, at = owner.add_imei(), now_ms()
    assert stack.gateway.ports["teltonika"] == stack.gateway.ports[PROTOCOL]
    with TeltonikaClient(stack, device) as tcp, tracker(stack) as sock:
        assert tcp.send([Avl(at, 1, 2)]) == 1
        assert ask(sock, datagram(device, [Avl(at + 1000, 1, 2)])) == answer_to(1, 1)
    assert {(p["time"], p["protocol"]) for p in stored(stack, device)} == {(at, "teltonika"), (at + 1000, PROTOCOL)}


def test_many_trackers_in_one_burst(stack, owner):
    """From one address, at once; each hears of its own, and from its own."""
    devices, at = [owner.add_imei() for _ in range(10)], now_ms()
    with contextlib.ExitStack() as sockets:
        socks = [sockets.enter_context(tracker(stack)) for _ in devices]
        for round_ in range(10):
            for device, sock in zip(devices, socks, strict=True):
                sock.send(datagram(device, [Avl(at + 1000 * round_, 1, 2)], number=round_))
        for sock in socks:
            answers = {sock.recv(1000) for _ in range(10)}
            assert answers == {answer_to(number, 1) for number in range(10)}
            assert is_silent(sock)


def test_sent_again_it_is_answered_again_and_stored_once(stack, owner):
    device, at = owner.add_imei(), now_ms()
    data = datagram(device, [Avl(at, 1, 2), Avl(at + 1000, 1, 2)], number=77)
    with tracker(stack) as sock:
        for _ in range(3):
            assert ask(sock, data) == answer_to(77, 2)
    with tracker(stack) as elsewhere:  # its operator gave it another port
        assert ask(elsewhere, data) == answer_to(77, 2)
    wait_until(lambda: owner.stored_times(device) == [at, at + 1000], 20, "each is stored, once")
    holds_for(lambda: owner.stored_times(device) == [at, at + 1000], 1, "and stays so")


# ---- refused ----


def test_an_unknown_device_gets_no_answer(stack, owner):
    device, at = owner.add_imei(), now_ms()
    with tracker(stack) as sock:
        for _ in range(2):  # looked up, and remembered
            with counted(stack, "refused", reason="unknown_device"):
                sock.send(datagram("990000000000007", [Avl(at, 1, 2)]))
        assert is_silent(sock)
        assert ask(sock, datagram(device, [Avl(at, 1, 2)], number=2)) == answer_to(2, 1)


def test_garbage_gets_no_answer(stack, owner):
    device, at = owner.add_imei(), now_ms()
    good = datagram(device, [Avl(at, 1, 2)])
    bad = [b"", b"\0", os.urandom(1000), good[:-1], good + b"\0", good[:-1] + b"\2", b"GET / HTTP/1.1\r\n\r\n"]
    with tracker(stack) as sock:
        with counted(stack, "refused", len(bad), reason="bad_frame"):
            for data in bad:
                sock.send(data)
        with counted(stack, "refused", 2, reason="too_large"):
            sock.send(bytes(9000))
            sock.send(bytes(65507))
        assert is_silent(sock)
        assert ask(sock, good) == answer_to(1, 1)
    assert [p["time"] for p in stored(stack, device)] == [at]


def test_a_rule_about_networks(stack, owner):
    device, at = owner.add_imei(), now_ms()
    rules = {"networks": ["127.0.0.2"]}
    assert owner.auth("PATCH", f"/v1/devices/{device.id}", json={"rules": rules}).status_code == 200
    with tracker(stack) as elsewhere, tracker(stack, "127.0.0.2") as home:
        with counted(stack, "refused", reason="not_allowed"):
            elsewhere.send(datagram(device, [Avl(at, 1, 2)]))
        assert is_silent(elsewhere)
        assert ask(home, datagram(device, [Avl(at, 1, 2)])) == answer_to(1, 1)


# ---- when others are away ----


def test_without_kafka_nothing_is_acknowledged(stack, owner, kafka):
    device, at = owner.add_imei(), now_ms()
    with tracker(stack) as sock:
        assert ask(sock, datagram(device, [Avl(at, 1, 2)])) == answer_to(1, 1)
        with silent(kafka):
            with counted(stack, "refused", reason="unavailable"):
                sock.send(datagram(device, [Avl(at + 1000, 1, 2)], number=2))
            assert is_silent(sock)
        data = datagram(device, [Avl(at + 1000, 1, 2)], number=2)
        assert ask_until_answered(sock, data, patience=4) == answer_to(2, 1)
    assert {p["time"] for p in stored(stack, device)} == {at, at + 1000}


# ---- bounds ----


def test_a_flood_from_one_address_beside_a_good_tracker(stack, owner):
    """It sends what is taken, and garbage, as fast as it can. The other's are answered; none of its are pushed out."""
    flooding, good, at = owner.add_imei(), owner.add_imei(), now_ms()
    stop = threading.Event()

    def flood():
        with tracker(stack, "127.0.0.9") as sock:
            data = [datagram(flooding, [Avl(at + 1000 * i, 1, 2) for i in range(20)]), os.urandom(1000)]
            while not stop.is_set():
                for each in data:
                    with contextlib.suppress(OSError):
                        sock.send(each)

    with settings(stack, GATEWAY_THREADS="1", GATEWAY_DATAGRAMS_PER_ADDRESS="20", GATEWAY_DATAGRAMS_MAX="40"):
        thread = threading.Thread(target=flood)
        thread.start()
        try:
            with tracker(stack, "127.0.0.2") as sock:
                wait_until(lambda: count(stack, "datagrams_dropped", reason="address") > 1000, 40, "the flood is there")
                for i in range(50):
                    data = datagram(good, [Avl(at + 1000 * i, 1, 2)], number=i)
                    assert ask_until_answered(sock, data) == answer_to(i, 1)
        finally:
            stop.set()
            thread.join()
        assert count(stack, "datagrams_dropped", reason="full") == 0
    assert {p["time"] for p in stored(stack, good)} == {at + 1000 * i for i in range(50)}


def test_what_the_kernel_drops_is_counted(stack, owner):
    """A gateway that does not read for a while."""
    device, at = owner.add_imei(), now_ms()
    with settings(stack, GATEWAY_DATAGRAM_BUFFER="16k"), tracker(stack) as sock:
        stack.gateway.process.send_signal(signal.SIGSTOP)
        try:
            for _ in range(200):
                sock.send(bytes(1000))
        finally:
            stack.gateway.process.send_signal(signal.SIGCONT)

        def all_seen():
            dropped, refused = count(stack, "datagrams_dropped", reason="kernel"), count(stack, "refused")
            return dropped > 0 and dropped + refused == 200

        wait_until(all_seen, 20, "each is either refused or dropped")
        assert ask(sock, datagram(device, [Avl(at, 1, 2)])) == answer_to(1, 1)


# ---- the end ----


def test_sigterm_answers_what_is_in_flight(stack, owner):
    def play(device, stop):
        at, number = now_ms(), 0
        with tracker(stack, timeout=0.5) as sock:
            while not stop.is_set():
                at, number = at + 1000, number + 1 & 0xFFFF
                with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                    if ask(sock, datagram(device, [Avl(at, 1, 2)], number)) == answer_to(number, 1):
                        yield at

    end_under_load(stack, [owner.add_imei() for _ in range(8)], play)
