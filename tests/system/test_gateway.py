"""The gateway at its sockets: framing, order, bounds, who is known, and what is said when Kafka or auth is away."""

import concurrent.futures
import re
import socket
import struct
import time

import pytest
import requests
from support.gateway import end_under_load, settings, stored
from support.records import read_topic
from support.times import now_ms
from support.trackers import Avl, TeltonikaClient, send_osmand, teltonika_packet
from support.waiting import holds_for, wait_until


def connect(stack, port, timeout=20):
    return socket.create_connection(("127.0.0.1", stack.gateway.ports[port]), timeout=timeout)


def request(device, lat=50.1, lon=-5.1, secret=None, extra="", **fields):
    """An OsmAnd request as bytes."""
    query = f"id={device.identifier}&lat={lat}&lon={lon}&timestamp={now_ms()}"
    query += "".join(f"&{name}={value}" for name, value in fields.items())
    secret = device.secret if secret is None else secret
    return f"GET /?{query} HTTP/1.1\r\nHost: g\r\nX-Device-Secret: {secret}\r\n{extra}\r\n".encode()


def read(sock, n):
    """Exactly n bytes, or fewer at the end."""
    got = b""
    while len(got) < n and (part := sock.recv(n - len(got))):
        got += part
    return got


def read_answer(sock):
    """One HTTP answer from a socket: (status, headers); None at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            assert not head, f"an answer that was cut: {head}"
            return None
        head += byte
    status = int(head.split(b" ", 2)[1])
    headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in head.decode().split("\r\n")[1:-2])}
    length = int(headers["content-length"])
    assert len(read(sock, length)) == length
    return status, headers


def ask(stack, data):
    """Sends bytes on a connection of their own; the first answer, and whether the gateway then closed."""
    with connect(stack, "osmand") as sock:
        sock.sendall(data)
        answer = read_answer(sock)
        return answer, answer is None or answer[1].get("connection") == "close" and sock.recv(1) == b""


# ---- framing ----


def test_osmand_byte_by_byte(stack, owner):
    device = owner.add_device()
    with connect(stack, "osmand") as sock:
        for byte in request(device):
            sock.sendall(bytes([byte]))
        assert read_answer(sock)[0] == 200
    assert len(stored(stack, device)) == 1


def test_teltonika_byte_by_byte_and_in_one_burst(stack, owner):
    device, at = owner.add_imei(), now_ms()
    packets = [teltonika_packet([Avl(at + 1000 * (3 * i + k), 50.1, -5.1) for k in range(3)]) for i in range(4)]
    login = struct.pack(">H", 15) + device.identifier.encode()
    with connect(stack, "teltonika") as sock:
        for byte in login + packets[0]:
            sock.sendall(bytes([byte]))
        assert read(sock, 5) == b"\x01\0\0\0\x03"
    with connect(stack, "teltonika") as sock:
        sock.sendall(b"\xff" + login + b"\xff\xff" + b"".join(packets[1:]))
        assert read(sock, 13) == b"\x01" + 3 * b"\0\0\0\x03"
    assert sorted(p["time"] for p in stored(stack, device)) == [at + 1000 * i for i in range(12)]


def test_pipelined_answers_keep_their_order(stack, owner):
    devices = [owner.add_device() for _ in range(3)]
    sent, expected = b"", []
    for i in range(60):
        device = devices[i % 3]
        wrong = i % 7 == 3
        bad = i % 11 == 5
        sent += request(device, lat=99 if bad else 50.1, secret="guessed" if wrong else None, n=i)
        expected.append(400 if bad else 401 if wrong else 200)
    with connect(stack, "osmand") as sock:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
        assert [read_answer(sock)[0] for _ in expected] == expected
        assert read_answer(sock) is None
    assert sum(len(stored(stack, device)) for device in devices) == expected.count(200)


def test_continue_and_chunks(stack, owner):
    device = owner.add_device()
    body = f"id={device.identifier}&secret={device.secret}&lat=1.5&lon=2.5".encode()
    with connect(stack, "osmand") as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
        assert read(sock, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for i in range(0, len(body), 7):
            piece = body[i : i + 7]
            sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        sock.sendall(b"0\r\n\r\n")
        assert read_answer(sock)[0] == 200
    assert [(p["lat"], p["lon"]) for p in stored(stack, device)] == [(1.5, 2.5)]


SMUGGLING = {
    "length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": "Content-Length: 5\r\nContent-Length: 6\r\n",
    "a list of lengths": "Content-Length: 5, 5\r\n",
    "a blank before the colon": "Content-Length : 5\r\n",
    "folded": "X: a\r\n b\r\n",
    "two codings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "LF": "X: a\nY: b\r\n",
}


@pytest.mark.parametrize("extra", SMUGGLING.values(), ids=SMUGGLING)
def test_requests_that_two_could_read_in_two_ways(stack, owner, extra):
    device = owner.add_device()
    answer, closed = ask(stack, request(device, extra=extra) + b"0\r\n\r\n" + request(device))
    assert answer[0] == 400
    assert closed
    assert stored(stack, device) == []


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + 9000 * b"x" + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/3.0\r\n\r\n", 501),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
    ids=["headers", "body", "chunk", "coding", "version", "tls"],
)
def test_what_http_refuses(stack, data, status):
    answer, closed = ask(stack, data)
    assert answer[0] == status
    assert closed


def test_a_refusal_reaches_one_who_is_still_sending(stack):
    """Closing with unread bytes would be a reset, which may overtake the answer."""
    with connect(stack, "osmand") as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n" + bytes(200_000))
        assert read_answer(sock)[0] == 413


# ---- who is known ----


def teltonika_accepts(stack, identifier):
    with TeltonikaClient(stack, identifier) as tracker:
        return tracker.accepted


def test_a_new_device_is_known_within_a_moment(stack, owner):
    """It was refused before it was made; the no is not kept until its time is over."""
    with settings(stack, GATEWAY_UNKNOWN_TTL="1h"):
        imei = "86" + f"{now_ms():013d}"
        assert not teltonika_accepts(stack, imei)
        owner.add_device(identifier=imei)
        wait_until(lambda: teltonika_accepts(stack, imei), 10, "the new device is known")


def test_a_renewed_secret_ends_the_old_one(stack, owner):
    device = owner.add_device()
    with settings(stack, GATEWAY_DEVICE_TTL="1h"):
        assert send_osmand(stack, device, 1, 2).status_code == 200
        renewed = owner.auth("POST", f"/v1/devices/{device.id}/secret").json()["secret"]
        wait_until(lambda: send_osmand(stack, device, 1, 2).status_code == 401, 10, "the old secret is refused")
        assert send_osmand(stack, device, 1, 2, secret=renewed).status_code == 200


def test_a_deleted_device_is_refused_on_its_open_connection(stack, owner):
    device = owner.add_imei()
    with settings(stack, GATEWAY_DEVICE_TTL="1h"), TeltonikaClient(stack, device) as tracker:
        assert tracker.send([Avl(now_ms(), 1, 2)]) == 1
        assert owner.auth("DELETE", f"/v1/devices/{device.id}").status_code == 204
        wait_until(lambda: tracker.send([Avl(now_ms(), 1, 2)]) in (0, None), 10, "it is refused")
        assert tracker.closed_by_server()
    assert not teltonika_accepts(stack, device)


def test_a_changed_device_is_known_without_the_topic(stack, owner):
    """By time alone, should an event be missed."""
    device = owner.add_device()
    with settings(stack, GATEWAY_DEVICE_TTL="300ms", KAFKA_TOPIC_PREFIX="apart-" + stack.prefix):
        assert send_osmand(stack, device, 1, 2).status_code == 200
        renewed = owner.auth("POST", f"/v1/devices/{device.id}/secret").json()["secret"]
        wait_until(lambda: send_osmand(stack, device, 1, 2, secret=renewed).status_code == 200, 10, "it is asked again")


def test_look_ups_come_in_batches(stack, owner):
    """Many unknown trackers at once: few requests, and nobody waits for another's."""
    with settings(stack, GATEWAY_THREADS="2"):
        requests_before = stack.gateway.metric("pettrack_gateway_lookup_seconds_count")
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda i: teltonika_accepts(stack, f"99{i:013d}"), range(300)))
        assert not any(answers)
        assert stack.gateway.metric("pettrack_gateway_lookups_total", result="unknown") >= 300
        assert stack.gateway.metric("pettrack_gateway_lookup_seconds_count") - requests_before < 300


