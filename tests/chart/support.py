"""The chart, rendered by helm; and what the tests compare it with: the programs, and schemas of Kubernetes' kinds."""

import functools
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import jsonschema
import kubernetes_validate.utils
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/pettrack"
BUILD = Path(os.environ.get("PETTRACK_BUILD", ROOT / "build"))
BINARIES = {
    "auth": "auth/pettrack-auth",
    "gateway": "ingest/gateway/pettrack-gateway",
    "writer": "ingest/writer/pettrack-writer",
    "query": "query/pettrack-query",
    "cli": "cli/pettrack",
}
OLDEST, NEWEST = "1.30", "1.34"  # of Kubernetes: Chart.yaml's kubeVersion, and what the cluster tests run on

# What the tests look at: the two files of values that come with the chart, and everything that can be turned on.
EXTERNAL = {"kafka": {"brokers": "kafka:9092"}, "mongodb": {"uri": "mongodb://u:uri-marker@mongodb/pettrack"}}
EVERYTHING = {
    "auth": {
        "split": True,
        "replicas": 2,
        "devices": {"replicas": 3},
        "mail": {
            "smtpUrl": "smtps://mail.example.org",
            "verify": True,
            "username": "pets",
            "existingSecret": "mail-secret",
        },
    },
    "query": {
        "split": True,
        "autoscaling": {"enabled": True, "connections": 1000},
        "live": {"autoscaling": {"maxReplicas": 20}},
    },
    "gateway": {
        "protocols": {"teltonika": {"transports": ["TCP", "UDP"], "nodePort": 30027}},
        "service": {
            "type": "LoadBalancer",
            "loadBalancerClass": "example.org/lb",
            "loadBalancerSourceRanges": ["10.0.0.0/8"],
        },
        "autoscaling": {"enabled": True, "connections": 5000},
    },
    "writer": {"keda": {"enabled": True}},
    "kafka": {
        "brokers": "k1:9094,k2:9095",
        "security": "sasl_ssl",
        "existingSecret": "kafka-secret",
        "users": {
            p: {"username": f"pettrack-{p}", "key": f"{p}-password"}
            for p in ("auth", "gateway", "writer", "query", "prepare")
        },
        "caSecret": "kafka-ca",
        "topicPrefix": "test.",
    },
    "mongodb": {"existingSecret": "mongodb-secret", "keys": {"writer": "writer-uri"}, "caSecret": "mongodb-ca"},
    "secrets": {"existingSecret": "pettrack-secrets"},
    "seed": {"enabled": True},
    "simulator": {"enabled": True},
    "gatewayApi": {
        "enabled": True,
        "hostnames": ["pets.example.org"],
        "parentRefs": [{"name": "gateway", "namespace": "infra"}],
        "trackers": {"enabled": True, "parentRefs": [{"name": "trackers"}]},
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "runbookUrl": "https://example.org/OPERATIONS.md"},
    "dashboard": {"enabled": True},
    "image": {"registry": "registry.example.org/pets", "pullSecrets": [{"name": "pull"}]},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "important",
    "commonLabels": {"team": "pets"},
}
SECRETS_INSIDE = {
    **EXTERNAL,
    "kafka": {"brokers": "kafka:9092", "security": "sasl_ssl", "username": "pettrack", "password": "password-marker"},
    "ingress": {"enabled": True, "host": "pets.example.org"},
}
VARIANTS = {
    "external": [EXTERNAL],
    "development": ["values-development.yaml"],
    "production": ["values-production.yaml"],
    "everything": [EVERYTHING],
    "secrets in values": [SECRETS_INSIDE],
    "nothing optional": [
        EXTERNAL,
        {
            "networkPolicy": {"enabled": False},
            "prepare": {"enabled": False},
            "retention": {"enabled": False},
            "serviceAccount": {"create": False},
            "query": {"page": {"enabled": False}},
        },
    ],
    "long names": [EXTERNAL, {"fullnameOverride": "a-name-that-is-rather-long-for-what-it-is-and-is-cut"}],
}


