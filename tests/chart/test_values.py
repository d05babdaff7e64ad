"""Values: described, and refused with a sentence where they cannot work."""

import json
import re
import sys

import pytest
import yaml
from support import BUILD, CHART, EXTERNAL, ROOT, refusal, render

sys.path.insert(0, str(ROOT / "tools/dev"))
import chart_values  # noqa: E402

DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())

# ---- descriptions ----

AGAIN = "run tools/dev/chart_values.py"


def test_what_is_made_from_other_files_is_up_to_date():
    values = (CHART / "values.yaml").read_text()
    for name, make in (("README.md", chart_values.readme), ("values.schema.json", chart_values.schema)):
        text = (CHART / name).read_text()
        assert make(text, values) == text, f"{name}: {AGAIN}"
    assert (CHART / "files/settings.json").read_text() == chart_values.settings(BUILD), f"files/settings.json: {AGAIN}"


def leaves(values, path=()):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield ".".join((*path, key))


def test_every_value_is_described():
    described = {path for path, _ in chart_values.described((CHART / "values.yaml").read_text())}
    for leaf in leaves(DEFAULTS):
        steps = leaf.split(".")
        assert any(".".join(steps[: n + 1]) in described for n in range(len(steps))), leaf


def test_the_schema_knows_every_value_and_no_other():
    def check(schema, values, path):
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
        if "properties" in schema:
            assert schema["additionalProperties"] is False, path
            for key, value in values.items():
                assert key in schema["properties"], f"{path}.{key}"
                check(schema["properties"][key], value, f"{path}.{key}")
            if values and not path.endswith(("resources", "registration", "authentication", "devices", "api", "live")):
                optional = {"namespaceSelector", "podSelector", "enabled", "servicePort", "nodePort", "claims"}
                assert set(schema["properties"]) - set(values) <= optional, path

    check({**SCHEMA, "properties": {k: v for k, v in SCHEMA["properties"].items() if k != "global"}}, DEFAULTS, "")


@pytest.mark.parametrize("file", ["values-development.yaml", "values-production.yaml"])
def test_values_that_come_with_the_chart_work(file):
    assert render(file)


# ---- refusals ----