def test_while_auth_is_away_the_known_are_served(stack, owner):
    known, new = owner.add_device(), owner.add_device()
    with settings(stack, GATEWAY_DEVICE_TTL="500ms", GATEWAY_UNAVAILABLE_TTL="200ms"):
        assert send_osmand(stack, known, 1, 2).status_code == 200
        stack.auth.kill9()
        try:
            holds_for(lambda: send_osmand(stack, known, 1, 2).status_code == 200, 2, "the known are served")
            answer = send_osmand(stack, new, 1, 2)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            with connect(stack, "teltonika") as sock:
                sock.sendall(struct.pack(">H", 15) + b"350000000000001")
                assert sock.recv(1) == b"", "neither yes nor no"
            assert stack.gateway.ops("/readyz").status_code == 200
            assert stack.gateway.metric("pettrack_dependency_up", dependency="auth") == 0
        finally:
            stack.auth.start()
        wait_until(lambda: send_osmand(stack, new, 1, 2).status_code == 200, 15, "new ones are served again")


# ---- when Kafka is away ----


def test_without_kafka_nothing_is_acknowledged(make_stack, kafka):
    stack = make_stack(GATEWAY_DELIVERY_TIMEOUT="3s")
    owner = stack.user()
    app, collar, at = owner.add_device(), owner.add_imei(), now_ms()
    assert send_osmand(stack, app, 1, 2, at).status_code == 200
    with TeltonikaClient(stack, collar) as tracker:
        kafka.stop()
        try:
            with concurrent.futures.ThreadPoolExecutor() as pool:
                answer = pool.submit(send_osmand, stack, app, 1, 2, at + 1000)
                tracker.socket.sendall(teltonika_packet([Avl(at, 1, 2)]))
                assert tracker._read(4) == b"", "not a byte, and the end"
                assert answer.result().status_code == 503
            wait_until(lambda: stack.gateway.ops("/readyz").status_code == 503, 15, "not ready")
            assert stack.gateway.ops("/healthz").status_code == 200
        finally:
            kafka.start()
    wait_until(lambda: send_osmand(stack, app, 1, 2, at + 2000).status_code == 200, 30, "taken again")
    wait_until(lambda: stack.gateway.ops("/readyz").status_code == 200, 15, "ready again")
    times = {p["time"] for p in stored(stack, app)}
    assert {at, at + 2000} <= times


