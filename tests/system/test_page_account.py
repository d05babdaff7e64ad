"""
The page in a real Chromium: an account from its first day to its last. Mails go to a real mail server, codes come from
an authenticator app.
"""

import io
import json
import re
import secrets
import zipfile

import PIL.Image
import pyotp
import pytest
import zxingcpp
from playwright.sync_api import expect
from support.page import PHONE
from support.people import User

pytest_plugins = ["support.page_fixtures"]

OTHER_PASSWORD = "four dogs in the rain at noon"

VIEWS = {
    "account": "Account",
    "account/security": "Security",
    "account/sessions": "Sessions",
    "account/tokens": "Access tokens",
    "account/invitations": "Invitations",
    "account/activity": "Activity",
    "account/data": "Your data",
}


@pytest.fixture(scope="module")
def auth_settings(mails):
    return {"AUTH_SMTP_URL": mails.url, "AUTH_SMTP_STARTTLS": "false", "AUTH_VERIFY_EMAIL": "true"}


def new_address(name):
    return f"{name}-{secrets.token_hex(4)}@example.org"


@pytest.fixture
def anna(stack, site, mails):
    """Somebody with an account, whose address is confirmed, and who is logged in elsewhere too."""
    person = User(stack, email=new_address("anna"), name="Anna")
    person.register()
    body = {"token": mails.wait(person.email).token("verify"), "password": person.password}
    assert person.http.post(stack.auth.url("/v1/users/verify"), json=body, timeout=10).status_code == 204
    person.login()
    return person


def turn_on(person):
    """Turns the second factor on, as a client of the API: the app, and the recovery codes."""
    shown = person.auth("POST", "/v1/account/totp", json={"current_password": person.password}).json()
    app = pyotp.parse_uri(shown["uri"])
    answer = person.auth("POST", "/v1/account/totp/confirm", json={"code": app.now()})
    assert answer.status_code == 200, answer.text
    forget_codes(person)
    return app, answer.json()["recovery_codes"]


def forget_codes(person):
    """Auth takes no code twice; a test does not wait for the next one."""
    person.stack.db.users.update_one({"email": person.email}, {"$set": {"totp.step": 0}})


def log_in_form(visitor, email, password):
    visitor.field("E-mail").fill(email)
    visitor.field("Password").fill(password)
    visitor.press("Log in")


# ---- before there is an account ----


def test_sign_up_confirm_and_log_in(visit, mails):
    email, password = new_address("ann"), "three cats on a hot tin roof"
    visitor = visit()
    page = visitor.page
    visitor.expect_accessible()
    page.get_by_role("link", name="Sign up").click()
    visitor.field("E-mail").fill("not an address")
    visitor.field("Password").fill("short")
    visitor.press("Sign up")
    expect(visitor.field("E-mail")).to_be_focused()
    expect(visitor.field("E-mail")).to_have_accessible_description("This is not an e-mail address.")
    expect(visitor.field("Password")).to_have_accessible_description(re.compile("At least 12 characters, please."))
    visitor.expect_accessible()
    visitor.field("E-mail").fill(email)
    visitor.field("Password").fill(password)
    visitor.press("Sign up")
    visitor.expect_heading("Look into your mail")
    visitor.expect_accessible()

    token = mails.wait(email).token("verify")
    page.goto(f"{visitor.site}#verify={token}")
    visitor.expect_heading("Confirm your address")
    assert page.url == visitor.site
    visitor.expect_accessible()
    visitor.field("Password").fill(password)
    visitor.press("Confirm")
    visitor.expect_said("Your address is confirmed. Please log in.")
    log_in_form(visitor, email, password)
    visitor.expect_state("Live")
    assert token not in page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, history.state])")