# Of values.schema.json: types, ranges, choices and names. A value, and what is said of it.
MISTYPED = [
    ({"auth": {"replicas": "two"}}, "at '/auth/replicas': got string, want integer"),
    ({"auth": {"replicas": -1}}, "at '/auth/replicas': minimum: got -1, want 0"),
    ({"auth": {"devices": {"replicas": 1.5}}}, "at '/auth/devices/replicas'"),
    ({"auth": {"split": "yes"}}, "at '/auth/split': got string, want boolean"),
    ({"auth": {"port": 70000}}, "at '/auth/port': maximum: got 70,000, want 65,535"),
    ({"auth": {"resources": {"memory": "1Gi"}}}, "at '/auth/resources': additional properties 'memory' not allowed"),
    ({"auth": {"image": {"name": "x"}}}, "at '/auth/image': additional properties 'name' not allowed"),
    ({"auth": {"settings": {"AUTH_TOKEN_AGE": ["5m"]}}}, "at '/auth/settings/AUTH_TOKEN_AGE'"),
    ({"auth": {"extraEnv": [{"value": "x"}]}}, "at '/auth/extraEnv/0': missing property 'name'"),
    (
        {"gateway": {"service": {"type": "Loadbalancer"}}},
        "value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'",
    ),
    ({"gateway": {"service": {"externalTrafficPolicy": "local"}}}, "value must be one of 'Local', 'Cluster'"),
    ({"gateway": {"protocols": {"osmand": {"port": "5055"}}}}, "at '/gateway/protocols/osmand/port'"),
    ({"gateway": {"protocols": {"osmand": {"transports": ["tcp"]}}}}, "value must be one of 'TCP', 'UDP'"),
    ({"gateway": {"protocols": {"osmand": {"transport": "TCP"}}}}, "additional properties 'transport' not allowed"),
    (
        {"gateway": {"autoscaling": {"cpuPercent": "70%"}}},
        "at '/gateway/autoscaling/cpuPercent': got string, want integer",
    ),
    ({"writer": {"keda": {"lagThreshold": 0}}}, "at '/writer/keda/lagThreshold': minimum: got 0, want 1"),
    (
        {"query": {"live": {"autoscaling": {"max": 3}}}},
        "at '/query/live/autoscaling': additional properties 'max' not allowed",
    ),
    ({"kafka": {"brokerz": "x:1"}}, "at '/kafka': additional properties 'brokerz' not allowed"),
    ({"kafka": {"security": "tls"}}, "value must be one of 'plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'"),
    ({"kafka": {"saslMechanism": "GSSAPI"}}, "value must be one of 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'"),
    ({"kafka": {"users": {"writer": {"password": "x"}}}}, "at '/kafka/users/writer': additional properties 'password'"),
    (
        {"mongodb": {"embedded": {"persistence": {"size": 8}}}},
        "at '/mongodb/embedded/persistence/size': got number, want string",
    ),
    ({"image": {"pullPolicy": "Sometimes"}}, "value must be one of 'Always', 'IfNotPresent', 'Never'"),
    ({"image": {"pullSecrets": ["name"]}}, "at '/image/pullSecrets/0': got string, want object"),
    ({"logLevel": "trace"}, "value must be one of 'error', 'warn', 'info', 'debug'"),
    ({"retention": {"days": 5000}}, "at '/retention/days': maximum: got 5,000, want 3,650"),
    ({"ingress": {"tls": True}}, "at '/ingress/tls': got boolean, want object"),
    (
        {"networkPolicy": {"trackers": [{"cidr": "10.0.0.0/8"}]}},
        "at '/networkPolicy/trackers/0': additional properties 'cidr'",
    ),
    ({"networkPolicy": {"kafka": {"ports": ["9092"]}}}, "at '/networkPolicy/kafka/ports/0': got string, want integer"),
    ({"replicas": 3}, "additional properties 'replicas' not allowed"),
]

SASL = {"kafka": {"security": "sasl_ssl", "username": "pettrack", "existingSecret": "kafka"}}
INGRESS = {"ingress": {"enabled": True, "host": "pets.example.org"}}

