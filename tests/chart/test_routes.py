"""What is public is what the programs serve, except /internal."""

import re

import pytest
from support import EXTERNAL, named, render, routes

INGRESS = {"ingress": {"enabled": True, "host": "pets.example.org"}}
HTTP_ROUTE = {"gatewayApi": {"enabled": True, "hostnames": ["pets.example.org"], "parentRefs": [{"name": "gateway"}]}}
SPLIT = {"auth": {"split": True}, "query": {"split": True}}
ROLES = {"auth": ("registration", "authentication", "devices"), "query": ("api", "live")}


def ingress_paths(objects):
    (rule,) = named(objects, "Ingress", "pettrack")["spec"]["rules"]
    ports = {
        o["metadata"]["name"]: {p["name"]: p["port"] for p in o["spec"]["ports"]}
        for o in objects
        if o["kind"] == "Service"
    }
    assert all(p["pathType"] == "Prefix" for p in rule["http"]["paths"])
    services = [(p["path"], p["backend"]["service"]) for p in rule["http"]["paths"]]
    return {path: (service["name"], ports[service["name"]][service["port"]["name"]]) for path, service in services}


def http_route_paths(objects):
    found = {}
    for rule in named(objects, "HTTPRoute", "pettrack")["spec"]["rules"]:
        (backend,) = rule["backendRefs"]
        assert len(rule["matches"]) <= 8
        for match in rule["matches"]:
            assert match["path"]["type"] == "PathPrefix"
            assert match["path"]["value"] not in found
            found[match["path"]["value"]] = (backend["name"], backend["port"])
    return found


WAYS = {"Ingress": (INGRESS, ingress_paths), "HTTPRoute": (HTTP_ROUTE, http_route_paths)}
each_way = pytest.mark.parametrize("way", WAYS)


def paths(way, *values):
    enable, read = WAYS[way]
    return read(render(EXTERNAL, enable, *values))


def answers(found, path):
    """The Service that a path is sent to: the longest prefix by whole elements, as Ingress and HTTPRoute have it."""
    fits = [p for p in found if path == p or path.startswith(p.rstrip("/") + "/")]
    return found[max(fits, key=len)]


def examples(program, role):
    """Paths of a role's routes, with something in place of {id}."""
    env = {f"{program.upper()}_ROLES": role}
    return [re.sub(r"\{\w+\}", "1", path) for _, path in routes(program, **env)]


@each_way
@pytest.mark.parametrize("program,role", [(p, r) for p, roles in ROLES.items() for r in roles if r != "live"])
def test_a_route_is_sent_to_who_serves_it(way, program, role):
    served = examples(program, role)
    assert served
    whole, split = paths(way), paths(way, SPLIT)
    for path in served:
        if path.startswith("/internal/"):
            assert answers(split, path) == ("pettrack-query-live", 8084), "which has no such path"
            assert answers(whole, path) == ("pettrack-query", 8084)
        else:
            assert answers(whole, path)[0] == f"pettrack-{program}", path
            assert answers(split, path)[0] == f"pettrack-{program}-{role}", path


@each_way
def test_internal_routes_are_not_public(way):
    """They lead to the live stream, which has one path of another name; and no path leads to auth's."""
    for program in "auth", "query":
        assert any(path.startswith("/internal/") for _, path in routes(program)), "the test has something to look for"
    for found in paths(way), paths(way, SPLIT):
        auth = {path for path, (service, _) in found.items() if "-auth" in service}
        public = {path for _, path in routes("auth") if not path.startswith("/internal")}
        assert all(any(p == a or p.startswith(a + "/") for p in public) for a in auth), "each path of auth's is needed"
        assert not any("/internal".startswith(a) for a in auth)


@each_way
def test_the_page_and_the_live_stream(way):
    found = paths(way, SPLIT)
    assert (
        answers(found, "/")
        == answers(found, "/index.html")
        == answers(found, "/v1/latest")
        == ("pettrack-query-api", 8083)
    )
    assert answers(found, "/v1/live") == ("pettrack-query-live", 8084)


@each_way
def test_browsers_are_told_the_public_names(way):
    config = named(render(EXTERNAL, WAYS[way][0]), "ConfigMap", "pettrack-query")["data"]
    assert config["QUERY_PUBLIC_AUTH_URL"] == "https://pets.example.org"
    assert config["QUERY_PUBLIC_LIVE_URL"] == "wss://pets.example.org/v1/live"


def test_without_a_way_in_browsers_use_forwarded_ports():
    objects = render(EXTERNAL)
    query, auth = (named(objects, "ConfigMap", f"pettrack-{name}")["data"] for name in ("query", "auth"))
    assert query["QUERY_PUBLIC_LIVE_URL"] == "ws://127.0.0.1:8084/v1/live"
    assert query["QUERY_PUBLIC_AUTH_URL"] == "http://127.0.0.1:8081"
    assert "http://127.0.0.1:8083" in auth["AUTH_CORS_ORIGINS"], "the page calls auth, which is another origin"


def test_inside_a_split_auth_is_asked_by_path():
    """As lib/client/origins.h has it: what a role serves is asked where that role answers, /internal included."""
    for value in (
        named(render(EXTERNAL, SPLIT), "ConfigMap", f"pettrack-{p}")["data"]["AUTH_URL"]
        for p in ("gateway", "query-api")
    ):
        first, *rest = value.split(",")
        found = {"/": first, **dict(piece.split("=", 1) for piece in rest)}
        for role in ROLES["auth"]:
            for path in examples("auth", role):
                assert answers(found, path) == f"http://pettrack-auth-{role}:8081", path
