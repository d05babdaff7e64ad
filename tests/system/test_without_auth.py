"""Auth away, killed or hanging: who was known is served, who was not is asked to come again, and all mends itself.

While auth is away, what is remembered gets older than its usual age (ACCESS_TTL, GATEWAY_DEVICE_TTL), which is short
here for that; not older than what is good without it (ACCESS_STALE).
"""

import signal
import socket
import struct
import time
import types

import pytest
import requests
from support.load import wait_quiet
from support.times import now_ms
from support.trackers import Avl, TeltonikaClient, send_osmand
from support.waiting import holds_for, wait_until

TTL_S, LONG_S = 0.5, 3  # how long an answer of auth is fresh; far longer
QUESTION_S = 4  # how long a question to auth may take


def signal_all(auth, number):
    for program in auth.processes:
        program.process.send_signal(number)


# How auth goes away, and how it comes back.
WAYS = {
    "killed": (lambda auth: auth.kill9(), lambda auth: auth.start()),
    "hanging": (lambda auth: signal_all(auth, signal.SIGSTOP), lambda auth: signal_all(auth, signal.SIGCONT)),
}


def questions(stack):
    """How often auth was asked what a user may see, by its own count."""
    return stack.auth.metric("pettrack_http_requests_total", route="/internal/v1/users/{id}/devices")


def test_auth_is_not_asked_on_the_way(stack, owner):
    """Not for a token, not for what may be seen, once that is known; ACCESS_TTL is that of every installation here."""
    cat = owner.add_device()
    assert send_osmand(stack, cat, 1, 2).status_code == 200
    wait_until(lambda: owner.latest(cat), 10, "the position is stored")
    wait_quiet(lambda: bool(owner.latest(cat)) and questions(stack), 1, "what has changed is known")
    asked, everything = questions(stack), stack.auth.metric("pettrack_http_requests_total")
    began = time.monotonic()
    for _ in range(300):
        assert owner.latest(cat)
    took = time.monotonic() - began
    assert questions(stack) == asked
    others = stack.auth.metric("pettrack_http_requests_total") - everything
    from_time_to_time = (2 + took) * len(stack.auth.processes)
    assert others <= from_time_to_time, "only what gateway and query ask, whoever asks them"


@pytest.fixture(scope="module", params=WAYS)
def away(request, stack):
    """Auth is away. .owner with .cat, .collar, .token and an open .live stream is known; .stranger, .new and .new_token
    are not."""
    leave, come_back = WAYS[request.param]
    ttl = f"{1000 * TTL_S:.0f}ms"
    stack.query.restart(ACCESS_TTL=ttl, PERSONAL_TOKEN_TTL=ttl, ACCESS_TIMEOUT=f"{QUESTION_S}s")
    stack.gateway.restart(GATEWAY_DEVICE_TTL=ttl, GATEWAY_UNAVAILABLE_TTL="200ms", GATEWAY_LOOKUP_TIMEOUT="1s")
    owner, stranger = stack.user(), stack.user()
    events = stack.gateway.metric("pettrack_gateway_device_events_total")
    with owner.live() as live:
        live.subscribe("all")
        cat, collar, new = owner.add_device(), owner.add_imei(), owner.add_device()
        for device in (cat, collar, new):  # so query has heard of these changes, after which it must ask again
            wait_until(lambda d=device: any(d.id in f["added"] for f in live.of_type("devices")), 10, "it is told")
        known = "pettrack_gateway_device_events_total"
        wait_until(lambda: stack.gateway.metric(known) >= events + 3, 20, "the gateway has heard of them as well")
        for device in (cat, collar):
            send(stack, device)
            wait_until(lambda d=device: live.positions(d) and owner.latest(d), 10, "it is pushed and stored")
        token, new_token = personal_token(owner), personal_token(owner)
        assert script(stack, token).status_code == 200
        leave(stack.auth)
        back = []

        def end():
            if not back:
                back.append(True)
                come_back(stack.auth)
                stack.auth.wait_ready()

        try:
            yield types.SimpleNamespace(
                owner=owner,
                stranger=stranger,
                cat=cat,
                collar=collar,
                new=new,
                live=live,
                token=token,
                new_token=new_token,
                end=end,
            )
        finally:
            end()


