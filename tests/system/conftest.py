"""
System tests: the real programs against a real Kafka and a real MongoDB, with clients that share no code with them.

    ./dev test system                          everything here
    ./dev test system -k first_light           pytest's own arguments follow

Fixtures
    stack        the four programs, ready; one for a test file, with topics and a database of its own, and what the
                 file's fixtures stack_settings and stack_programs say otherwise
    make_stack   make_stack(programs=None, **settings): a further stack, for tests that kill or reconfigure; gone after
                 the test
    owner        a new registered and logged-in User of `stack`; owner.add_device() is a tracker of theirs
    mails        a mail server that keeps what it gets; .settings are auth's
    kafka, mongo the servers of the run: .stop() .kill9() .start() keep port and data

A stack: .auth .gateway .writer .query are Programs; .user() makes another owner; .db is pymongo's database;
.topic("positions") is the full name of a topic; .add_auth(), .add_query(), .add_writer() start further replicas;
.cli(...) runs `pettrack`.

A Program: .start(**settings) .stop() -> exit status, .kill9() .restart(**settings) .pid; .ports {"rest": ..., "ops":
...} as its log says; .url(path, port="rest"), .ops("/metrics"), .metric(name, **labels); .log_lines, .events(event).

Clients (support/): send_osmand(), send_osmand_json(), TeltonikaClient, Avl in trackers; LiveClient in live, best made
by owner.live(); User in people; read_topic(), produce(), decode_position() in records; now_ms(), parse_time(),
format_time() in times; wait_until(condition, timeout, what) and holds_for() in waiting.

    def test_it(stack, owner):
        cat = owner.add_device("Blue collar")
        with owner.live() as live:
            live.subscribe([cat])
            at = now_ms()
            assert send_osmand(stack, cat, 50.1703, -5.1138, at).status_code == 200
            wait_until(lambda: live.positions(cat), 10, "the position is pushed")
        assert wait_until(lambda: owner.latest(cat), 10, "it is stored")["lat"] == 50.1703

A test waits for a condition, never for a time, and fails when a server or a program is absent.
Environment: PETTRACK_BUILD (the build to test; build/), PETTRACK_CACHE (where ./dev keeps Kafka and mongod),
PETTRACK_TEST_AUTH=three (.auth is three processes, one a role, behind a proxy: support/three.py).
"""

import logging

import pytest
from support.mails import MailServer
from support.programs import Stack
from support.servers import Kafka, Mongo
from support.three import RoleMongo, three_wanted

logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a broker that is away is what some tests want


def _server(kind, folder):
    server = kind(folder)
    try:
        server.start()
        yield server
    finally:
        server.remove()


# The longest files, the longest first. Kafka that starts again takes its time for what other files have left in it.
FIRST = """
faults prepare live diagnosis auth mqtt retention cli gateway query udp secure_servers abuse service accounts cats
erasure without_auth simulate rules check replica_set
""".split()


def _turn(item):
    name = item.path.stem.removeprefix("test_")
    return FIRST.index(name) if name in FIRST else len(FIRST)


# Of each program, one process: its flags, its log, what it says of its servers.
OF_ONE_PROCESS = ("test_service", "test_diagnosis")


def pytest_collection_modifyitems(items):
    """Workers then end together."""
    items.sort(key=_turn)
    if three_wanted():
        skip = pytest.mark.skip(reason="looks at auth as one process")
        for item in items:
            if item.path.stem in OF_ONE_PROCESS:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    yield from _server(Kafka, tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="session")
def mongo(tmp_path_factory):
    yield from _server(RoleMongo if three_wanted() else Mongo, tmp_path_factory.mktemp("mongod"))


@pytest.fixture(scope="module")
def mails():
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stack_settings():
    """What `stack` has set otherwise; a test file may define it anew."""
    return {}


@pytest.fixture(scope="module")
def stack_programs():
    """Those of `stack` that run, None: all; the same."""
    return None


def _stack(kafka, mongo, folder, programs=None, **env):
    stack = Stack(kafka, mongo, folder, **env)
    if programs:
        stack.programs = [getattr(stack, name) for name in programs]
    try:
        return stack.start()
    except BaseException:
        stack.remove()
        raise


@pytest.fixture(scope="module")
def stack(kafka, mongo, tmp_path_factory, stack_settings, stack_programs):
    made = _stack(kafka, mongo, tmp_path_factory.mktemp("stack"), stack_programs, **stack_settings)
    yield made
    made.remove()


@pytest.fixture
def make_stack(kafka, mongo, tmp_path_factory):
    made = []

    def make(**env):
        made.append(_stack(kafka, mongo, tmp_path_factory.mktemp("stack"), **env))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def owner(stack):
    return stack.user()
