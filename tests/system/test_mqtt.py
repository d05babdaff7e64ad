"""OwnTracks over MQTT: a real broker, which is acknowledged when Kafka has what it sent and not before."""

import json
import secrets

import pytest
from support.gateway import settings
from support.mosquitto import Mosquitto
from support.programs import Stack
from support.secure import Authority
from support.times import now_ms
from support.waiting import holds_for, wait_until

PROTOCOL = "owntracks-mqtt"
CLIENT = "test-gateway"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    made = Mosquitto(tmp_path_factory.mktemp("mosquitto")).start()
    yield made
    made.end()


@pytest.fixture(scope="module")
def stack(kafka, mongo, broker, tmp_path_factory):
    """A stack whose gateway is at the broker."""
    made = Stack(kafka, mongo, tmp_path_factory.mktemp("stack"))
    made.gateway.env |= {"GATEWAY_MQTT_URL": broker.url, "GATEWAY_MQTT_CLIENT_ID": CLIENT}
    try:
        made.start()
        wait_until(lambda: is_at_broker(made.gateway), 10, "the gateway is at the broker")
        yield made
    finally:
        made.remove()


def is_at_broker(gateway):
    return gateway.metric("pettrack_dependency_up", dependency="mqtt") == 1


def degraded(gateway):
    """What /readyz says of the broker; the gateway is ready all the same."""
    answer = gateway.ops("/readyz")
    assert answer.status_code == 200
    return answer.json().get("degraded", {}).get("mqtt", "")


def topic(device, below=""):
    return f"owntracks/jane/{device.identifier}{below}"