# ---- bounds ----


def test_idle_connections_and_trickles_are_closed(stack, owner):
    device = owner.add_device()
    with settings(stack, GATEWAY_OSMAND_IDLE="1s", GATEWAY_TELTONIKA_IDLE="1s"):
        with connect(stack, "osmand") as idle, connect(stack, "osmand") as trickle, connect(stack, "osmand") as busy:
            began = time.monotonic()
            with pytest.raises(OSError):
                while time.monotonic() - began < 10:  # a byte now and then, never a request
                    trickle.sendall(b"G")
                    busy.sendall(request(device))
                    assert read_answer(busy)[0] == 200
                    time.sleep(0.05)
            assert idle.recv(1) == b""
        closed = "pettrack_gateway_connections_closed_total"
        wait_until(lambda: stack.gateway.metric(closed, reason="idle") >= 1, 10, "it is counted")


def test_connections_are_bounded(stack, owner):
    device = owner.add_device()
    with settings(stack, GATEWAY_CONNECTIONS_MAX="5"):
        held = [connect(stack, "osmand") for _ in range(5)]
        for sock in held:
            sock.sendall(request(device))
            assert read_answer(sock)[0] == 200
        with connect(stack, "teltonika") as one_more:
            assert one_more.recv(1) == b""
        held.pop().close()
        wait_until(lambda: send_osmand(stack, device, 1, 2).status_code == 200, 10, "there is room again")
        for sock in held:
            sock.close()
        refused = "pettrack_gateway_connections_refused_total"
        wait_until(lambda: stack.gateway.metric(refused) >= 1, 10, "it is counted")


