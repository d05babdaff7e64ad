"""A person in front of the page. The fixtures are in page_fixtures."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .trackers import send_osmand

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
WATCH_POLICY = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (e) =>
        window.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
"""
SERIOUS = ("serious", "critical")  # of what axe finds
AXE = Axe().axe_script
LOOK = {
    "light": {"resultTypes": ["violations"]},
    # The dark theme is the same page in other colours (css/theme.css): only rules that look at colours say more there.
    "dark": {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]},
}


class Visitor:
    """A person at the page, who wants no motion: it is drawn by software here. Times are UTC there."""

    def __init__(self, chromium, site, viewport, path="", **more):
        self.site = site
        how = {"timezone_id": "UTC", "locale": "en-GB", "reduced_motion": "reduce", **more}
        self.context = chromium.new_context(viewport=viewport, **how)
        self.context.add_init_script(WATCH_POLICY)
        self.page = self.context.new_page()
        self.errors = []
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.errors.append(m.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(site + path)

    # ---- the map ----

    def log_in(self, user):
        self.page.get_by_label("E-mail").fill(user.email)
        self.page.get_by_label("Password").fill(user.password)
        self.page.get_by_role("button", name="Log in").click()
        self.expect_state("Live")
        return self

    def expect_state(self, text, timeout=20):
        expect(self.page.locator("#status")).to_have_text(text, timeout=timeout * 1000)

    def row(self, device):
        return self.page.locator(f'.pet-item[data-device="{device.id}"]')

    def pin(self, device):
        return self.page.locator(f'.pin[data-device="{device.id}"]')

    def select(self, device):
        self.row(device).locator(".pet").click()

    def fact(self, device, name):
        return self.row(device).locator(f'dt:text-is("{name}") + dd')

    def open_history(self, device, day):
        self.row(device).get_by_role("button", name="History").click()
        self.page.get_by_label("Day", exact=True).fill(day)

    def slide_to(self, hours, minutes=0):
        self.page.get_by_label("Time of day").fill(str((hours * 60 + minutes) * 60))

    # ---- views ----

    def open(self, path, heading):
        """A view by its address, as "account/sessions"; ready when its content is there."""
        self.page.evaluate("path => { location.hash = `#/${path}`; }", path)
        self.expect_heading(heading)
        expect(self.page.get_by_text("Loading…")).to_have_count(0)
        return self

    def expect_heading(self, text):
        expect(self.page.get_by_role("heading", name=text, exact=True).first).to_be_visible()

    def press(self, name, **more):
        self.page.get_by_role("button", name=name, **more).click()

    def fill(self, **fields):
        """Labels, with _ for spaces, and what is typed into their fields, of the dialog where one is open."""
        for label, text in fields.items():
            self.field(label.replace("_", " ")).fill(text)

    def field(self, label, **more):
        return self.front().get_by_label(label, **more)

    def front(self):
        """The dialog while one is open, else the page."""
        return self.page.locator("dialog[open], body:not(:has(dialog[open]))")

    def item(self, text):
        """A line of a view's list."""
        return self.page.locator(".row").filter(has_text=text)

    def shown_once(self, label):
        """What a dialog shows only now; closes it."""
        value = self.page.get_by_role("dialog").get_by_role("textbox", name=label).input_value()
        self.press("Done")
        expect(self.page.get_by_role("dialog")).to_have_count(0)
        return value

    def expect_said(self, text):
        expect(self.page.locator("#said")).to_have_text(text)

    # ---- how it is to use ----

    def has_no_sideways_scroll(self):
        return self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def tab_to(self, name, tries=40):
        """By Tab alone to what has this accessible name or, in lists, this text in it."""
        for _ in range(tries):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(
                """() => {
                    const e = document.activeElement;
                    const label = e.labels?.[0]?.textContent ?? e.getAttribute("aria-label");
                    return e.matches("a, button, input, select") ? label || e.textContent : "";
                }"""
            )
            if name in focused:
                return self.page.keyboard
        pytest.fail(f"Tab does not come to {name}")

    def expect_accessible(self, schemes=("light", "dark")):
        """Axe finds nothing serious or critical, in the light theme and in the dark one."""
        for scheme in schemes:
            self.page.emulate_media(color_scheme=scheme)
            found = self._look(LOOK[scheme])
            assert found["passes"] or found["incomplete"], "nothing was looked at"
            told = [
                f"{v['id']} ({v['impact']}): {n['html']}\n  {n['failureSummary']}"
                for v in found["violations"]
                if v["impact"] in SERIOUS
                for n in v["nodes"]
            ]
            assert not told, f"{scheme}, {self.page.url}:\n" + "\n".join(told)

    def _look(self, options):
        """What axe finds; it is half a megabyte, given to each document once."""
        if not self.page.evaluate("() => !!window.axe"):
            self.page.evaluate(AXE)
        return self.page.evaluate("options => axe.run(options)", options)

    def leave(self, may_have_said=()):
        """Fails for what the browser complained of."""
        violations = self.page.evaluate("window.violations")
        self.context.close()
        assert not violations, violations
        errors = [e for e in self.errors if not any(re.search(known, e) for known in may_have_said)]
        assert not errors, errors


def report(stack, device, lat, lon, time_ms=None, **fields):
    answer = send_osmand(stack, device, lat, lon, time_ms, **fields)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