def location(at_ms, lat=50.1703, lon=-5.1138, **more):
    return {"_type": "location", "lat": lat, "lon": lon, "tst": at_ms // 1000, **more}


def whole_seconds(n=1):
    """Times of fixes, the newest last."""
    now = now_ms() // 1000 * 1000
    return [now - 1000 * (n - 1 - i) for i in range(n)]


def frames(gateway):
    return gateway.metric("pettrack_gateway_frames_total", protocol=PROTOCOL)


# ---- messages ----


def test_a_message_is_stored(stack, owner, broker):
    device, (at,) = owner.add_device(), whole_seconds()
    broker.publish(topic(device), location(at, batt=67, vel=36, acc=5, tid="JJ"))
    latest = wait_until(lambda: owner.latest(device), 10, "it is stored")
    assert (latest["lat"], latest["lon"], latest["battery"], latest["speed"]) == (50.1703, -5.1138, 67, 10)
    assert owner.stored_times(device) == [at]
    assert latest["protocol"] == PROTOCOL
    wait_until(lambda: set(broker.sent(CLIENT)) == set(broker.acknowledged(CLIENT)), 10, "it is acknowledged")


def test_one_of_qos_0_too(stack, owner, broker):
    device, (at,) = owner.add_device(), whole_seconds()
    broker.publish(topic(device), location(at), qos=0)
    wait_until(lambda: owner.stored_times(device) == [at], 10, "it is stored")


def test_events_and_goodbyes(stack, owner, broker):
    device, (at,) = owner.add_device(), whole_seconds()
    before = frames(stack.gateway)
    broker.publish(topic(device), {"_type": "lwt", "tst": at // 1000})
    broker.publish(topic(device), "")
    broker.publish(topic(device, "/event"), {**location(at), "_type": "transition", "event": "leave", "desc": "Home"})
    latest = wait_until(lambda: owner.latest(device), 10, "the event is the latest")
    assert latest["attributes"]["alarm"] == "geofenceExit"
    assert owner.stored_times(device) == [at]
    wait_until(lambda: frames(stack.gateway) == before + 3, 10, "all are counted")


def test_what_is_refused_for_good_does_not_come_again(stack, owner, broker):
    device, (at,) = owner.add_device(), whole_seconds()
    unknown = "nobody-" + secrets.token_hex(4)

    def refused(reason):
        return stack.gateway.metric("pettrack_gateway_refused_total", protocol=PROTOCOL, reason=reason)

    before = {reason: refused(reason) for reason in ("unknown_device", "bad_frame", "no_device")}
    broker.publish(f"owntracks/jane/{unknown}", location(at))
    broker.publish(topic(device), "X,542A46AA,1E30F5E")
    broker.publish("owntracks/jane", location(at))
    broker.publish(topic(device), location(at))
    wait_until(lambda: owner.stored_times(device) == [at], 10, "what comes after them is stored")
    assert {reason: refused(reason) - n for reason, n in before.items()} == dict.fromkeys(before, 1)
    wait_until(lambda: set(broker.sent(CLIENT)) == set(broker.acknowledged(CLIENT)), 10, "all are acknowledged")


def test_simulated_apps(stack, owner, broker):
    """What the broker has acknowledged is stored."""
    env = {"PETTRACK_EMAIL": owner.email, "PETTRACK_PASSWORD": owner.password, "HOME": "/proc/nowhere"}
    played = stack.cli(
        *("simulate", "--register", "--protocol", PROTOCOL, "--gateway", f"127.0.0.1:{broker.port}", "--json"),
        *("--trackers", 3, "--past", "1h", "--interval", "1m", "--speed-up", 0, "--count", 60),
        env=env,
    )
    counts = json.loads(played.stdout)
    assert counts["acked"] == counts["sent"] == 60
    devices = owner.auth("GET", "/v1/devices").json()["devices"]

    def stored():
        return sum(len(owner.query(f"/v1/history/{d['id']}").json()["positions"]) for d in devices)

    wait_until(lambda: stored() == 60, 20, "all are stored")


# ---- what is away ----


def test_messages_wait_for_the_gateway(stack, owner, broker):
    device, times = owner.add_device(), whole_seconds(30)
    assert stack.gateway.stop() == 0
    for at in times:
        broker.publish(topic(device), location(at))
    stack.gateway.start()
    wait_until(lambda: owner.stored_times(device) == times, 20, "all of them are stored")


def test_the_broker_is_acknowledged_when_kafka_has_it(stack, owner, broker, kafka):
    device, (at,) = owner.add_device(), whole_seconds()
    wait_until(lambda: set(broker.sent(CLIENT)) == set(broker.acknowledged(CLIENT)), 10, "nothing is under way")
    known_device_first(stack, owner, broker, device, at - 60000)
    before = len(broker.acknowledged(CLIENT))
    kafka.stop()
    try:
        sent = len(broker.sent(CLIENT))
        broker.publish(topic(device), location(at))
        wait_until(lambda: len(broker.sent(CLIENT)) > sent, 10, "the gateway has it")
        holds_for(lambda: len(broker.acknowledged(CLIENT)) == before, 3, "acknowledged without Kafka")
    finally:
        kafka.start()
    wait_until(lambda: owner.stored_times(device) == [at - 60000, at], 60, "it is stored, once")
    wait_until(lambda: len(broker.acknowledged(CLIENT)) > before, 30, "it is acknowledged")


def known_device_first(stack, owner, broker, device, at):
    """The gateway has looked the device up."""
    broker.publish(topic(device), location(at))
    wait_until(lambda: owner.stored_times(device) == [at], 10, "the first is stored")


def test_a_message_that_kafka_never_took_comes_again(stack, owner, broker, kafka):
    """The gateway gives up, the broker still has it, and dies with it."""
    device, (at,) = owner.add_device(), whole_seconds()
    with settings(stack, GATEWAY_DELIVERY_TIMEOUT="1s"):
        wait_until(lambda: is_at_broker(stack.gateway), 10, "the gateway is at the broker")
        known_device_first(stack, owner, broker, device, at - 60000)
        kafka.stop()
        try:
            sent = len(broker.sent(CLIENT))
            broker.publish(topic(device), location(at))
            wait_until(lambda: len(broker.sent(CLIENT)) > sent + 1, 30, "it came again on another connection")
            wait_until(lambda: broker.has_saved(str(at // 1000).encode()), 20, "the broker has it on its disk")
            broker.kill9()
            wait_until(lambda: degraded_without_kafka(stack.gateway), 20, "the gateway misses the broker")
        finally:
            kafka.start()
            if not broker.running:
                broker.start()
        wait_until(lambda: owner.stored_times(device) == [at - 60000, at], 60, "it is stored, once")
        wait_until(lambda: broker.acknowledged(CLIENT), 30, "it is acknowledged")


def degraded_without_kafka(gateway):
    return gateway.ops("/readyz").json().get("degraded", {}).get("mqtt")


def test_a_broker_that_was_killed_is_found_again(stack, owner, broker):
    device, (at,) = owner.add_device(), whole_seconds()
    broker.kill9()
    wait_until(lambda: degraded(stack.gateway), 10, "/readyz says so")
    broker.start()
    wait_until(lambda: not degraded(stack.gateway), 20, "the gateway is back")
    broker.publish(topic(device), location(at))
    wait_until(lambda: owner.stored_times(device) == [at], 10, "it is stored")


# ---- who is let in ----


ACL = """pattern write owntracks/+/%u
pattern write owntracks/+/%u/#
user gateway
topic read owntracks/#
"""


def test_a_wrong_password_is_said(stack, owner, tmp_path):
    device, (at,) = owner.add_device(), whole_seconds()
    password = tmp_path / "password"
    password.write_text("right\n")
    users = {"gateway": "right", device.identifier: "phone", "stranger": "phone"}
    guarded = Mosquitto(tmp_path / "guarded", users, acl=ACL).start()
    try:
        there = {"GATEWAY_MQTT_URL": guarded.url, "GATEWAY_MQTT_USERNAME": "gateway"}
        with settings(stack, **there, GATEWAY_MQTT_PASSWORD="wrong"):
            wait_until(lambda: "not authorized" in degraded(stack.gateway), 10, "/readyz says why")
            (said,) = (e for e in stack.gateway.events("dependency down") if e["server"] == "mqtt")
            assert "not authorized" in said["why"] and said["effect"] == "ready all the same"
            assert "wrong" not in stack.gateway.log.read_text()
        with settings(stack, **there, GATEWAY_MQTT_PASSWORD_FILE=str(password)):
            wait_until(lambda: is_at_broker(stack.gateway), 10, "with the right one it is let in")
            guarded.publish(topic(device), location(at - 1000), user="stranger")
            guarded.publish(topic(device), location(at), user=device.identifier)
            guarded.publish(topic(device, "/event"), location(at + 1000), user=device.identifier)
            wait_until(lambda: owner.stored_times(device) == [at, at + 1000], 20, "of those who may, it is stored")
    finally:
        guarded.end()


def test_tls(stack, owner, tmp_path):
    device, (at,) = owner.add_device(), whole_seconds()
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path / "stranger")
    secure = Mosquitto(tmp_path / "secure", pem=authority.issue("broker")).start()
    try:
        with settings(stack, GATEWAY_MQTT_URL=secure.url, GATEWAY_MQTT_CA_FILE=str(authority.certificate)):
            wait_until(lambda: is_at_broker(stack.gateway), 20, "the gateway trusts the broker")
            for i in range(20):
                secure.publish(topic(device), location(at - 1000 * i, pad="x" * 9000 * (i % 3)), authority=authority)
            wait_until(lambda: len(owner.stored_times(device)) == 20, 20, "all are stored")
        with settings(stack, GATEWAY_MQTT_URL=secure.url, GATEWAY_MQTT_CA_FILE=str(stranger.certificate)):
            wait_until(lambda: "certificate verify failed" in degraded(stack.gateway), 10, "a stranger is refused")
        with settings(stack, GATEWAY_MQTT_URL=secure.url.replace("mqtts", "mqtt")):
            wait_until(lambda: degraded(stack.gateway) != "not reached yet", 10, "plain is not what it speaks")
    finally:
        secure.end()


def test_a_certificate_for_another_name_is_refused(stack, tmp_path):
    authority = Authority(tmp_path / "ca")
    secure = Mosquitto(tmp_path / "secure", pem=authority.issue("broker", "DNS:broker.example")).start()
    try:
        with settings(stack, GATEWAY_MQTT_URL=secure.url, GATEWAY_MQTT_CA_FILE=str(authority.certificate)):
            wait_until(lambda: "mismatch" in degraded(stack.gateway), 10, "/readyz says so")
    finally:
        secure.end()


# ---- several gateways ----


def test_gateways_may_share_the_messages(stack, owner, broker):
    """mosquitto knows shared subscriptions for MQTT 3.1.1, too: each message goes to one of them."""
    device, times = owner.add_device(), whole_seconds(40)
    shared = {"GATEWAY_MQTT_TOPIC": "$share/gateways/owntracks/#"}

    own = {k: v for k, v in stack.gateway.env.items() if k not in stack.gateway.port_settings.values()}
    other = stack._program("gateway", "gateway2", **{**own, **shared, "GATEWAY_MQTT_CLIENT_ID": "second"})
    try:
        with settings(stack, **shared, GATEWAY_MQTT_CLIENT_ID="first"):
            other.start()
            wait_until(lambda: is_at_broker(other) and is_at_broker(stack.gateway), 10, "both are there")
            before = frames(other) + frames(stack.gateway)
            for at in times:
                broker.publish(topic(device), location(at))
            wait_until(lambda: owner.stored_times(device) == times, 20, "all are stored")
            all_frames = before + len(times)
            wait_until(lambda: frames(other) + frames(stack.gateway) == all_frames, 10, "each is counted once")
            assert frames(other) > 0 and frames(stack.gateway) > 0
    finally:
        other.end()
