"""The page in a real Chromium: pytest_plugins = ["support.page_fixtures"]."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from .page import DESKTOP, Visitor
from .programs import build

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXPECT_MS = 15_000  # a busy machine draws late


@pytest.fixture(scope="module")
def auth_settings():
    """A test file's own settings of auth."""
    return {}


@pytest.fixture(scope="module")
def site(stack, auth_settings):
    """The page's URL; auth takes requests from there."""
    folder = build() / "query/web/page"
    assert (folder / "index.html").exists(), f"{folder} is not built: it needs npm"
    stack.query.restart(QUERY_FILES_DIR=str(folder))
    stack.auth.restart(AUTH_CORS_ORIGINS=stack.query.url(), AUTH_PUBLIC_URL=stack.query.url(), **auth_settings)
    return stack.query.url("/")


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert program, "there is no chromium: ./dev installs it"
    with sync_playwright() as playwright:
        expect.set_options(timeout=EXPECT_MS)
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, site):
    visitors = []

    def come(viewport=None, **more):
        visitors.append(Visitor(chromium, site, viewport or DESKTOP, **more))
        return visitors[-1]

    come.may_say = []
    yield come
    for visitor in visitors:
        visitor.leave(come.may_say)
