"""
The page in a real Chromium: pets and their trackers, sharing them with people who have an account, and with strangers
who have a link.
"""

import re

import pytest
from playwright.sync_api import expect
from support.page import PHONE, report
from support.times import now_ms
from support.waiting import wait_until

pytest_plugins = ["support.page_fixtures"]

HOUR = 60 * 60_000


@pytest.fixture
def misty(owner):
    return owner.add_device("Blue collar", pet={"name": "Misty", "species": "cat"})


@pytest.fixture
def friend(stack):
    return stack.user(name="Ben")


def share(owner, device, friend, rights="view"):
    """Offers it; the grant's id."""
    answer = owner.auth("POST", f"/v1/devices/{device.id}/grants", json={"email": friend.email, "rights": rights})
    assert answer.status_code == 202, answer.text
    (grant,) = owner.auth("GET", f"/v1/devices/{device.id}/grants").json()["grants"]
    return grant["id"]


def share_accepted(owner, device, friend, rights="view"):
    answer = friend.auth("POST", f"/v1/grants/{share(owner, device, friend, rights)}/accept")
    assert answer.status_code == 204, answer.text


def link_to(owner, device, **terms):
    """What follows the page's address in a link."""
    terms = {"label": "Walker", "expires_in_s": 3600, "live": True, "history": False, **terms}
    answer = owner.auth("POST", f"/v1/devices/{device.id}/links", json=terms)
    assert answer.status_code == 201, answer.text
    return f"#share={answer.json()['token']}"


# ---- pets and trackers ----


def test_add_a_pet_and_its_tracker(visit, stack, owner):
    visitor = visit().log_in(owner)
    page = visitor.page
    page.get_by_role("link", name="Pets", exact=True).click()
    visitor.expect_heading("Pets and trackers")
    visitor.expect_accessible()
    visitor.press("Add a pet")
    visitor.expect_accessible()
    visitor.press("Add", exact=True)
    expect(visitor.field("Name of the tracker")).to_be_focused()
    expect(visitor.field("Name of the tracker")).to_have_accessible_description(re.compile("Please fill this in"))
    visitor.fill(Name_of_the_pet="Rex", Name_of_the_tracker="Red collar")
    visitor.field("Species").select_option("Dog")
    visitor.press("Add", exact=True)

    expect(page.get_by_role("dialog", name="The tracker's secret")).to_be_visible()
    visitor.expect_accessible()
    identifier, secret = visitor.field("Identifier").input_value(), visitor.shown_once("Secret")
    visitor.expect_said("Rex is added.")
    expect(visitor.item("Rex")).to_contain_text("Tracker: Red collar")
    expect(page.get_by_role("button", name="Add a pet")).to_be_focused()
    (device,) = owner.auth("GET", "/v1/devices").json()["devices"]
    assert (device["identifier"], device["pet"]) == (identifier, {"name": "Rex", "species": "dog"})
    assert secret not in page.content()


def test_describe_rename_and_delete_a_pet(visit, owner, misty):
    visitor = visit().log_in(owner)
    page = visitor.page
    page.get_by_role("link", name="Pets", exact=True).click()
    page.get_by_role("link", name="Manage Misty").click()
    visitor.expect_heading("Misty")
    visitor.expect_accessible()
    pet, tracker = (page.get_by_role("region", name=name) for name in ("The pet", "The tracker"))
    visitor.fill(Breed="Maine Coon", Weight_in_kg="4.2", Born_on="2021-04-01")
    visitor.field("Name of the pet").fill("Misty the First")
    pet.get_by_role("button", name="Save").click()
    visitor.expect_said("Saved.")
    visitor.expect_heading("Misty the First")
    tracker.get_by_label("Name of the tracker").fill("Green collar")
    tracker.get_by_role("button", name="Save").click()
    expected = {
        "name": "Misty the First",
        "species": "cat",
        "breed": "Maine Coon",
        "birth": "2021-04-01",
        "weight_kg": 4.2,
    }
    wait_until(
        lambda: (
            [(d["name"], d["pet"]) for d in owner.auth("GET", "/v1/devices").json()["devices"]]
            == [("Green collar", expected)]
        ),
        15,
        "both are stored",
    )

    tracker.get_by_role("button", name="Make a new secret").click()
    visitor.front().get_by_role("button", name="Make a new secret").click()
    assert visitor.shown_once("Secret") != misty.secret
    expect(tracker.get_by_role("button", name="Make a new secret")).to_be_focused()

    visitor.press("Delete this pet and its tracker")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete this pet and its tracker")).to_be_focused()
    visitor.press("Delete this pet and its tracker")
    visitor.press("Delete", exact=True)
    visitor.expect_said("Misty the First is deleted.")
    expect(page.get_by_text("No pets yet.").last).to_be_visible()
    expect(visitor.row(misty)).to_have_count(0)