def helm(*arguments, check=True, env=None):
    run = subprocess.run(
        [os.environ["PETTRACK_HELM"], *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )
    if check and run.returncode != 0:
        raise AssertionError(f"helm {' '.join(map(str, arguments))}:\n{run.stderr}")
    return run


def with_values(*values):
    """The arguments that give helm files of the chart (str) and values (dict), in their order."""
    arguments = []
    for value in values:
        if isinstance(value, str):
            arguments += ["--values", CHART / value]
        else:
            with tempfile.NamedTemporaryFile("w", suffix=".json", dir=scratch(), delete=False) as file:
                json.dump(value, file)
            arguments += ["--values", file.name]
    return arguments


@functools.cache
def scratch():
    return tempfile.mkdtemp(prefix="chart-")


def render(*values, arguments=()):
    """The objects that helm would send to a cluster."""
    text = helm("template", "pettrack", CHART, *with_values(*values), *arguments).stdout
    return [o for o in yaml.safe_load_all(text) if o]


@functools.cache
def variant(name):
    return render(*VARIANTS[name])


def refusal(*values):
    """What helm says of values that it does not take."""
    run = helm("template", "pettrack", CHART, *with_values(*values), check=False)
    assert run.returncode != 0, "the values were taken"
    return run.stderr


def of_kind(objects, *kinds):
    return [o for o in objects if o["kind"] in kinds]


def named(objects, kind, name):
    found = [o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{kind} {name}: {len(found)} of them"
    return found[0]


def pods(objects):
    """(object, pod's metadata, pod's spec) of everything that makes pods."""
    for o in objects:
        if o["kind"] == "Pod":
            yield o, o["metadata"], o["spec"]
        elif o["kind"] == "CronJob":
            template = o["spec"]["jobTemplate"]["spec"]["template"]
            yield o, template["metadata"], template["spec"]
        elif "template" in o.get("spec", {}):
            yield o, o["spec"]["template"]["metadata"], o["spec"]["template"]["spec"]


def containers(spec):
    return spec.get("initContainers", []) + spec["containers"]


def selects(selector, labels):
    """Whether a label selector, as a policy or a Service has it, takes a pod with these labels."""
    assert not selector.get("matchExpressions")
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


# ---- the programs ----


@functools.cache
def said(name, *arguments, **env):
    return subprocess.run(
        [BUILD / BINARIES[name], *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, **dict(env)},
    ).stdout


def settings(name, *command):
    """Setting of the program (or of a command of `pettrack`) -> whether it may come from NAME_FILE."""
    found = re.findall(r"\(([A-Z][A-Z0-9_]+)((?:;[^)\n]*)?)\)$", said(name, *command, "--help"), re.M)
    assert found
    return {setting: "secret" in rest for setting, rest in found}


def routes(name, **env):
    return [(r["method"], r["path"]) for r in json.loads(said(name, "--routes", **env))]


# ---- schemas ----

kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


class CrdLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.1 gives a lone = a meaning; in these files it is a text."""


CrdLoader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


@functools.cache
def custom_kinds():
    """(apiVersion, kind) -> JSON schema, of the custom resource definitions that were fetched."""
    kinds = {}
    for file in Path(os.environ["PETTRACK_CRDS"]).glob("*.yaml"):
        for crd in yaml.load_all(file.read_text(), Loader=CrdLoader):
            if crd and crd["kind"] == "CustomResourceDefinition":
                for version in crd["spec"]["versions"]:
                    at = f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]
                    kinds[at] = strict(version["schema"]["openAPIV3Schema"])
    return kinds


def strict(schema, top=True):
    """The same, but what it does not name is refused, as an API server does when asked to be strict."""
    schema = dict(schema)
    if "properties" in schema:
        schema["properties"] = {name: strict(below, False) for name, below in schema["properties"].items()}
        if top:
            schema["properties"]["metadata"] = {"type": "object"}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    if isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = strict(schema["additionalProperties"], False)
    if "items" in schema:
        schema["items"] = strict(schema["items"], False)
    if schema.pop("x-kubernetes-int-or-string", False):
        schema.pop("type", None)
        schema.pop("anyOf", None)
        schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return schema


def validate(o, version):
    schema = custom_kinds().get((o["apiVersion"], o["kind"]))
    if schema:
        jsonschema.Draft202012Validator(schema).validate(o)
    else:
        kubernetes_validate.utils.validate(o, version, strict=True)