def test_who_has_not_confirmed_gets_another_mail(visit, mails):
    visit.may_say.append("401|403|400")
    email, password = new_address("bob"), "three cats on a hot tin roof"
    visitor = visit(path="#/sign-up")
    visitor.field("E-mail").fill(email)
    visitor.field("Password").fill(password)
    visitor.press("Sign up")
    visitor.expect_heading("Look into your mail")
    visitor.page.get_by_role("link", name="Back to log in").click()
    log_in_form(visitor, email, password)
    expect(visitor.page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    visitor.expect_accessible()
    visitor.press("Address not confirmed yet? Send the mail again")
    token = mails.wait(email, count=2).token("verify")

    visitor.page.goto(f"{visitor.site}#verify={token}")
    visitor.field("Password").fill("this is somebody else's")
    visitor.press("Confirm")
    expect(visitor.field("Password")).to_have_accessible_description(re.compile("not the password of this account"))
    visitor.page.goto(f"{visitor.site}#verify={token[::-1]}")
    visitor.field("Password").fill(password)
    visitor.press("Confirm")
    expect(visitor.page.get_by_role("alert")).to_contain_text("This link is not good any more")


def test_forgotten_password_is_replaced(visit, mails, anna):
    visitor = visit()
    visitor.page.get_by_role("link", name="Forgot your password?").click()
    visitor.expect_heading("Forgot your password")
    visitor.expect_accessible()
    visitor.field("E-mail").fill(anna.email)
    visitor.press("Send the link")
    visitor.expect_heading("Look into your mail")
    token = mails.wait(anna.email, count=2).token("reset")

    visitor.page.goto(f"{visitor.site}#reset={token}")
    visitor.expect_heading("Choose a new password")
    assert visitor.page.url == visitor.site
    visitor.expect_accessible()
    visitor.field("New password").fill(OTHER_PASSWORD)
    visitor.press("Set the password")
    visitor.expect_said("Your password is changed. Please log in.")
    log_in_form(visitor, anna.email, OTHER_PASSWORD)
    visitor.expect_state("Live")


def test_a_common_password_is_refused_at_its_field(visit):
    visit.may_say.append("422")
    visitor = visit(path="#/sign-up")
    visitor.field("E-mail").fill(new_address("eve"))
    visitor.field("Password").fill("qwertyuiop123")
    visitor.press("Show what is typed")
    expect(visitor.field("Password")).to_have_attribute("type", "text")
    visitor.press("Sign up")
    expect(visitor.field("Password")).to_have_accessible_description(re.compile("among the first that others try"))
    expect(visitor.field("Password")).to_be_focused()


def test_an_invitation_is_taken(visit, mails, anna):
    giver = visit().log_in(anna).open("account/invitations", "Invitations")
    giver.press("Invite somebody")
    giver.expect_accessible()
    giver.front().get_by_role("button", name="Invite").click()
    link = giver.shown_once("Link")
    expect(giver.item("Anybody with the link")).to_be_visible()

    email = new_address("carl")
    taker = visit(path=link.removeprefix(giver.site))
    expect(taker.page.get_by_text("You have been invited.")).to_be_visible()
    assert taker.page.url == taker.site
    taker.field("E-mail").fill(email)
    taker.field("Password").fill(OTHER_PASSWORD)
    taker.press("Sign up")
    taker.expect_heading("Look into your mail")
    assert mails.wait(email).token("verify")


# ---- the second factor ----


def test_second_factor_from_the_first_code_to_the_last(visit, anna):
    visit.may_say.append("40[13]")
    visitor = visit().log_in(anna).open("account/security", "Security")
    page = visitor.page
    visitor.press("Turn on")
    visitor.field("Current password").fill("not the password")
    visitor.press("Go on")
    expect(visitor.field("Current password")).to_have_accessible_description("This is not your current password.")
    visitor.field("Current password").fill(anna.password)
    visitor.press("Go on")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    visitor.expect_accessible()
    app = pyotp.TOTP(visitor.field("Key").input_value())
    visitor.field("Code", exact=True).fill("000 000")
    visitor.front().get_by_role("button", name="Turn on").click()
    expect(visitor.field("Code", exact=True)).to_have_accessible_description(re.compile("This code is not right"))
    visitor.field("Code", exact=True).fill(app.now())
    visitor.front().get_by_role("button", name="Turn on").click()

    expect(page.get_by_role("dialog", name="Your recovery codes")).to_be_visible()
    visitor.expect_accessible()
    codes = visitor.shown_once("Recovery codes").split()
    assert len(set(codes)) == 10
    expect(page.get_by_text("On. 10 recovery codes are left.")).to_be_visible()
    assert codes[0] not in page.content()
    forget_codes(anna)

    other = visit()
    log_in_form(other, anna.email, anna.password)
    other.expect_heading("One more step")
    other.expect_accessible()
    other.field("Code", exact=True).fill("12")
    other.press("Continue")
    expect(other.field("Code", exact=True)).to_have_attribute("aria-invalid", "true")
    other.field("Code", exact=True).fill(app.now())
    other.press("Continue")
    other.expect_state("Live")

    visitor.press("Turn off")
    visitor.field("Current password").fill(anna.password)
    visitor.field("Code of the app").fill(codes[0])
    visitor.front().get_by_role("button", name="Turn off").click()
    visitor.expect_said("The second factor is off.")
    expect(page.get_by_role("button", name="Turn on")).to_be_focused()


def test_a_recovery_code_opens_the_account_once(visit, anna):
    visit.may_say.append("401")
    _, codes = turn_on(anna)
    for code, opens in ((codes[3], True), (codes[3], False)):
        visitor = visit()
        log_in_form(visitor, anna.email, anna.password)
        visitor.press("Use a recovery code")
        visitor.field("Recovery code").fill(code)
        visitor.press("Continue")
        if opens:
            visitor.expect_state("Live")
        else:
            wrong = re.compile("This recovery code is not right, or was used.")
            expect(visitor.field("Recovery code")).to_have_accessible_description(wrong)
            visitor.expect_accessible()


def test_the_qr_code_says_what_the_key_says(visit, anna):
    visitor = visit().log_in(anna).open("account/security", "Security")
    visitor.press("Turn on")
    visitor.field("Current password").fill(anna.password)
    visitor.press("Go on")
    picture = visitor.page.get_by_role("img", name="QR code").screenshot()
    (found,) = zxingcpp.read_barcodes(PIL.Image.open(io.BytesIO(picture)))
    scanned = pyotp.parse_uri(found.text)
    assert (scanned.secret, scanned.name) == (visitor.field("Key").input_value(), anna.email)


# ---- the account ----


def test_name_password_and_address_are_changed(visit, mails, anna):
    visit.may_say.append("40[13]")
    visitor = visit().log_in(anna).open("account", "Account")
    page = visitor.page
    visitor.field("Your name").fill("Anna Maria")
    visitor.press("Save the name")
    visitor.expect_said("Your name is saved.")
    assert anna.auth("GET", "/v1/account").json()["name"] == "Anna Maria"

    address = new_address("anna-new")
    visitor.field("New e-mail").fill(address)
    visitor.field("Current password").fill(anna.password)
    visitor.press("Change the address")
    visitor.expect_said(re.compile("A mail with a link is on its way"))
    expect(page.get_by_text(f"A change to {address} waits")).to_be_visible()
    token = mails.wait(address).token("email")

    confirm = visit(path=f"#email={token}")
    confirm.expect_heading("Confirm your new address")
    assert confirm.page.url == confirm.site
    confirm.expect_accessible()
    confirm.field("Password").fill("this is somebody else's")
    confirm.press("Confirm")
    expect(confirm.field("Password")).to_have_accessible_description(re.compile("not the password of the account"))
    confirm.field("Password").fill(anna.password)
    confirm.press("Confirm")
    confirm.expect_heading("Your address is changed")
    confirm.page.get_by_role("link", name="Go to the map").click()
    log_in_form(confirm, address, anna.password)
    confirm.expect_state("Live")

    visitor.open("account/security", "Security")
    visitor.field("Current password").fill("not the password")
    visitor.field("New password").fill(OTHER_PASSWORD)
    visitor.press("Change the password")
    expect(visitor.field("Current password")).to_be_focused()
    visitor.field("Current password").fill(anna.password)
    visitor.press("Change the password")
    visitor.expect_said("Your password is changed. All other sessions have ended.")
    expect(visitor.field("New password")).to_have_value("")
    assert anna.auth("GET", "/v1/account").status_code == 401


def test_sessions_are_ended_one_by_one_and_all_at_once(visit, anna):
    visit.may_say.append("401")
    visitor, other, third = (visit().log_in(anna) for _ in range(3))
    visitor.open("account/sessions", "Sessions")
    expect(visitor.item("This one")).to_have_count(1)
    expect(visitor.page.locator(".row")).to_have_count(4)
    visitor.press("End python-requests", exact=False)
    visitor.expect_said("The session has ended.")
    expect(visitor.page.locator(".row")).to_have_count(3)
    visitor.press("End all others")
    visitor.expect_accessible()
    visitor.front().get_by_role("button", name="End all others").click()
    visitor.expect_said("All other sessions have ended.")
    expect(visitor.page.locator(".row")).to_have_count(1)
    for ended in (other, third):
        expect(ended.page.get_by_role("alert")).to_have_text("Your session has ended. Please log in again.")
    visitor.expect_state("Live")


def test_an_access_token_is_shown_once_and_revoked(visit, stack, anna):
    visitor = visit().log_in(anna).open("account/tokens", "Access tokens")
    visitor.press("Make a token")
    visitor.fill(Name="Home server")
    visitor.press("Make it")
    scope = visitor.field("See where my pets are and were")
    expect(scope).to_have_accessible_description("Choose at least one.")
    visitor.expect_accessible()
    visitor.field("Read my pets and trackers").check()
    visitor.press("Make it")
    token = visitor.shown_once("Token")
    expect(visitor.item("Home server")).to_contain_text("Read my pets and trackers; until")

    def read():
        headers = {"Authorization": f"Bearer {token}"}
        return anna.http.get(stack.auth.url("/v1/devices"), headers=headers, timeout=10).status_code

    assert read() == 200
    visitor.press("Revoke Home server")
    visitor.press("Revoke", exact=True)
    visitor.expect_said("The token “Home server” is revoked.")
    expect(visitor.page.get_by_text("You have none.")).to_be_visible()
    assert read() == 401


def test_activity_tells_what_happened(visit, anna):
    anna.add_device("Blue collar")
    visitor = visit().log_in(anna).open("account/activity", "Activity")
    lines = visitor.page.locator("tbody tr")
    expect(lines.filter(has_text="Tracker added")).to_contain_text("Blue collar, from 127.0.0.1")
    expect(lines.filter(has_text="Logged in").first).to_contain_text(re.compile(r"Chrome \d+, Linux"))


# ---- leaving ----


def test_all_data_is_downloaded(visit, anna):
    device = anna.add_device("Blue collar", pet={"name": "Misty"})
    visitor = visit().log_in(anna).open("account/data", "Your data")
    with visitor.page.expect_download() as download:
        visitor.press("Download my data")
    assert download.value.suggested_filename == "pettrack-export.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert json.loads(archive.read("account.json"))[0]["email"] == anna.email
        assert device.id in archive.read("devices.json").decode()


def test_the_account_is_deleted_with_a_receipt(visit, anna):
    visit.may_say.append("40[13]")
    app, _ = turn_on(anna)
    anna.add_device("Blue collar")
    visitor = visit()
    log_in_form(visitor, anna.email, anna.password)
    visitor.field("Code", exact=True).fill(app.now())
    visitor.press("Continue")
    visitor.expect_state("Live")
    forget_codes(anna)
    visitor.open("account/data", "Your data")
    visitor.press("Delete my account")
    visitor.expect_accessible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.get_by_role("button", name="Delete my account")).to_be_focused()
    visitor.press("Delete my account")
    visitor.field("Current password").fill(anna.password)
    visitor.field("Code of the app").fill(app.now())
    visitor.press("Delete everything")

    visitor.expect_heading("Your account is deleted")
    receipt = visitor.field("Receipt").input_value()
    assert anna.http.get(anna.stack.auth.url(f"/v1/erasures/{receipt}"), timeout=10).status_code == 200
    visitor.expect_accessible()
    assert visitor.page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert visitor.page.locator(".pet-item").count() == 0
    visitor.page.get_by_role("link", name="Back to log in").click()
    log_in_form(visitor, anna.email, anna.password)
    expect(visitor.page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")


# ---- keyboard, and phone ----


def test_sign_up_and_log_in_by_keyboard_alone(visit, mails):
    email, password = new_address("key"), "three cats on a hot tin roof"
    visitor = visit()
    keys = visitor.page.keyboard
    visitor.tab_to("Sign up").press("Enter")
    visitor.expect_heading("Sign up")
    expect(visitor.field("Your name")).to_be_focused()
    keys.press("Tab")
    keys.type(email)
    keys.press("Tab")
    keys.type(password)
    keys.press("Enter")
    visitor.expect_heading("Look into your mail")
    expect(visitor.page.get_by_role("heading", name="Look into your mail")).to_be_focused()
    visitor.page.goto(f"{visitor.site}#verify={mails.wait(email).token('verify')}")
    expect(visitor.field("Password")).to_be_focused()
    keys.type(password)
    keys.press("Enter")
    expect(visitor.field("E-mail")).to_be_focused()
    keys.type(email)
    keys.press("Tab")
    keys.type(password)
    keys.press("Enter")
    visitor.expect_state("Live")


def test_second_factor_by_keyboard_alone(visit, anna):
    visitor = visit().log_in(anna)
    keys = visitor.page.keyboard
    visitor.tab_to("Account").press("Enter")
    visitor.expect_heading("Account")
    visitor.tab_to("Security").press("Enter")
    visitor.expect_heading("Security")
    visitor.tab_to("Turn on").press("Enter")
    expect(visitor.field("Current password")).to_be_focused()
    keys.press("Escape")
    expect(visitor.page.get_by_role("button", name="Turn on")).to_be_focused()
    keys.press("Enter")
    keys.type(anna.password)
    keys.press("Enter")
    expect(visitor.field("Code", exact=True)).to_be_focused()
    keys.type(pyotp.TOTP(visitor.field("Key").input_value()).now())
    keys.press("Enter")
    expect(visitor.page.get_by_role("dialog", name="Your recovery codes")).to_be_visible()
    visitor.tab_to("Done").press("Enter")
    expect(visitor.page.get_by_text("On. 10 recovery codes are left.")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Turn off")).to_be_focused()


def test_every_view_is_accessible_and_fits(visit, anna):
    desk, phone = visit().log_in(anna), visit(PHONE, has_touch=True, is_mobile=True).log_in(anna)
    for path, heading in VIEWS.items():
        for visitor, schemes in ((desk, ("light", "dark")), (phone, ("light",))):
            visitor.open(path, heading).expect_accessible(schemes)
            assert visitor.has_no_sideways_scroll()
