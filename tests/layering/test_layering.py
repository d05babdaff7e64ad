"""The rules of docs/ARCHITECTURE.md, as greps over #include lines.

1. The header of each outside library is included in its own folder of lib/ only; OpenSSL's and libcurl's in two.
2. Modules never include each other; lib/ never includes a module; base uses libc only. One exception: `pettrack decode`
   uses the decoders.
3. The decoders use base and nothing else, so that whoever uses them gets no more than them.
"""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["lib", "auth", "ingest", "query", "cli"]
MODULES = ["auth", "ingest", "query", "cli"]

# Header (as a pattern) and the folders that may include it.
OUTSIDE = {
    r"(librdkafka/)?rdkafka[a-z_]*\.h": "lib/bus",
    r"(mongoc/)?mongoc[a-z-]*\.h": "lib/store",
    r"openssl/[a-z0-9]+\.h": "lib/token lib/socket",
    r"civetweb\.h": "lib/web",
    r"curl/[a-z]+\.h": "lib/client lib/mail",
    r"libwebsockets\.h": "lib/socket",
    r"uv\.h": "lib/socket",
    r"archive(_entry)?\.h": "lib/zip",
    r"protobuf-c/[a-z-]+\.h|(record/)?position\.pb-c\.h": "lib/record",
}

# Files (as a pattern) that may use a folder of another module. The simulator's encoders are not among them: they share
# no code with the decoders that they try out.
EXCEPTIONS = {r"cli/decode[a-z_]*\.[ch]": "ingest/protocols/"}


def includes(root, folders=FOLDERS):
    """(file, header) of every #include under `folders`, by grep."""
    there = [f for f in folders if (root / f).is_dir()]
    grep = subprocess.run(
        ["grep", "-rnE", "--include=*.[ch]", r"^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]", *there],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert grep.returncode == 0, f"grep found nothing in {root}: {grep.stderr}"
    for line in grep.stdout.splitlines():
        file, _, directive = line.split(":", 2)
        yield file, re.search(r'[<"]([^>"]+)', directive).group(1)


def in_folders(file, folders):
    return any(file.startswith(folder + "/") for folder in folders.split())


def outside_violations(root):
    return [
        f"{file} includes {header}: only {folders} may"
        for file, header in includes(root)
        for pattern, folders in OUTSIDE.items()
        if re.fullmatch(pattern, header) and not in_folders(file, folders)
    ]


def target(root, file, header):
    """The folder a "..." include leads to, as a path from the root; None for what is not in the tree."""
    for base in (pathlib.Path(file).parent, pathlib.Path("."), pathlib.Path("lib")):
        path = (root / base / header).resolve()
        if path.is_file() and path.is_relative_to(root.resolve()):
            return path.relative_to(root.resolve()).as_posix()
    return None


def excepted(file, path):
    return any(re.fullmatch(pattern, file) and path.startswith(folder) for pattern, folder in EXCEPTIONS.items())


def module_violations(root):
    found = []
    for file, header in includes(root):
        path, module = target(root, file, header), file.split("/")[0]
        if path is None:
            continue
        other = path.split("/")[0]
        if other in MODULES and other != module and not excepted(file, path):
            found.append(f"{file} includes {header}: {module} may not use {other}")
        if file.startswith("lib/base/") and not path.startswith("lib/base/"):
            found.append(f"{file} includes {header}: base uses libc only")
    return found


def protocol_violations(root):
    return [
        f"{file} includes {header}: protocols use base only"
        for file, header in includes(root, ["ingest/protocols"])
        if (path := target(root, file, header)) and not path.startswith(("ingest/protocols/", "lib/base/"))
    ]


def test_outside_libraries_stay_in_their_folders():
    assert outside_violations(ROOT) == []


def test_modules_never_include_each_other():
    assert module_violations(ROOT) == []


def test_decoders_use_base_only():
    assert protocol_violations(ROOT) == []


def test_every_exception_is_used():
    used = {
        pattern
        for file, header in includes(ROOT)
        for pattern, folder in EXCEPTIONS.items()
        if re.fullmatch(pattern, file) and (target(ROOT, file, header) or "").startswith(folder)
    }
    assert used == set(EXCEPTIONS)


def defaults(file):
    """The gateway's settings in a table of settings, with their defaults."""
    return set(re.findall(r'\{ "(GATEWAY_[A-Z_]+)", "([^"]*)"', (ROOT / file).read_text()))


def test_decode_has_the_defaults_of_the_gateway():
    ours = defaults("cli/decode.c")
    assert len(ours) == 3
    assert ours <= defaults("ingest/gateway/settings.c")


def test_every_outside_library_is_used_where_it_belongs():
    """A pattern that matches nothing would guard nothing."""
    used = {
        pattern
        for file, header in includes(ROOT)
        for pattern, folders in OUTSIDE.items()
        if re.fullmatch(pattern, header) and in_folders(file, folders)
    }
    assert used == set(OUTSIDE)


def tree(root, *more):
    """A tree in which no file includes another."""
    for there in ("ingest/gateway/gateway.h", "ingest/protocols/protocol.h", "lib/service/log.h", *more):
        (root / there).parent.mkdir(parents=True, exist_ok=True)
        (root / there).write_text("/* nothing */\n#include <stdint.h>\n")


@pytest.mark.parametrize(
    ("file", "line", "check"),
    [
        ("query/api/a.c", "#include <librdkafka/rdkafka.h>", outside_violations),
        ("lib/web/a.c", "#  include <mongoc/mongoc.h>", outside_violations),
        ("auth/a.h", "#include <libwebsockets.h>", outside_violations),
        ("cli/a.c", "\t#include <curl/curl.h>", outside_violations),
        ("auth/a.c", '#include "ingest/gateway/gateway.h"', module_violations),
        ("query/a.c", '#include "../ingest/gateway/gateway.h"', module_violations),
        ("lib/bus/a.c", '#include "ingest/gateway/gateway.h"', module_violations),
        ("cli/a.c", '#include "ingest/gateway/gateway.h"', module_violations),
        ("lib/base/a.c", '#include "service/log.h"', module_violations),
        ("cli/tail.c", '#include "ingest/protocols/protocol.h"', module_violations),
        ("cli/decode_frames.c", '#include "ingest/gateway/gateway.h"', module_violations),
        ("cli/simulation/gt06.c", '#include "ingest/protocols/protocol.h"', module_violations),
        ("cli/simulation/decode.c", '#include "ingest/protocols/protocol.h"', module_violations),
        ("ingest/protocols/a.c", '#include "service/log.h"', protocol_violations),
        ("ingest/protocols/a.c", '#include "ingest/gateway/gateway.h"', protocol_violations),
    ],
)
def test_the_greps_find(tmp_path, file, line, check):
    tree(tmp_path, file)
    assert check(tmp_path) == []
    (tmp_path / file).write_text(line + "\n")
    assert len(check(tmp_path)) == 1


def test_decode_may_use_the_decoders(tmp_path):
    tree(tmp_path, "cli/decode_frames.c")
    (tmp_path / "cli/decode_frames.c").write_text('#include "ingest/protocols/protocol.h"\n')
    assert module_violations(tmp_path) == []