def test_connections_of_an_address_are_bounded(stack, owner):
    device = owner.add_device()
    with settings(stack, GATEWAY_CONNECTIONS_PER_ADDRESS="2", GATEWAY_THREADS="1"):
        held = [connect(stack, "osmand") for _ in range(2)]
        for sock in held:
            sock.sendall(request(device))
            assert read_answer(sock)[0] == 200
        with connect(stack, "osmand") as one_more:
            assert one_more.recv(1) == b""
        other = socket.socket()
        other.bind(("127.0.0.2", 0))  # somebody else
        other.connect(("127.0.0.1", stack.gateway.ports["osmand"]))
        other.sendall(request(device))
        assert read_answer(other)[0] == 200
        for sock in [*held, other]:
            sock.close()


# ---- the end ----


def test_sigterm_answers_what_is_in_flight(stack, owner):
    def play(device, stop):
        at = now_ms()
        with requests.Session() as http:
            while not stop.is_set():
                at += 1000
                try:
                    if send_osmand(stack, device, 1, 2, at, http=http).status_code == 200:
                        yield at
                except requests.ConnectionError:
                    stop.wait(0.05)

    end_under_load(stack, [owner.add_device() for _ in range(8)], play)


# ---- what it tells ----


def test_refusals_are_counted_by_protocol_and_reason(stack, owner):
    device = owner.add_device()

    def counts():
        text = stack.gateway.ops("/metrics").text
        found = re.findall(r'pettrack_gateway_refused_total\{protocol="(\w+)",reason="(\w+)"\} (\S+)', text)
        return {(protocol, reason): float(value) for protocol, reason, value in found}

    before = counts()
    assert send_osmand(stack, device, 99, 2).status_code == 400
    assert send_osmand(stack, device, 1, 2, secret="guessed").status_code == 401
    assert requests.get(stack.gateway.url("/?lat=1&lon=2", "osmand"), timeout=10).status_code == 400
    assert not teltonika_accepts(stack, "990000000000000")
    packet = bytearray(teltonika_packet([Avl(now_ms(), 1, 2)]))
    packet[-1] ^= 1
    with TeltonikaClient(stack, owner.add_imei()) as tracker:
        assert tracker.send_bytes(bytes(packet)) == 0
    after = counts()
    more = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
    assert more == {
        ("osmand", "bad_value"): 1,
        ("osmand", "wrong_secret"): 1,
        ("osmand", "no_device"): 1,
        ("teltonika", "unknown_device"): 1,
        ("teltonika", "bad_checksum"): 1,
    }


def test_times_that_the_gateway_sets(stack, owner):
    undated, ahead = owner.add_device(), owner.add_device()
    url = stack.gateway.url("/", "osmand")
    began = now_ms()
    for device, more in ((undated, {}), (ahead, {"timestamp": "2199-01-02T03:04:05Z"})):
        params = {"id": device.identifier, "secret": device.secret, "lat": 1, "lon": 2, **more}
        assert requests.get(url, params=params, timeout=20).status_code == 200
    for device in (undated, ahead):
        (position,) = stored(stack, device)
        assert began <= position["time"] == position["received"] <= now_ms()
    (record,) = (r for r in read_topic(stack, "positions") if r.key == ahead.uuid.bytes)
    assert b"deviceTime" in record.value and b"2199-01-02T03:04:05.000Z" in record.value
