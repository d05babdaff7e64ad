"""What no client would send: requests made from an OpenAPI document that each break it in one way."""

import json

DEEP = 20_000
LONG = "x" * 60_000

# Bodies that are no JSON object, whatever the route.
NO_OBJECTS = {
    "nothing": b"",
    "half": b"{",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"x"',
    "a number that is none": b'{"a":1e999}',
    "an endless number": b'{"a":' + b"9" * 5000 + b"}",
    "deep lists": b"[" * DEEP,
    "deep lists, closed": b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "NULs": b"\0" * 100,
    "a NUL within": b'{"a":"\0"}',
    "not UTF-8": b'{"a":"\xff\xfe"}',
    "UTF-16": '{"a":"b"}'.encode("utf-16"),
    "half a surrogate": b'{"a":"\\ud800"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two objects": b"{}{}",
}

# Values that no member wants.
VALUES = [
    *(None, True, -1, 1.5, 2**62, 2**70, "", LONG, "a\0b", "\u202e\U0001f408"),
    *([], {}, {"$gt": ""}, ["x"] * 5000),
]

SEGMENTS = ["%00", "%ff", "..%2f..%2fetc%2fpasswd", "%7B%7D", "%24ne", "0", "-1", "x" * 1500, "%0d%0aX-Injected:%20yes"]
QUERIES = [
    *("limit=-1", "limit=1e9", "limit=99999999999999999999", "limit=", "limit=1&limit=2", "limit=%00", "limit[$gt]=1"),
    *("cursor=%00", "cursor=AAAA", "cursor=" + "x" * 1500, "from=%ff", "%00=%00", "&&&=&"),
]


def resolved(document, node):
    """What a $ref points to."""
    while isinstance(node, dict) and "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def body_of(document, operation):
    """(content type, properties, an example) of an operation's body; None where it has none."""
    if "requestBody" not in operation:
        return None
    content = resolved(document, operation["requestBody"])["content"]
    kind, media = next(iter(content.items()))
    schema = resolved(document, media["schema"])
    properties = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        properties.update(resolved(document, part).get("properties", {}))
    examples = [media["example"]] if "example" in media else [e["value"] for e in media.get("examples", {}).values()]
    return kind, properties, examples[0] if examples else {}


def duplicated(example):
    """The same member twice."""
    return (
        b"{"
        + b",".join(json.dumps(k).encode() + b":" + json.dumps(v).encode() for k, v in [*example.items()] * 2)
        + b"}"
    )


def bodies(document, operation):
    """(what it is, content type, body) of everything wrong with an operation's body."""
    described = body_of(document, operation)
    if not described:
        yield "a body where there is none", "application/json", b'{"a":"b"}'
        return
    kind, properties, example = described
    good = json.dumps(example).encode()
    for other in (None, "", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/json\\"):
        yield f"content type {other!r}", other, good
    if kind != "application/json":
        yield from forms(kind, properties, example)
        return
    for what, body in NO_OBJECTS.items():
        yield what, kind, body
    yield "duplicates", kind, duplicated(example)
    yield "members that nobody knows", kind, json.dumps({**example, **{f"x{i}": i for i in range(2000)}}).encode()
    for name in properties:
        yield f"without {name}", kind, json.dumps({k: v for k, v in example.items() if k != name}).encode()
        for value in VALUES:
            yield f"{name}={value!r:.40}", kind, json.dumps({**example, name: value}).encode()


def forms(kind, properties, example):
    for body in (b"", b"\0", b"%", b"=", b"&" * 5000, b"%00=%00", b"a=" + LONG.encode(), b"\xff=\xff"):
        yield f"form {body!r:.30}", kind, body
    for name in properties:
        rest = "".join(f"&{k}={v}" for k, v in example.items() if k != name)
        for value in ("", "%00", "%ff", "%", "x" * 5000, f"a&{name}=b"):
            yield f"form {name}={value:.30}", kind, f"{name}={value}{rest}".encode()


def operations(document):
    """(method, path, operation) of each."""
    for path, item in document["paths"].items():
        for method in ("get", "put", "post", "patch", "delete"):
            if method in item:
                yield method.upper(), path, item[method]