# Of templates/_validate.tpl: what contradicts. Values on top of a working set, and what the sentence begins with.
CONTRADICTORY = [
    ({"kafka": {"brokers": ""}}, "kafka.brokers is empty: name your Kafka as HOST:PORT"),
    ({"kafka": {"brokers": "kafka"}}, 'kafka.brokers holds "kafka", which is not HOST:PORT'),
    ({"kafka": {"brokers": "kafka://a:9092"}}, 'kafka.brokers holds "kafka://a:9092", which is not HOST:PORT'),
    ({"kafka": {"embedded": {"enabled": True}}}, "kafka.brokers is set and kafka.embedded.enabled is true"),
    ({"kafka": {**SASL["kafka"], "username": ""}}, "kafka.username is empty while kafka.security is sasl_ssl"),
    (
        {"kafka": {**SASL["kafka"], "existingSecret": ""}},
        "kafka.existingSecret is empty while kafka.security is sasl_ssl",
    ),
    (
        {"kafka": {**SASL["kafka"], "existingSecret": "", "password": "x", "users": {"auth": {"username": "a"}}}},
        "kafka.users needs kafka.existingSecret",
    ),
    ({"kafka": {"users": {"live": {"username": "a"}}}}, "kafka.users.live: no such program speaks to Kafka"),
    (
        {"kafka": {"username": "pettrack"}},
        "kafka.security is plaintext, with which the SASL user and password are not used",
    ),
    ({"kafka": {"caSecret": "ca"}}, "kafka.security is plaintext, with which certificates are not used"),
    ({"kafka": {"topicPrefix": "a/b"}}, 'kafka.topicPrefix is "a/b"'),
    ({"mongodb": {"uri": ""}}, "mongodb.existingSecret is empty, and so is mongodb.uri"),
    ({"mongodb": {"uri": "mongodb.example.org"}}, "mongodb.uri must be mongodb://USER:PASSWORD@HOST/DATABASE"),
    ({"mongodb": {"uri": "mongodb://host:27017"}}, "mongodb.uri must be mongodb://USER:PASSWORD@HOST/DATABASE"),
    ({"mongodb": {"existingSecret": "a"}}, "mongodb.uri and mongodb.existingSecret are both set"),
    ({"mongodb": {"embedded": {"enabled": True}}}, "mongodb.embedded.enabled is true, and mongodb.uri"),
    ({"mongodb": {"keys": {"writer": "a"}}}, "mongodb.keys needs mongodb.existingSecret"),
    (
        {"mongodb": {"uri": "", "existingSecret": "a", "keys": {"gateway": "a"}}},
        "mongodb.keys.gateway: no such program speaks to MongoDB",
    ),
    ({"auth": {"mail": {"verify": True}}}, "auth.mail.smtpUrl is empty, and auth.mail.verify"),
    ({"auth": {"settings": {"AUTH_SMTP_PASSWORD": "a"}}}, "auth.settings.AUTH_SMTP_PASSWORD is a secret"),
    ({"secrets": {"existingSecret": "a", "keep": True}}, "secrets.keep is about the generated Secret"),
    ({"secrets": {"existingSecret": "My Secret"}}, 'secrets.existingSecret is "My Secret": names in Kubernetes'),
    (
        {"gateway": {"protocols": {name: {"enabled": False} for name in DEFAULTS["gateway"]["protocols"]}}},
        "gateway.protocols has none that is enabled",
    ),
    ({"gateway": {"protocols": {"GL-200": {"port": 5093}}}}, "gateway.protocols.GL-200: a protocol's name has"),
    ({"gateway": {"protocols": {"beacon": {}}}}, "gateway.protocols.beacon.port is missing"),
    (
        {"gateway": {"protocols": {"beacon": {"port": 5027}}}},
        "port is 5027 (TCP), which gateway.protocols.beacon has already",
    ),
    (
        {"gateway": {"protocols": {"beacon": {"port": 9082}}}},
        "gateway.protocols.beacon.port is 9082 (TCP), which gateway.opsPort has already",
    ),
    (
        {"gateway": {"protocols": {"beacon": {"port": 6093, "servicePort": 5055}}}},
        "servicePort is 5055 (TCP), which gateway.protocols.beacon",
    ),
    (
        {"seed": {"enabled": True}, "gateway": {"protocols": {"osmand": {"enabled": False}}}},
        "seed.enabled needs gateway.protocols.osmand",
    ),
    (
        {"auth": {"terminationGracePeriodSeconds": 5}},
        "auth.terminationGracePeriodSeconds is 5, not more than preStopSeconds (5)",
    ),
    (
        {"query": {"autoscaling": {"enabled": True, "minReplicas": 20}}},
        "query.autoscaling.minReplicas is 20, more than maxReplicas (10)",
    ),
    (
        {"gateway": {"autoscaling": {"enabled": True, "cpuPercent": 0}}},
        "gateway.autoscaling looks at nothing: give cpuPercent or connections",
    ),
    ({"writer": {"replicas": 13}}, "writer.replicas is 13, more than kafka.partitions (12)"),
    (
        {"writer": {"keda": {"enabled": True, "maxReplicas": 20}}},
        "writer.keda.maxReplicas is 20, more than kafka.partitions (12)",
    ),
    ({"publicUrl": "pets.example.org"}, 'publicUrl is "pets.example.org": write the origin'),
    ({"ingress": {"enabled": True}}, "ingress.host is empty while ingress.enabled is true"),
    (
        {"ingress": {"enabled": True, "host": "https://pets.example.org"}},
        'ingress.host is "https://pets.example.org": write the name alone',
    ),
    (
        {"gatewayApi": {"enabled": True, "hostnames": ["a"]}},
        "gatewayApi.parentRefs is empty while gatewayApi.enabled is true",
    ),
    (
        {"gatewayApi": {"enabled": True, "parentRefs": [{"name": "a"}]}},
        "gatewayApi.hostnames is empty while gatewayApi.enabled is true",
    ),
    (
        {**INGRESS, "gatewayApi": {"enabled": True, "hostnames": ["a"], "parentRefs": [{"name": "a"}]}},
        "ingress.enabled and gatewayApi.enabled are both true",
    ),
    ({"gatewayApi": {"trackers": {"enabled": True}}}, "gatewayApi.trackers.parentRefs is empty"),
    (
        {"gateway": {"service": {"loadBalancerSourceRanges": ["10.0.0.0/8"]}}},
        "gateway.service.loadBalancerSourceRanges needs gateway.service.type=LoadBalancer",
    ),
    (
        {"gateway": {"settings": {"GATEWAY_LINGR": "5ms"}}},
        "gateway.settings.GATEWAY_LINGR: pettrack-gateway has no such setting",
    ),
    (
        {"gateway": {"settings": {"AUTH_TOKEN_AGE": "5m"}}},
        "gateway.settings.AUTH_TOKEN_AGE: pettrack-gateway has no such setting",
    ),
    (
        {"gateway": {"settings": {"GATEWAY_OSMAND_PORT": 80}}},
        "gateway.settings.GATEWAY_OSMAND_PORT: set gateway.protocols.osmand.port in its place",
    ),
    ({"query": {"settings": {"OPS_PORT": 80}}}, "query.settings.OPS_PORT: set query.opsPort in its place"),
    ({"auth": {"settings": {"KAFKA_BROKERS": "a:1"}}}, "auth.settings.KAFKA_BROKERS: set kafka.brokers in its place"),
    ({"auth": {"settings": {"AUTH_MASTER_SECRET": "sesame"}}}, "auth.settings.AUTH_MASTER_SECRET is a secret"),
    ({"writer": {"settings": {"MONGODB_URI": "mongodb://a/b"}}}, "writer.settings.MONGODB_URI is a secret"),
    ({"auth": {"image": {"digest": "sha256:1234"}}}, 'auth.image.digest is "sha256:1234"'),
    (
        {"image": {"registry": "https://registry.example.org"}},
        'image.registry is "https://registry.example.org": write HOST',
    ),
    ({"prepare": {"timeout": "soon"}}, 'prepare.timeout is "soon": write a number and its unit'),
    ({"check": {"email": "nobody"}}, 'check.email is "nobody", which is no e-mail address'),
    (
        {"prometheusRule": {"runbookUrl": "docs/OPERATIONS.md"}},
        'prometheusRule.runbookUrl is "docs/OPERATIONS.md": write https://',
    ),
    (
        {"prometheusRule": {"disabled": ["PettrackGone"]}},
        'prometheusRule.disabled holds "PettrackGone", which is none of the alerts',
    ),
]


@pytest.mark.parametrize("values,sentence", MISTYPED)
def test_the_schema_refuses(values, sentence):
    assert sentence in refusal(EXTERNAL, values)


@pytest.mark.parametrize("values,sentence", CONTRADICTORY)
def test_a_contradiction_is_refused_with_a_sentence(values, sentence):
    said = refusal(EXTERNAL, values)
    found = [line for line in said.splitlines() if sentence in line]
    assert found, said
    assert re.fullmatch(r"  - .*[.)]", found[0]), "a whole sentence"
    assert "sesame" not in said


def test_all_contradictions_are_told_at_once():
    said = refusal({"ingress": {"enabled": True}})
    assert len(re.findall(r"^  - ", said, re.M)) == 3, said