def send(stack, device, at=None):
    """A position by the device's own protocol; the time that it was acknowledged with."""
    at = at or now_ms()
    if device.identifier.startswith("35"):
        with TeltonikaClient(stack, device.identifier) as tracker:
            assert tracker.send([Avl(at, 50.1, -5.1)]) == 1
    else:
        assert send_osmand(stack, device, 50.1, -5.1, at).status_code == 200
    return at


def test_trackers_that_are_known_are_served(stack, away):
    sent = [(away.cat, []), (away.collar, [])]

    def served():
        for device, times in sent:
            times.append(send(stack, device))
        return True

    holds_for(served, LONG_S, "positions are taken")
    for device, times in sent:
        wait_until(lambda d=device, t=times: set(t) <= set(away.owner.stored_times(d)), 20, "they are stored")
        wait_until(lambda d=device, t=times: len(away.live.positions(d)) > len(t), 10, "the open stream has them")


def test_a_tracker_that_is_new_is_asked_to_come_again(stack, away):
    answer = send_osmand(stack, away.new, 1, 2)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    with socket.create_connection(("127.0.0.1", stack.gateway.ports["teltonika"]), timeout=20) as tracker:
        tracker.sendall(struct.pack(">H", 15) + b"350000000000001")
        assert tracker.recv(1) == b"", "neither yes nor no"


def test_people_who_are_known_are_served(stack, away):
    """Longer than what is known of them is fresh, and without waiting for a question that nobody answers."""
    slowest = 0

    def served():
        nonlocal slowest
        began = time.monotonic()
        answer = away.owner.latest(away.cat)
        slowest = max(slowest, time.monotonic() - began)
        return answer and away.owner.history(away.collar, limit=1)

    holds_for(served, LONG_S, "they read")
    assert slowest < QUESTION_S


def test_scripts(stack, away):
    """Their tokens only auth can read: it has said of one what it is."""
    ends = time.monotonic() + LONG_S
    while time.monotonic() < ends:
        assert script(stack, away.token).status_code == 200
    answer = script(stack, away.new_token)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0


def script(stack, token):
    return requests.get(stack.query.url("/v1/latest"), headers={"Authorization": f"Bearer {token}"}, timeout=30)


def personal_token(owner):
    body = {"name": "script", "scopes": ["positions.read"], "expires_in_days": 1}
    answer = owner.auth("POST", "/v1/tokens", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def test_people_who_are_new_are_asked_to_come_again(stack, away):
    answer = away.stranger.query("/v1/latest")
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    with away.stranger.live() as live:
        live.send(type="subscribe", devices="all")
        assert live.wait_for("error", code="unavailable")
        assert not live.closed.is_set()


def test_a_forged_token_is_refused_all_the_same(stack, away):
    header, claims, signature = away.owner.token.split(".")
    forged = f"{header}.{claims}.{'A' * len(signature)}"
    answer = away.owner.call("GET", stack.query.url("/v1/latest"), headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401, answer.text


def test_streams_begin(stack, away):
    with away.owner.live() as live:
        live.subscribe("all")
        assert {p["device"] for p in live.snapshot()} == {away.cat.id, away.collar.id}
        send(stack, away.cat)
        wait_until(lambda: live.positions(away.cat), 10, "what is new is pushed")


def test_nobody_is_taken_out_of_service(stack, away):
    for program in (stack.gateway, stack.query):
        answer = program.ops("/readyz")
        assert answer.status_code == 200, answer.text
        assert "auth" in wait_until(lambda p=program: p.ops("/readyz").json().get("degraded"), 20, "it is said")
    assert not away.live.closed.is_set()


def test_all_are_served_when_it_is_back(stack, away):
    """The last one: it ends the outage."""
    away.end()
    wait_until(lambda: send_osmand(stack, away.new, 1, 2).status_code == 200, 20, "the new tracker")
    wait_until(lambda: away.stranger.query("/v1/latest").status_code == 200, 20, "the new user")
    added = away.owner.add_device()
    away.live.wait_for("devices", added=[added.id])
    send(stack, added)
    wait_until(lambda: away.live.positions(added), 10, "what is added now is pushed on the stream of before")
    assert stack.user().query("/v1/latest").status_code == 200
