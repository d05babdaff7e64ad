"""
What proto/openapi says is what the programs serve, route for route; and it is valid OpenAPI 3.1 whose examples fit
their schemas.

    ./dev test openapi

Environment: PETTRACK_BUILD (the build whose programs are asked; build/).
"""

import json
import os
import pathlib
import subprocess

import pytest
import yaml
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PETTRACK_BUILD") or ROOT / "build").resolve()
PROGRAMS = {"auth": "auth/pettrack-auth", "query": "query/pettrack-query"}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def document(name):
    return yaml.safe_load((ROOT / "proto/openapi" / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.fixture(params=sorted(PROGRAMS))
def name(request):
    return request.param


def described(doc):
    return {(method.upper(), path) for path, item in doc["paths"].items() for method in METHODS & item.keys()}


def served(name):
    program = BUILD / PROGRAMS[name]
    done = subprocess.run([str(program), "--routes"], capture_output=True, text=True, timeout=30, check=True)
    return {(route["method"], route["path"]) for route in json.loads(done.stdout)}


def test_no_file_without_a_program():
    assert {path.stem for path in (ROOT / "proto/openapi").glob("*.yaml")} == set(PROGRAMS)


def test_is_valid_openapi(name):
    doc = document(name)
    assert doc["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(doc).validate()


def test_what_is_served_is_described_and_the_reverse(name):
    assert described(document(name)) == served(name)


def test_every_operation_has_an_id_of_its_own_and_answers(name):
    operations = [item[m] for item in document(name)["paths"].values() for m in METHODS & item.keys()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    for operation in operations:
        assert any(status.startswith("2") for status in operation["responses"]), operation["operationId"]


def media_types(node):
    """Every {schema, example(s)} of a document."""
    if isinstance(node, dict):
        if "schema" in node and ("example" in node or "examples" in node):
            yield node
        for value in node.values():
            yield from media_types(value)
    elif isinstance(node, list):
        for value in node:
            yield from media_types(value)


def absolute(node):
    """References into the document made such that they can be followed from outside it."""
    if isinstance(node, dict):
        return {k: "urn:doc" + v if k == "$ref" else absolute(v) for k, v in node.items()}
    return [absolute(value) for value in node] if isinstance(node, list) else node


def test_examples_fit_their_schemas(name):
    doc = document(name)
    registry = Registry().with_resource("urn:doc", Resource(contents=doc, specification=DRAFT202012))
    count = 0
    for media in media_types(doc):
        examples = [media["example"]] if "example" in media else [e["value"] for e in media["examples"].values()]
        for example in examples:
            validator = OAS31Validator(
                absolute(media["schema"]), registry=registry, format_checker=OAS31Validator.FORMAT_CHECKER
            )
            errors = [error.message for error in validator.iter_errors(example)]
            assert not errors, f"{example}: {errors}"
            count += 1
    assert count > 5