def test_wrong_values_are_told_at_their_fields(visit, owner, misty):
    visit.may_say.append("409")
    visitor = visit().log_in(owner).open("pets", "Pets and trackers")
    visitor.press("Add a pet")
    visitor.fill(Name_of_the_tracker="Again", Identifier="two words")
    visitor.press("Add", exact=True)
    expect(visitor.field("Identifier")).to_have_attribute("aria-invalid", "true")
    visitor.fill(Identifier=misty.identifier)
    visitor.press("Add", exact=True)
    expect(visitor.field("Identifier")).to_have_accessible_description(
        re.compile("Another tracker has this identifier")
    )
    expect(visitor.field("Identifier")).to_be_focused()


# ---- people with an account ----


def test_share_accept_and_see(visit, stack, owner, misty, friend):
    report(stack, misty, 50.1703, -5.1138)
    giver, taker = visit().log_in(owner), visit().log_in(friend)
    giver.open(f"pets/{misty.id}", "Misty").press("Share with somebody")
    giver.expect_accessible()
    giver.field("E-mail of the other person").fill(friend.email)
    giver.press("Share", exact=True)
    expect(giver.item(friend.email)).to_contain_text("Not answered yet")

    taker.page.get_by_role("link", name="Sharing").click()
    taker.expect_heading("Sharing")
    expect(taker.item("Misty")).to_contain_text("May see")
    taker.expect_accessible()
    taker.press("Accept Misty")
    taker.expect_said("You see Misty now.")
    expect(taker.row(misty)).to_contain_text("Misty")
    taker.page.get_by_role("link", name="Map").click()
    expect(taker.pin(misty)).to_be_visible()

    giver.open("sharing", "Sharing")
    giver.press(f"End Misty, {friend.email}")
    giver.press("End sharing")
    giver.expect_said(f"No longer shared with {friend.email}.")
    expect(taker.row(misty)).to_have_count(0)


def test_who_may_only_see_changes_nothing_and_leaves(visit, owner, misty, friend):
    share_accepted(owner, misty, friend)
    visitor = visit().log_in(friend).open("pets", "Pets and trackers")
    visitor.page.get_by_role("link", name="Look Misty").click()
    visitor.expect_heading("Misty")
    expect(visitor.page.get_by_text("Shared with you by Test Owner")).to_be_visible()
    expect(visitor.page.locator("#view").get_by_role("button")).to_have_count(0)
    visitor.expect_accessible()
    visitor.open("sharing", "Sharing").press("Leave Misty")
    visitor.press("Leave", exact=True)
    visitor.expect_said("You see Misty no more.")
    expect(visitor.row(misty)).to_have_count(0)


def test_who_may_manage_describes_the_pet(visit, owner, misty, friend):
    share_accepted(owner, misty, friend, "manage")
    visitor = visit().log_in(friend).open(f"pets/{misty.id}", "Misty")
    visitor.fill(Breed="Siamese")
    visitor.page.get_by_role("region", name="The pet").get_by_role("button", name="Save").click()
    visitor.expect_said("Saved.")
    assert owner.auth("GET", f"/v1/devices/{misty.id}").json()["pet"]["breed"] == "Siamese"
    expect(visitor.page.get_by_role("button", name=re.compile("Delete|secret|Share"))).to_have_count(0)


def test_decline(visit, owner, misty, friend):
    share(owner, misty, friend)
    visitor = visit().log_in(friend).open("sharing", "Sharing")
    visitor.press("Decline Misty")
    visitor.expect_said("Declined: Misty.")
    expect(visitor.page.get_by_text("Nobody has offered you anything.")).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="Sharing", exact=True)).to_be_focused()


# ---- links ----


def test_make_change_and_revoke_a_link(visit, site, owner, misty):
    visitor = visit().log_in(owner).open(f"pets/{misty.id}", "Misty")
    visitor.press("Make a link")
    visitor.expect_accessible()
    visitor.field("Shows where the pet is now").uncheck()
    visitor.fill(Whom_it_is_for="Walker")
    visitor.press("Make the link")
    expect(visitor.field("Shows where the pet is now")).to_have_accessible_description(re.compile("must show"))
    visitor.field("Shows where the pet was").check()
    visitor.field("Shows where the pet is now").check()
    visitor.field("Good for").select_option("8 hours")
    visitor.field("How exactly").select_option("To about 1 kilometre")
    visitor.press("Make the link")
    url = visitor.shown_once("Link")
    assert url.startswith(f"{site}#share=")
    line = visitor.item("Walker")
    expect(line).to_contain_text("Shows where it is and was, to about 1 kilometre")
    expect(line).to_contain_text("never opened")

    visitor.press("Change or renew Walker")
    visitor.expect_accessible()
    visitor.field("How exactly").select_option("Exactly")
    visitor.fill(Nothing_from_before="2026-01-02T03:04")
    visitor.front().get_by_role("button", name="Save").click()
    expect(line).to_contain_text("exactly")
    expect(line).to_contain_text("Only from 2 Jan 2026, 03:04")
    expect(visitor.page.get_by_role("button", name="Change or renew Walker")).to_be_focused()

    visitor.press("Revoke Walker")
    visitor.press("Revoke", exact=True)
    visitor.expect_said("The link “Walker” is revoked.")
    expect(visitor.page.get_by_text("There is no link.")).to_be_visible()


