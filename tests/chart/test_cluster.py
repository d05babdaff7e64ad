"""What the chart looks up in a cluster: secrets that are there already. The cluster is a server of this file's."""

import base64
import contextlib
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from support import CHART, EXTERNAL, OLDEST, helm, named, of_kind, with_values

CORE = {
    "kind": "APIResourceList",
    "groupVersion": "v1",
    "resources": [
        {"name": "secrets", "singularName": "secret", "namespaced": True, "kind": "Secret", "verbs": ["get"]}
    ],
}


@contextlib.contextmanager
def cluster(directory, **secrets):
    """A kubeconfig for a server that has these Secrets: NAME={key: text}."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0]
            name = path.rsplit("/", 1)[-1].replace("-", "_")
            if path == "/version":
                major, minor = OLDEST.split(".")
                self.answer({"major": major, "minor": minor, "gitVersion": f"v{OLDEST}.0"})
            elif path == "/api":
                self.answer({"kind": "APIVersions", "versions": ["v1"]})
            elif path == "/apis":
                self.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})
            elif path == "/api/v1":
                self.answer(CORE)
            elif path.startswith("/api/v1/namespaces/default/secrets/") and name in secrets:
                data = {key: base64.b64encode(text.encode()).decode() for key, text in secrets[name].items()}
                self.answer({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})
            else:
                self.answer(
                    {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}, 404
                )

        def answer(self, body, status=200):
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
            "users": [{"name": "c", "user": {}}],
            "current-context": "c",
        }
        file = directory / "kubeconfig"
        file.write_text(json.dumps(config))
        yield file
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def upgrade(kubeconfig, *values, check=True):
    arguments = ["template", "pettrack", CHART, "--dry-run=server", "--is-upgrade", "--disable-openapi-validation"]
    run = helm(
        *arguments,
        *with_values(*values),
        check=check,
        env={"KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)},
    )
    return [o for o in yaml.safe_load_all(run.stdout) if o] if check else run


def texts(objects):
    (secret,) = of_kind(objects, "Secret")
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def checksums(objects):
    deployments = of_kind(objects, "Deployment")
    return {o["metadata"]["name"]: o["spec"]["template"]["metadata"]["annotations"] for o in deployments}


def test_an_upgrade_keeps_generated_secrets(tmp_path):
    """The signing keys in MongoDB are sealed with the first one."""
    with cluster(tmp_path) as fresh:
        first = upgrade(fresh, "values-development.yaml")
    with cluster(tmp_path, pettrack=texts(first)) as there:
        second = upgrade(there, "values-development.yaml")
    assert texts(second) == texts(first)
    assert checksums(second) == checksums(first), "no pod is replaced for nothing"


def test_a_secret_of_an_older_chart_gets_what_it_lacks(tmp_path):
    old = {"master-secret": "old-master", "gateway-secret": "old-gateway"}
    with cluster(tmp_path, pettrack=old) as there:
        now = texts(upgrade(there, "values-development.yaml"))
    assert {key: now[key] for key in old} == old
    assert len(now["retention-secret"]) >= 40
    assert now["clients"].startswith("gateway:old-gateway:devices.lookup latest.read,")


MINE = {"mongodb": {"uri": "", "existingSecret": "mongodb"}, "secrets": {"existingSecret": "mine"}}
ALL_KEYS = ("master-secret", "clients", "gateway-secret", "query-secret", "retention-secret", "check-password")


def test_pods_are_replaced_when_a_secret_of_ones_own_changed(tmp_path):
    mine = dict.fromkeys(ALL_KEYS, "x")
    seen = []
    for uri in ("mongodb://a/pettrack", "mongodb://b/pettrack"):
        with cluster(tmp_path, mine=mine, mongodb={"mongodb-uri": uri}) as there:
            seen.append(checksums(upgrade(there, EXTERNAL, MINE)))
    changed = {name for name in seen[0] if seen[0][name] != seen[1][name]}
    assert changed == {"pettrack-auth", "pettrack-writer", "pettrack-query"}


@pytest.mark.parametrize("absent", ALL_KEYS)
def test_a_secret_that_lacks_a_key_is_refused_with_a_sentence(tmp_path, absent):
    mine = {key: "x" for key in ALL_KEYS if key != absent}
    with cluster(tmp_path, mine=mine, mongodb={"mongodb-uri": "x"}) as there:
        run = upgrade(there, EXTERNAL, MINE, check=False)
    assert run.returncode != 0
    assert f'- secrets.existingSecret names the Secret "mine", which has no key "{absent}": add it' in run.stderr


def test_certificates_are_looked_for_too(tmp_path):
    values = {"kafka": {"security": "ssl", "caSecret": "kafka-ca"}}
    with cluster(tmp_path, kafka_ca={"tls.crt": "x"}) as there:
        run = upgrade(there, EXTERNAL, values, check=False)
    assert 'kafka.caSecret names the Secret "kafka-ca", which has no key "ca.crt"' in run.stderr


# ---- what is said after an install ----


@pytest.fixture
def notes(tmp_path):
    """NOTES.txt as a text of an object, for helm shows it only where it installs."""
    chart = shutil.copytree(CHART, tmp_path / "pettrack")
    text = (chart / "templates/NOTES.txt").read_text()
    (chart / "templates/_notes.tpl").write_text('{{- define "notes" -}}\n' + text + "{{- end }}\n")
    (chart / "templates/notes.yaml").write_text('kind: Notes\ntext: {{ include "notes" . | quote }}\n')

    def said(*values):
        arguments = ["template", "pettrack", chart, "--show-only", "templates/notes.yaml"]
        return yaml.safe_load(helm(*arguments, *with_values(*values)).stdout)["text"]

    return said


def test_notes_of_development_tell_how_to_log_in(notes):
    said = notes("values-development.yaml")
    assert "port-forward service/pettrack-query 8083 8084" in said
    assert "demo@example.org" in said and "jsonpath='{.data.demo-password}'" in said
    assert "delete pvc" in said and "helm test pettrack" in said
    assert "WARNING" not in said


def test_notes_of_production(notes):
    said = notes("values-production.yaml")
    assert "https://pets.example.org/" in said and "port-forward" not in said
    assert '"kubernetes.io/metadata.name":"ingress-nginx"' in said, "who may come in, for it is often another"
    assert "demo" not in said and "WARNING" not in said


def test_notes_warn(notes):
    assert "without its\n  master-secret. Keep a copy" in notes(EXTERNAL)
    sasl = {"security": "sasl_plaintext", "username": "a", "password": "notes-marker"}
    said = notes(EXTERNAL, {"kafka": sasl})
    assert "sends the password as it is" in said and "notes-marker" not in said


def test_the_secret_of_the_hook_is_what_it_needs():
    """And nothing else: master-secret is not for Jobs."""
    with_password = {"kafka": {"security": "sasl_ssl", "username": "a", "password": "b"}}
    run = helm("template", "pettrack", CHART, *with_values(EXTERNAL, with_password)).stdout
    secret = named([o for o in yaml.safe_load_all(run) if o], "Secret", "pettrack-prepare")
    assert set(secret["data"]) == {"mongodb-uri", "kafka-password"}
