"""What helm renders: valid for Kubernetes, safe, and in agreement with the programs."""

import base64
import ipaddress
import json
import re

import jsonschema
import pytest
import yaml
from support import (
    CHART,
    EXTERNAL,
    NEWEST,
    OLDEST,
    ROOT,
    VARIANTS,
    containers,
    helm,
    named,
    of_kind,
    pods,
    render,
    said,
    selects,
    settings,
    validate,
    variant,
    with_values,
)

each_variant = pytest.mark.parametrize("name", VARIANTS)
PROGRAMS = ("auth", "gateway", "writer", "query")


@pytest.mark.parametrize("values", [[], *VARIANTS.values()], ids=["nothing", *VARIANTS])
def test_lint(values):
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART, *with_values(*values)).stdout


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@each_variant
def test_kubernetes_takes_it(name, version):
    for o in variant(name):
        try:
            validate(o, version)
        except jsonschema.ValidationError as e:
            raise AssertionError(
                f"{o['kind']} {o['metadata']['name']}: {'.'.join(map(str, e.path))}: {e.message}"
            ) from None


@pytest.mark.parametrize(
    "key", ["spec", "spec.template.spec.containers.0", "spec.template.spec.containers.0.lifecycle.preStop"]
)
def test_validation_is_strict(key):
    """A field that Kubernetes does not know is found: otherwise the test above would show nothing."""
    o = json.loads(json.dumps(named(variant("external"), "Deployment", "pettrack-auth")))
    node = o
    for step in key.split("."):
        node = node[int(step) if step.isdigit() else step]
    node["noSuchField"] = 1
    with pytest.raises(jsonschema.ValidationError):
        validate(o, NEWEST)


@pytest.mark.parametrize(
    "kind",
    ["ServiceMonitor", "PrometheusRule", "ScaledObject", "TriggerAuthentication", "HTTPRoute", "TCPRoute", "UDPRoute"],
)
def test_validation_of_custom_kinds_is_strict(kind):
    o = json.loads(json.dumps(of_kind(variant("everything"), kind)[0]))
    o["spec"]["noSuchField"] = 1
    with pytest.raises(jsonschema.ValidationError):
        validate(o, NEWEST)


@each_variant
def test_names(name):
    """No two objects of a kind have the same name, and every name and label is short enough."""
    seen = set()
    for o in variant(name):
        at = o["kind"], o["metadata"]["name"]
        assert at not in seen
        seen.add(at)
        assert len(o["metadata"]["name"]) <= 63, at
        assert o["metadata"]["namespace"] == "default", at
        for label, value in o["metadata"]["labels"].items():
            assert re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", str(value)), (at, label)
        if o["kind"] == "CronJob":
            assert len(o["metadata"]["name"]) <= 52, "its Jobs' names are longer"


# ---- the pods ----


@each_variant
def test_pods_are_restricted(name):
    """Pod Security's profile `restricted`, a root file system that is not written, and no token of the API."""
    for o, _, spec in pods(variant(name)):
        at = o["kind"], o["metadata"]["name"]
        assert spec["automountServiceAccountToken"] is False, at
        assert spec["enableServiceLinks"] is False, at
        security = spec["securityContext"]
        assert security["runAsNonRoot"] and security["seccompProfile"] == {"type": "RuntimeDefault"}, at
        assert security["runAsUser"] == {"mongodb": 999, "kafka": 1000}.get(program_of(o), 10001), at
        assert not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), at
        assert all(set(volume) <= {"name", "projected", "emptyDir", "configMap"} for volume in spec["volumes"]), at
        for container in containers(spec):
            assert container["securityContext"]["allowPrivilegeEscalation"] is False, at
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, at
            assert container["securityContext"].get("readOnlyRootFilesystem") or program_of(o) == "kafka", at
            assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"], at
            assert "cpu" not in container["resources"]["limits"], at


def program_of(o):
    return next(pod["labels"]["pettrack/program"] for other, pod, _ in pods([o]) if other is o)


@each_variant
def test_programs_are_probed(name):
    objects = variant(name)
    for o in of_kind(objects, "Deployment"):
        if program_of(o) not in PROGRAMS:
            continue
        (container,) = o["spec"]["template"]["spec"]["containers"]
        ops = next(p["containerPort"] for p in container["ports"] if p["name"] == "ops")
        assert str(ops) == config_of(objects, o)["OPS_PORT"]
        assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "ops"}
        assert (
            container["startupProbe"]["httpGet"]
            == container["livenessProbe"]["httpGet"]
            == {"path": "/healthz", "port": "ops"}
        )