def test_a_stranger_sees_one_pet_live(visit, stack, owner, misty):
    other = owner.add_device("Red collar", pet={"name": "Rex", "species": "dog"})
    for device in (misty, other):
        report(stack, device, 50.1703, -5.1138)
    stranger = visit(path=link_to(owner, misty))
    page = stranger.page
    stranger.expect_state("Live")
    assert page.url == stranger.site
    expect(page.get_by_text("Shared with you until")).to_be_visible()
    expect(page.locator(".pet-item, .pin")).to_have_count(2)
    expect(stranger.fact(misty, "Position")).to_have_text("50.17030, -5.11380")
    report(stack, misty, 50.1713, -5.1128)
    expect(stranger.fact(misty, "Position")).to_have_text("50.17130, -5.11280")
    for name in ("History", "Log out"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    stranger.expect_accessible()
    page.reload()
    stranger.expect_state("Live")
    assert "share" not in page.url and page.evaluate("localStorage.length") == 0


def test_a_stranger_may_be_shown_the_past(visit, stack, owner, misty):
    at = now_ms() - HOUR
    report(stack, misty, 50.1703, -5.1138, at)
    wait_until(lambda: owner.history(misty), 15, "the fix is stored")
    stranger = visit(path=link_to(owner, misty, live=False, history=True))
    expect(stranger.page.get_by_text("not where it is")).to_be_visible()
    stranger.row(misty).get_by_role("button", name="History").click()
    expect(stranger.page.locator("#history-summary")).to_have_text("1 fix, 0.0 km")
    stranger.expect_accessible()


def test_a_blurred_place_is_an_area(visit, stack, owner, misty):
    report(stack, misty, 50.1703, -5.1138)
    stranger = visit(path=link_to(owner, misty, blur=6))
    page = stranger.page
    stranger.expect_state("Live")
    expect(page.get_by_text("Misty is somewhere in here")).to_be_visible()
    expect(page.locator("path.area")).to_have_count(1)
    expect(page.locator(".pin-disc")).to_be_hidden()

    def is_large():
        area = page.locator("path.area").bounding_box()
        return area and area["width"] > 100 and area["height"] > 50

    wait_until(is_large, 10, "the map shows it all over")
    assert "50.1703" not in page.content()
    stranger.expect_accessible()


def test_a_revoked_link_ends_what_a_stranger_sees(visit, stack, owner, misty):
    visit.may_say.append("404|401")
    report(stack, misty, 50.1703, -5.1138)
    stranger = visit(path=link_to(owner, misty))
    stranger.expect_state("Live")
    (link,) = owner.auth("GET", f"/v1/devices/{misty.id}/links").json()["links"]
    assert owner.auth("DELETE", f"/v1/links/{link['id']}").status_code == 204
    stranger.expect_heading("Nothing to see")
    assert stranger.page.locator(".pet-item, .pin").count() == 0
    stranger.expect_accessible()
    stranger.page.get_by_role("link", name="To my own pets").click()
    expect(stranger.page.get_by_label("E-mail")).to_be_focused()


# ---- keyboard, and phone ----


def test_a_link_by_keyboard_alone(visit, owner, misty):
    visitor = visit().log_in(owner)
    visitor.tab_to("Pets").press("Enter")
    visitor.expect_heading("Pets and trackers")
    visitor.tab_to("Manage Misty").press("Enter")
    visitor.expect_heading("Misty")
    visitor.tab_to("Make a link").press("Enter")
    keys = visitor.page.keyboard
    expect(visitor.field("Whom it is for")).to_be_focused()
    keys.type("Vet")
    visitor.tab_to("Shows where the pet was").press("Space")
    keys.press("Enter")
    expect(visitor.page.get_by_role("textbox", name="Link")).to_have_value(re.compile("#share="))
    visitor.tab_to("Done").press("Enter")
    expect(visitor.item("Vet")).to_contain_text("Shows where it is and was")
    expect(visitor.page.get_by_role("button", name="Make a link")).to_be_focused()
    keys.press("Enter")
    keys.press("Escape")
    expect(visitor.page.get_by_role("button", name="Make a link")).to_be_focused()


def test_views_fit_a_phone(visit, owner, misty, friend):
    share(owner, misty, friend)
    link_to(owner, misty, label="A walker with a very long name, who comes on Tuesdays and on every other Thursday")
    visitor = visit(PHONE, has_touch=True, is_mobile=True).log_in(owner)
    for path, heading in (("pets", "Pets and trackers"), (f"pets/{misty.id}", "Misty"), ("sharing", "Sharing")):
        visitor.open(path, heading).expect_accessible()
        assert visitor.has_no_sideways_scroll()
