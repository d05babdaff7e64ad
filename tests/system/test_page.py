"""
The page in a real Chromium: what an owner sees and does. Nothing it does may break its Content-Security-Policy or end
up as an error in the console.

PETTRACK_SCREENSHOT=FILE makes the picture for the docs as well.
"""

import datetime
import math
import os
import pathlib
import random
import re

import pytest
from playwright.sync_api import expect
from support.page import PHONE, report
from support.times import now_ms
from support.trackers import send_osmand
from support.waiting import holds_for, wait_until

pytest_plugins = ["support.page_fixtures"]

MINUTE = 60_000


@pytest.fixture
def misty(owner):
    return owner.add_device("Blue collar", pet={"name": "Misty", "species": "cat", "breed": "Maine Coon"})


def yesterday():
    return datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)


def at(day, hours, minutes=0):
    moment = datetime.datetime(day.year, day.month, day.day, hours, minutes, tzinfo=datetime.UTC)
    return int(moment.timestamp() * 1000)


# ---- the policy ----


def test_policy_lets_only_own_scripts_run(site, owner):
    answer = owner.http.get(site, timeout=10)
    assert answer.status_code == 200
    policy = {
        name: rest for name, *rest in (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    }
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == ["'none'"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", answer.text)


# ---- coming and going ----


def test_wrong_password_is_told(visit, owner):
    visit.may_say.append("401")
    page = visit().page
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").filter(has_text="E-mail or password is wrong.")).to_be_visible()
    expect(page.locator("#map")).to_be_hidden()


def test_reload_keeps_the_session_and_log_out_ends_it(visit, owner, misty):
    visitor = visit().log_in(owner)
    visitor.page.reload()
    visitor.expect_state("Live")
    expect(visitor.row(misty)).to_contain_text("Misty")
    refresh_token = visitor.page.evaluate("sessionStorage.getItem('pettrack.refresh')")

    visitor.page.get_by_role("button", name="Log out").click()
    expect(visitor.page.get_by_label("E-mail")).to_be_focused()
    assert visitor.page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert visitor.page.locator(".pet-item, .pin").count() == 0
    url = owner.stack.auth.url("/v1/sessions/refresh")
    wait_until(
        lambda: owner.http.post(url, json={"refresh_token": refresh_token}, timeout=10).status_code == 401,
        15,
        "the session has ended at auth too",
    )


def test_keyboard_alone_is_enough(visit, stack, owner, misty):
    report(stack, misty, 50.1703, -5.1138)
    wait_until(lambda: owner.history(misty), 15, "the fix is stored")
    visitor = visit()
    expect(visitor.page.get_by_label("E-mail")).to_be_focused()
    keys = visitor.page.keyboard
    keys.type(owner.email)
    keys.press("Tab")
    keys.type(owner.password)
    keys.press("Enter")
    visitor.expect_state("Live")

    visitor.tab_to("Misty", tries=12)
    keys.press("Enter")
    expect(visitor.row(misty).locator(".pet")).to_have_attribute("aria-expanded", "true")
    visitor.tab_to("History", tries=12)
    keys.press("Enter")
    expect(visitor.page.get_by_label("Time of day")).to_be_focused()
    expect(visitor.page.locator("#history-summary")).to_have_text("1 fix, 0.0 km")
    keys.press("Home")
    expect(visitor.page.locator("#clock")).to_have_text("00:00:00")
    keys.press("ArrowRight")
    expect(visitor.page.locator("#clock")).to_have_text("00:01:00")
    keys.press("Escape")
    expect(visitor.page.locator("#history")).to_be_hidden()


def test_only_own_pets_are_shown(visit, stack, owner, misty):
    other = stack.user()
    theirs = other.add_device("Red collar", pet={"name": "Rex", "species": "dog"})
    report(stack, theirs, 50.17, -5.11)
    report(stack, misty, 50.1703, -5.1138)
    visitor = visit().log_in(owner)
    expect(visitor.pin(misty)).to_be_visible()
    report(stack, theirs, 50.18, -5.12)
    report(stack, misty, 50.1704, -5.1138)
    visitor.select(misty)
    expect(visitor.fact(misty, "Position")).to_have_text("50.17040, -5.11380")
    assert visitor.page.locator(".pet-item").count() == visitor.page.locator(".pin").count() == 1


# ---- live ----


def test_a_pet_moves_without_a_reload(visit, stack, owner, misty):
    report(stack, misty, 50.1703, -5.1138, batt=81)
    visitor = visit().log_in(owner)
    expect(visitor.row(misty)).to_contain_text("Misty")
    expect(visitor.row(misty).get_by_role("img", name="Battery 81 percent")).to_be_visible()
    visitor.select(misty)
    expect(visitor.fact(misty, "Position")).to_have_text("50.17030, -5.11380")
    visitor.page.evaluate("window.sameDocument = true")
    wait_until(lambda: visitor.pin(misty).bounding_box(), 10, "the pin is drawn")
    before = visitor.pin(misty).bounding_box()

    report(stack, misty, 50.1713, -5.1128, batt=12)
    expect(visitor.fact(misty, "Position")).to_have_text("50.17130, -5.11280")
    expect(visitor.row(misty).get_by_role("img", name="Battery 12 percent")).to_be_visible()

    def has_moved():
        now = visitor.pin(misty).bounding_box()
        return now["x"] > before["x"] + 10 and now["y"] < before["y"] - 10

    wait_until(has_moved, 10, "the pin moves to the north-east")
    assert visitor.page.evaluate("window.sameDocument") is True


def test_follow_keeps_the_pet_in_sight(visit, stack, owner, misty):
    report(stack, misty, 50.1703, -5.1138)
    visitor = visit().log_in(owner)
    visitor.select(misty)
    follow = visitor.row(misty).get_by_role("button", name="Follow")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    report(stack, misty, 50.2703, -5.0138)

    def in_sight():
        pin, stage = visitor.pin(misty).bounding_box(), visitor.page.locator("#map").bounding_box()
        return all(stage[at] <= pin[at] <= stage[at] + stage[size] for at, size in (("x", "width"), ("y", "height")))

    expect(visitor.fact(misty, "Position")).to_have_text("50.27030, -5.01380")
    wait_until(in_sight, 10, "the map follows")


def test_a_late_fix_does_not_move_the_pet(visit, stack, owner, misty):
    now = now_ms()
    report(stack, misty, 50.1703, -5.1138, now)
    visitor = visit().log_in(owner)
    visitor.select(misty)
    expect(visitor.fact(misty, "Position")).to_have_text("50.17030, -5.11380")
    with owner.live() as live:
        live.subscribe([misty])
        report(stack, misty, 50.1803, -5.1238, now - 10 * MINUTE)
        wait_until(lambda: live.positions(misty), 10, "the late fix is pushed")
    position = visitor.fact(misty, "Position")
    holds_for(lambda: position.text_content() == "50.17030, -5.11380", 1, "the pet stays where it was")


def test_a_pet_added_later_comes_by_itself(visit, stack, owner):
    visitor = visit().log_in(owner)
    expect(visitor.page.get_by_text("No pets yet.")).to_be_visible()
    tigger = owner.add_device("Green collar", pet={"name": "Tigger", "species": "cat"})
    expect(visitor.row(tigger)).to_contain_text("Tigger", timeout=15_000)
    wait_until(lambda: send_osmand(stack, tigger, 50.17, -5.11).status_code == 200, 10, "the gateway knows the tracker")
    expect(visitor.pin(tigger)).to_be_visible()


def test_the_stream_comes_back_and_misses_nothing(visit, stack, owner, misty):
    visit.may_say.append(r"WebSocket|ERR_CONNECTION|Failed to load")
    report(stack, misty, 50.1703, -5.1138)
    visitor = visit().log_in(owner)
    visitor.select(misty)
    expect(visitor.fact(misty, "Position")).to_have_text("50.17030, -5.11380")
    stack.query.kill9()
    visitor.expect_state("Reconnecting")
    report(stack, misty, 50.1713, -5.1138)
    stack.query.start()
    visitor.expect_state("Live", 40)
    expect(visitor.fact(misty, "Position")).to_have_text("50.17130, -5.11380")


# ---- history ----


@pytest.fixture
def a_day(stack, misty):
    """Three fixes yesterday: 08:00, 12:00, 16:00, north of each other; and one today."""
    day = yesterday()
    for i, hour in enumerate((8, 12, 16)):
        report(stack, misty, 50.17 + i / 1000, -5.11, at(day, hour))
    report(stack, misty, 50.16, -5.11)
    wait_until(lambda: len(misty.owner.history(misty)) == 4, 15, "the fixes are stored")
    return day


def test_slider_shows_the_fixes_of_the_day(visit, owner, misty, a_day):
    visitor = visit().log_in(owner)
    page = visitor.page
    visitor.select(misty)
    visitor.open_history(misty, a_day.isoformat())
    expect(page.get_by_role("heading", name="Misty's day")).to_be_visible()
    expect(page.locator("#history-summary")).to_have_text("3 fixes, 0.2 km")
    expect(page.locator("#clock")).to_have_text("16:00:00")

    past = page.locator(".pin.past")
    for hours, minutes, text in ((7, 0, ""), (8, 0, "fix 1 of 3, 08:00:00"), (12, 30, "fix 2 of 3, 12:00:00")):
        visitor.slide_to(hours, minutes)
        expect(page.locator("#history-fix")).to_have_text(text)
    middle = wait_until(past.bounding_box, 10, "the pet of the past is drawn")
    visitor.slide_to(23, 59)
    expect(page.locator("#history-fix")).to_have_text("fix 3 of 3, 16:00:00")
    wait_until(lambda: past.bounding_box()["y"] < middle["y"] - 10, 10, "and moves north")

    page.get_by_role("button", name="Day after").click()
    expect(page.locator("#history-summary")).to_have_text("1 fix, 0.0 km")
    expect(page.get_by_role("button", name="Day after")).to_be_disabled()
    page.get_by_role("button", name="Back to live").click()
    expect(past).to_have_count(0)
    expect(visitor.pin(misty)).to_be_visible()


def test_play_runs_through_the_day(visit, owner, misty, a_day):
    visitor = visit().log_in(owner)
    page = visitor.page
    visitor.select(misty)
    visitor.open_history(misty, a_day.isoformat())
    expect(page.locator("#history-summary")).to_have_text("3 fixes, 0.2 km")
    page.get_by_label("Speed").select_option("2 h/s")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#history-fix")).to_have_text("fix 2 of 3, 12:00:00", timeout=10_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=10_000)
    expect(page.locator("#clock")).to_have_text("16:00:00")


def test_a_late_fix_takes_its_place_in_the_day(visit, stack, owner, misty, a_day):
    visitor = visit().log_in(owner)
    page = visitor.page
    visitor.select(misty)
    visitor.open_history(misty, a_day.isoformat())
    expect(page.locator("#history-summary")).to_have_text("3 fixes, 0.2 km")
    visitor.slide_to(15)
    expect(page.locator("#history-fix")).to_have_text("fix 2 of 3, 12:00:00")
    report(stack, misty, 50.1715, -5.1115, at(a_day, 14))
    expect(page.locator("#history-fix")).to_have_text("fix 3 of 4, 14:00:00")
    expect(page.locator("#clock")).to_have_text("15:00:00")


# ---- a phone ----


def test_fits_a_phone(visit, owner, misty, a_day):
    visitor = visit(PHONE, has_touch=True, is_mobile=True)
    page = visitor.page
    assert visitor.has_no_sideways_scroll()
    visitor.log_in(owner)
    assert visitor.has_no_sideways_scroll()
    assert page.locator("#map").bounding_box()["height"] > PHONE["height"] / 3
    visitor.select(misty)
    expect(visitor.row(misty).get_by_role("button", name="History")).to_be_in_viewport()
    assert visitor.has_no_sideways_scroll()
    visitor.open_history(misty, a_day.isoformat())
    expect(page.locator("#history-summary")).to_have_text("3 fixes, 0.2 km")
    for control in ("Play", "Day before", "Back to live"):
        expect(page.get_by_role("button", name=control)).to_be_in_viewport(ratio=1)
    assert page.locator("#map").bounding_box()["height"] > PHONE["height"] / 3
    assert visitor.has_no_sideways_scroll()


# ---- a picture ----

PICTURED = [("Misty", "cat"), ("Rex", "dog"), ("Tigger", "cat"), ("Bella", "dog"), ("Luna", "cat"), ("Daisy", "rabbit")]


def walk(dice, home, fixes, every_ms):
    """(lat, lon, time): a wander around home that ends now."""
    lat, lon, heading = *home, dice.uniform(0, 2 * math.pi)
    for i in range(fixes):
        heading += dice.gauss(0, 0.7)
        lat += 0.00028 * math.sin(heading) + (home[0] - lat) * 0.04
        lon += 0.00044 * math.cos(heading) + (home[1] - lon) * 0.04
        yield lat, lon, now_ms() - (fixes - 1 - i) * every_ms


@pytest.mark.skipif(not os.environ.get("PETTRACK_SCREENSHOT"), reason="PETTRACK_SCREENSHOT names no file")
def test_screenshot(visit, stack, owner):
    dice = random.Random(7)
    devices = []
    for i, (name, species) in enumerate(PICTURED):
        devices.append(owner.add_device(f"Collar {i + 1}", pet={"name": name, "species": species}))
        home = 50.1703 + dice.uniform(-0.005, 0.005), -5.1138 + dice.uniform(-0.011, 0.011)
        for lat, lon, time_ms in walk(dice, home, 50, 4 * MINUTE + i * 7000):
            report(stack, devices[-1], lat, lon, time_ms, batt=96 - 14 * i, speed=dice.uniform(0, 2), accuracy=8)
    wait_until(lambda: all(len(owner.history(d)) == 50 for d in devices), 30, "the fixes are stored")
    visitor = visit(device_scale_factor=2).log_in(owner)
    visitor.page.wait_for_timeout(1500)
    visitor.select(devices[0])
    visitor.page.get_by_role("button", name="Show all").click()
    visitor.select(devices[0])
    visitor.page.wait_for_timeout(1500)
    visitor.page.screenshot(path=str(pathlib.Path(os.environ["PETTRACK_SCREENSHOT"])))