def config_of(objects, deployment):
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return named(objects, "ConfigMap", container["envFrom"][0]["configMapRef"]["name"])["data"]


@each_variant
def test_nothing_is_lost_by_an_update(name):
    for o in of_kind(variant(name), "Deployment"):
        if program_of(o) in PROGRAMS:
            spec = o["spec"]["template"]["spec"]
            wait = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert o["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
            assert wait > 0 or program_of(o) == "writer", "Services forget a pod before it stops listening"
            assert spec["terminationGracePeriodSeconds"] >= wait + 30


@each_variant
def test_disruption_budgets_are_where_they_let_a_node_drain(name):
    objects = variant(name)
    budgets = {o["metadata"]["name"] for o in of_kind(objects, "PodDisruptionBudget")}
    scaled = {
        o["spec"]["scaleTargetRef"]["name"]: o for o in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")
    }
    for o in of_kind(objects, "Deployment"):
        scaler = scaled.get(o["metadata"]["name"])
        assert ("replicas" in o["spec"]) == (scaler is None), "a scaler's number is not overwritten by an upgrade"
        least = (
            o["spec"]["replicas"]
            if scaler is None
            else scaler["spec"].get("minReplicas", scaler["spec"].get("minReplicaCount"))
        )
        assert (o["metadata"]["name"] in budgets) == (least > 1), o["metadata"]["name"]


def test_parts_have_their_own_replicas():
    objects = variant("everything")
    replicas = {o["metadata"]["name"]: o["spec"].get("replicas") for o in of_kind(objects, "Deployment")}
    assert replicas["pettrack-auth-devices"] == 3
    assert replicas["pettrack-auth-registration"] == replicas["pettrack-auth-authentication"] == 2
    limits = {o["metadata"]["name"]: o["spec"]["maxReplicas"] for o in of_kind(objects, "HorizontalPodAutoscaler")}
    assert limits == {"pettrack-gateway": 10, "pettrack-query-api": 10, "pettrack-query-live": 20}


# ---- settings and secrets ----


def environment(objects, container):
    env = {e["name"]: e["value"] for e in container["env"]}
    for source in container.get("envFrom", []):
        env.update(named(objects, "ConfigMap", source["configMapRef"]["name"])["data"])
    return env


def known_settings(container):
    """Those of what runs in the container, by its image and its arguments."""
    program = re.search(r"pettrack-(\w+)[:@]", container["image"])[1]
    return settings(program, *(container["args"][:1] if program == "cli" else []))


@each_variant
def test_programs_know_the_settings_that_they_get(name):
    objects = variant(name)
    for o, _, spec in pods(objects):
        for container in containers(spec):
            if "pettrack-" not in container["image"]:
                continue
            known = known_settings(container)
            for setting, value in environment(objects, container).items():
                at = o["metadata"]["name"], container["name"], setting
                assert setting in known or known.get(setting.removesuffix("_FILE")), at
                assert isinstance(value, str), at
                if setting.endswith("_FILE") and setting not in known:
                    assert value in files(container, spec), at


def files(container, spec):
    """The paths of what is mounted from Secrets."""
    (mount,) = container["volumeMounts"]
    (volume,) = (v for v in spec["volumes"] if v["name"] == mount["name"])
    return {f"{mount['mountPath']}/{i['path']}" for s in volume["projected"]["sources"] for i in s["secret"]["items"]}


@each_variant
def test_certificates_that_are_named_are_mounted(name):
    objects = variant(name)
    for o, _, spec in pods(objects):
        for container in containers(spec):
            for setting, value in environment(objects, container).items() if "env" in container else ():
                if setting == "KAFKA_CA_FILE":
                    assert value in files(container, spec), (o["metadata"]["name"], setting)


def test_a_component_mounts_only_the_secrets_that_it_needs():
    objects = variant("everything")
    wanted = {
        "pettrack-auth-registration": {"master-secret", "mongodb-uri", "auth-password", "smtp-password"},
        "pettrack-auth-authentication": {"master-secret", "clients", "mongodb-uri", "auth-password", "smtp-password"},
        "pettrack-auth-devices": {"master-secret", "mongodb-uri", "auth-password", "smtp-password"},
        "pettrack-gateway": {"gateway-secret", "gateway-password"},
        "pettrack-writer": {"writer-uri", "writer-password"},
        "pettrack-query-api": {"query-secret", "mongodb-uri", "query-password"},
        "pettrack-query-live": {"query-secret", "mongodb-uri", "query-password"},
        "pettrack-prepare": {"mongodb-uri", "prepare-password"},
        "pettrack-retention": {"mongodb-uri", "retention-secret"},
        "pettrack-seed": {"demo-password"},
        "pettrack-simulator": {"demo-password"},
        "pettrack-check": {"check-password"},
    }
    found = {}
    for o, _, spec in pods(objects):
        (volume,) = spec["volumes"]
        keys = {i["key"] for s in volume["projected"]["sources"] for i in s["secret"]["items"]}
        found[o["metadata"]["name"]] = keys - {"ca.crt"}
    assert found == wanted


@each_variant
def test_secrets_are_in_secrets_alone(name):
    """What is in a Secret is nowhere else: not in a ConfigMap, a variable, an argument or an annotation."""
    objects = variant(name)
    hidden = {base64.b64decode(v).decode() for o in of_kind(objects, "Secret") for v in o["data"].values()}
    hidden |= {part for value in hidden for part in re.split(r"[:,@/]", value) if len(part) >= 15}
    rest = json.dumps([o for o in objects if o["kind"] != "Secret"])
    for value in hidden:
        if not value.startswith("mongodb://pettrack-mongodb") and "pettrack-mongodb" not in value:
            assert value not in rest, "a secret is shown"
    assert "marker" not in rest


def test_secrets_are_generated():
    """Long, and not the same twice."""
    (first,), (second,) = (of_kind(render("values-development.yaml"), "Secret") for _ in range(2))
    for key in (
        "master-secret",
        "gateway-secret",
        "query-secret",
        "retention-secret",
        "operator-secret",
        "check-password",
        "demo-password",
    ):
        values = [base64.b64decode(o["data"][key]).decode() for o in (first, second)]
        assert values[0] != values[1]
        assert re.fullmatch(r"[A-Za-z0-9]{40,}", values[0])
    clients = base64.b64decode(first["data"]["clients"]).decode()
    scopes = re.sub(r":\w+:", " ", clients)
    assert scopes.split(",") == [
        "gateway devices.lookup latest.read",
        "query access.read tokens.introspect account.export",
        "retention devices.retention",
        "operator devices.unknown keys.rotate users.invite",
    ]
    assert base64.b64decode(first["data"]["gateway-secret"]).decode() in clients


def test_a_secret_of_ones_own_is_not_overwritten():
    assert of_kind(variant("everything"), "Secret") == []
    assert of_kind(variant("production"), "Secret") == []


def test_pods_are_replaced_when_their_settings_change():
    stable = {**EXTERNAL, "secrets": {"existingSecret": "mine"}}
    before, after = render(stable), render(stable, {"gateway": {"settings": {"GATEWAY_LINGER": "5ms"}}})

    def annotations(objects):
        return {
            o["metadata"]["name"]: o["spec"]["template"]["metadata"]["annotations"]
            for o in of_kind(objects, "Deployment")
        }

    changed = {name for name, a in annotations(after).items() if a != annotations(before)[name]}
    assert changed == {"pettrack-gateway"}
    secret = annotations(render(stable, {"mongodb": {"uri": "mongodb://other/pettrack"}}))
    changed = {name for name, a in secret.items() if a != annotations(before)[name]}
    assert changed == {"pettrack-auth", "pettrack-writer", "pettrack-query"}


def test_numbers_are_written_out():
    """A number of values.yaml is a float to helm, which would write 1e+07."""
    objects = render(EXTERNAL, {"query": {"settings": {"LIVE_CONNECTIONS": 10000000}}})
    assert named(objects, "ConfigMap", "pettrack-query")["data"]["LIVE_CONNECTIONS"] == "10000000"


# ---- images ----


def test_images():
    def image(*values):
        spec = named(render(EXTERNAL, *values), "Deployment", "pettrack-auth")["spec"]["template"]["spec"]
        return spec["containers"][0]["image"]

    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    assert image() == f"pettrack-auth:{version}"
    assert image({"image": {"tag": "1.2"}}) == "pettrack-auth:1.2"
    assert image({"image": {"registry": "r.example.org:5000/a/"}}) == f"r.example.org:5000/a/pettrack-auth:{version}"
    digest = "sha256:" + "0" * 64
    assert image({"image": {"tag": "1.2"}, "auth": {"image": {"digest": digest}}}) == f"pettrack-auth@{digest}"


def test_versions_agree():
    """The chart installs the programs it was made with."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = re.search(r"^  version: '(.*)',$", (ROOT / "meson.build").read_text(), re.M)[1]
    assert chart["version"] == chart["appVersion"] == version


# ---- who may call whom ----


@each_variant
def test_every_pod_is_under_default_deny(name):
    objects = variant(name)
    policies = of_kind(objects, "NetworkPolicy")
    if name == "nothing optional":
        assert not policies
        return
    deny = [
        p
        for p in policies
        if not p["spec"].get("ingress")
        and not p["spec"].get("egress")
        and set(p["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    ]
    deny = [p for p in deny if "pettrack/program" not in p["spec"]["podSelector"]["matchLabels"]]
    assert len(deny) == 1
    for o, pod, _ in pods(objects):
        assert selects(deny[0]["spec"]["podSelector"], pod["labels"]), o["metadata"]["name"]


def edges(objects, outside=False):
    """{(caller, callee, port)} that policies allow: out of one and into the other. "*": what is not a pod of ours."""
    labels = {pod["labels"]["pettrack/program"]: pod["labels"] for _, pod, _ in pods(objects)}

    def direction(rules, peers):
        found = set()
        for policy in of_kind(objects, "NetworkPolicy"):
            for program in (p for p, pod in labels.items() if selects(policy["spec"]["podSelector"], pod)):
                for rule in policy["spec"].get(rules, []):
                    others = {"*"} if peers not in rule else set()
                    for peer in rule.get(peers, []):
                        inside = "podSelector" in peer and "namespaceSelector" not in peer
                        others |= (
                            {p for p, pod in labels.items() if selects(peer["podSelector"], pod)} if inside else {"*"}
                        )
                    found |= {(program, other, port["port"]) for other in others for port in rule["ports"]}
        return found

    out = direction("egress", "to")
    into = {(other, program, port) for program, other, port in direction("ingress", "from")}
    ours = {e for e in out & into if "*" not in e} | {e for e in out if ("*", *e[1:]) in into and e[1] != "*"}
    return (ours, {e for e in out if e[1] == "*"}, {e for e in into if e[0] == "*"}) if outside else ours


TRACKERS = {p["port"] for p in yaml.safe_load((CHART / "values.yaml").read_text())["gateway"]["protocols"].values()}

CALLS = {
    ("gateway", "auth", 8081),
    ("gateway", "query", 8083),
    ("gateway", "query", 8084),
    ("query", "auth", 8081),
    ("retention", "auth", 8081),
    ("seed", "auth", 8081),
    ("simulator", "auth", 8081),
    ("check", "auth", 8081),
    ("seed", "query", 8083),
    ("seed", "query", 8084),
    ("check", "query", 8083),
    ("check", "query", 8084),
    ("seed", "gateway", 5055),
    ("simulator", "gateway", 5055),
    *(("check", "gateway", port) for port in TRACKERS),
    *((p, "kafka", 9092) for p in ("auth", "gateway", "writer", "query", "prepare", "kafka")),
    *((p, "mongodb", 27017) for p in ("auth", "writer", "query", "prepare", "retention", "mongodb")),
}


def test_policies_allow_what_is_needed_and_no_more():
    ours, out, into = edges(variant("development"), outside=True)
    assert ours == CALLS
    assert {(port) for _, _, port in out} == {53}
    assert into == {("*", "gateway", port) for port in TRACKERS}, "trackers, and nobody else"


def test_policies_of_a_cluster_with_servers_outside():
    _, out, into = edges(variant("everything"), outside=True)
    outside = {(program, port) for program, _, port in out if port != 53}
    kafka = {(p, port) for p in ("auth", "gateway", "writer", "query", "prepare") for port in (9094, 9095)}
    mongodb = {(p, 27017) for p in ("auth", "writer", "query", "prepare", "retention")}
    mail = {("auth", port) for port in (25, 465, 587)}
    assert outside == kafka | mongodb | mail
    browsers = {("auth", 8081), ("query", 8083), ("query", 8084)}
    metrics = {("auth", 9081), ("gateway", 9082), ("writer", 9083), ("query", 9084)}
    assert {(p, port) for _, p, port in into} == browsers | metrics | {("gateway", port) for port in TRACKERS}


def test_trackers_can_be_narrowed():
    values = {"networkPolicy": {"trackers": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}}
    policy = named(render("values-development.yaml", values), "NetworkPolicy", "pettrack-gateway")
    peers = policy["spec"]["ingress"][0]["from"]
    assert ipaddress.ip_network(peers[0]["ipBlock"]["cidr"]).prefixlen == 24
    assert len(peers) == 4, "seed, simulator and check are trackers too"


# ---- Services ----


@each_variant
def test_services_find_their_pods(name):
    """Every port of a Service is a port of each pod that it selects, by its name; and it selects some."""
    objects = variant(name)
    for service in of_kind(objects, "Service"):
        chosen = [
            spec
            for o, pod, spec in pods(objects)
            if o["kind"] in ("Deployment", "StatefulSet")
            and selects({"matchLabels": service["spec"]["selector"]}, pod["labels"])
        ]
        assert chosen, service["metadata"]["name"]
        for port in service["spec"]["ports"]:
            for spec in chosen:
                offered = {(p["name"], p["protocol"]) for p in spec["containers"][0]["ports"]}
                assert (port["targetPort"], port["protocol"]) in offered, service["metadata"]["name"]


def test_selectors_do_not_meet():
    """A Deployment that selected another's pods would take them for its own."""
    for name in VARIANTS:
        makers = [o for o in variant(name) if o["kind"] in ("Deployment", "StatefulSet")]
        for o in makers:
            takes = [
                other["metadata"]["name"]
                for other, pod, _ in pods(makers)
                if selects(o["spec"]["selector"], pod["labels"])
            ]
            assert takes == [o["metadata"]["name"]]


def test_trackers_of_a_new_protocol_need_values_only():
    values = {
        "gateway": {
            "protocols": {
                "beacon": {"port": 6093, "transports": ["UDP"], "servicePort": 93},
                "teltonika": {"enabled": False},
            }
        }
    }
    objects = render(EXTERNAL, values)
    config = named(objects, "ConfigMap", "pettrack-gateway")["data"]
    spoken = config["GATEWAY_PROTOCOLS"].split(",")
    assert "beacon-udp" in spoken and "osmand" in spoken
    assert not {"beacon", "teltonika", "teltonika-udp"} & set(spoken)
    assert config["GATEWAY_BEACON_UDP_PORT"] == "6093"
    (port,) = named(objects, "Service", "pettrack-gateway-udp")["spec"]["ports"]
    assert (port["port"], port["protocol"]) == (93, "UDP")
    tcp = [p["name"] for p in named(objects, "Service", "pettrack-gateway")["spec"]["ports"]]
    assert tcp == [name for name in spoken if name != "beacon-udp"]


def test_every_protocol_of_the_gateway_is_spoken():
    """What GATEWAY_PROTOCOLS of the program knows, values.yaml has, on the same port."""
    config = named(render(EXTERNAL), "ConfigMap", "pettrack-gateway")["data"]
    ports = dict(re.findall(r"\((GATEWAY_\w+_PORT); default (\d+)", said("gateway", "--help")))
    assert ports and ports == {name: port for name, port in config.items() if name.endswith("_PORT") and name in ports}
    spoken = {name.removeprefix("GATEWAY_").removesuffix("_PORT").lower().replace("_", "-") for name in ports}
    assert set(config["GATEWAY_PROTOCOLS"].split(",")) == spoken


def test_addresses_of_trackers_are_kept():
    service = named(variant("production"), "Service", "pettrack-gateway")["spec"]
    assert (service["type"], service["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    values = {"gateway": {"service": {"type": "NodePort", "externalTrafficPolicy": "Cluster"}}}
    config = named(render(EXTERNAL, values), "ConfigMap", "pettrack-gateway")["data"]
    for name in ("GATEWAY_CONNECTIONS_PER_ADDRESS", "GATEWAY_DATAGRAMS_PER_ADDRESS"):
        assert config[name] == "0", "nodes' addresses stand for many trackers"


INGRESS = {"ingress": {"enabled": True, "host": "a.example.org"}}


def test_clients_behind_a_proxy_are_not_one():
    objects = render(EXTERNAL, INGRESS)
    for program in "auth", "query":
        config = named(objects, "ConfigMap", f"pettrack-{program}")["data"]
        networks = config[f"{program.upper()}_TRUSTED_PROXIES"].split(",")
        assert any(ipaddress.ip_address("10.1.2.3") in ipaddress.ip_network(n) for n in networks)
        assert not any(ipaddress.ip_address("192.0.2.1") in ipaddress.ip_network(n) for n in networks)
    assert "TRUSTED_PROXIES" not in json.dumps(render(EXTERNAL)), "where there is no proxy anybody could say so"


def test_without_a_trusted_proxy_addresses_tell_nothing():
    values = {"trustedProxies": [], "query": {"settings": {"LIVE_CONNECTIONS": 70000}}}
    objects = render(EXTERNAL, INGRESS, values)
    assert named(objects, "ConfigMap", "pettrack-query")["data"]["LIVE_CONNECTIONS_PER_ADDRESS"] == "70000"
    limits = {k: v for k, v in named(objects, "ConfigMap", "pettrack-auth")["data"].items() if "LIMIT" in k}
    known = json.loads((CHART / "files/settings.json").read_text())["auth"]
    assert set(limits) == {name for name in known if re.fullmatch("AUTH_LIMIT_.*_ADDRESS", name)}
    assert set(limits.values()) == {"0"}


# ---- hooks, and what an uninstall leaves ----


@each_variant
def test_hooks_leave_nothing(name):
    """A hook is no part of the release: what it made must go by itself."""
    for o in variant(name):
        annotations = o["metadata"].get("annotations", {})
        if "helm.sh/hook" in annotations:
            assert "hook-succeeded" in annotations["helm.sh/hook-delete-policy"], o["metadata"]["name"]
            if o["kind"] == "Job":
                assert o["spec"]["ttlSecondsAfterFinished"] <= 3600
        assert annotations.get("helm.sh/resource-policy") != "keep"


def test_the_secret_is_kept_when_asked_for():
    secret = named(render("values-development.yaml", {"secrets": {"keep": True}}), "Secret", "pettrack")
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_topics_are_made_before_they_are_needed():
    job = named(variant("external"), "Job", "pettrack-prepare")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert [c["args"] for c in containers(job["spec"]["template"]["spec"])] == [["--prepare"], ["--prepare"]]
    secret = named(variant("external"), "Secret", "pettrack-prepare")
    weights = [int(o["metadata"]["annotations"]["helm.sh/hook-weight"]) for o in (secret, job)]
    assert weights == sorted(weights) and len(set(weights)) == 2
    assert "serviceAccountName" not in job["spec"]["template"]["spec"], "the release's is not there yet"


def test_with_servers_inside_preparation_waits_for_them():
    """A hook would run before they are there; and helm --wait would wait for programs that wait for it."""
    job = named(variant("development"), "Job", "pettrack-prepare-1")
    assert "annotations" not in job["metadata"]
    assert [c["name"] for c in containers(job["spec"]["template"]["spec"])] == ["replica-set", "auth", "writer"]


def test_mongodb_knows_itself_without_the_dns():
    """It asks once, when it starts, which member of the set it is; the DNS may not have its new address yet."""
    objects = variant("development")
    task = named(objects, "Job", "pettrack-prepare-1")["spec"]["template"]["spec"]["initContainers"][0]
    member = next(variable["value"] for variable in task["env"] if variable["name"] == "MONGODB_MEMBER")
    (alias,) = named(objects, "StatefulSet", "pettrack-mongodb")["spec"]["template"]["spec"]["hostAliases"]
    assert alias == {"ip": "127.0.0.1", "hostnames": [member.partition(":")[0]]}


def test_seeding_is_for_the_install():
    assert named(variant("development"), "Job", "pettrack-seed")
    upgrade = {
        (o["kind"], o["metadata"]["name"]) for o in render("values-development.yaml", arguments=["--is-upgrade"])
    }
    assert ("Job", "pettrack-seed") not in upgrade and ("Deployment", "pettrack-simulator") in upgrade
