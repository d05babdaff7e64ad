"""Every route that is served is in the OpenAPI files, and the reverse."""

import json
import pathlib
import subprocess

import pytest
import yaml
from support.programs import PROGRAMS, ROOT, binary

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


def served(kind):
    """(METHOD, path) of each route, as the program says with --routes."""
    done = subprocess.run([str(binary(PROGRAMS[kind][0])), "--routes"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0, done.stderr
    return {(route["method"], route["path"]) for route in json.loads(done.stdout)}


def documents():
    return sorted((ROOT / "proto" / "openapi").glob("*.yaml"))


def described(path):
    document = yaml.safe_load(pathlib.Path(path).read_text())
    return {
        (method.upper(), route) for route, item in document["paths"].items() for method in item if method in METHODS
    }


@pytest.mark.parametrize("kind", ["auth", "query"])
def test_routes_and_openapi_agree(kind):
    files = [path for path in documents() if path.stem.split("-")[0] == kind]
    assert files, f"no proto/openapi/{kind}*.yaml"
    said = set().union(*(described(path) for path in files))
    assert served(kind) == said


def test_every_document_belongs_to_a_program():
    assert {path.stem.split("-")[0] for path in documents()} <= {"auth", "query", "gateway", "ops"}


@pytest.mark.parametrize("path", documents(), ids=lambda p: p.stem)
def test_document_is_sound(path):
    """OpenAPI 3.1; every operation has an id of its own and says what it answers; every reference leads somewhere."""
    document = yaml.safe_load(path.read_text())
    assert document["openapi"].startswith("3.1")
    operations = [op for item in document["paths"].values() for method, op in item.items() if method in METHODS]
    ids = [op["operationId"] for op in operations]
    assert len(set(ids)) == len(ids)
    assert all(op["responses"] for op in operations)
    for reference in references(document):
        assert resolve(document, reference) is not None, reference


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document, reference):
    assert reference.startswith("#/"), f"{reference} leads out of the file"
    node = document
    for part in reference[2:].split("/"):
        node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node
