"""What people do, in every shape: on a phone and at a desk, with scripts and without."""

import contextlib
import itertools
import json
import pathlib
import re
import sqlite3
import time

from selenium.webdriver.common.keys import Keys

from demo import ADDRESS, Configured, Demo, PATIENCE_SECONDS, free_port

# Of a button in a letter, as the stylesheet of the pages has it too.
ACCENT = "rgba(15, 95, 76, 1)"
GOOD = "several words in a row, 1"
OTHER = "other words in a long row"
EVERY_SHAPE = list(itertools.product(("phone", "desktop"), (True, False)))
# Enough for what stands beside the main way: each size once, scripts once with and once without.
TWO_SHAPES = [("phone", True), ("desktop", False)]


def each_shape(browser, shapes=TWO_SHAPES):
    for size, scripts in shapes:
        browser.shape(size, scripts=scripts)
        yield


def shows(browser, words):
    assert words in browser.text(), f"{words!r} is not in {browser.text()!r}"


def forgotten_mailed_and_chosen_anew(binary, browser):
    for _ in each_shape(browser, EVERY_SHAPE):
        with Demo(binary) as demo:
            browser.open(demo.url + "/login")
            browser.one("a[href$='/forgot-password']").click()
            browser.wait(lambda: browser.path == "/forgot-password", "the way out leads nowhere")
            browser.fill(email=ADDRESS)
            browser.submit(ends_at="/forgot-password/sent")
            shows(browser, "Check your inbox")
            browser.open(demo.url + demo.newest_mail())
            browser.one("a[href^='/mailbox/letter']").click()
            browser.wait(lambda: browser.path.startswith("/mailbox/letter"), "the letter is not shown")
            color = browser.one("td.button").value_of_css_property("background-color")
            assert color == ACCENT, f"the letter has lost its style: {color}"
            browser.one("td.button a").click()
            browser.wait(lambda: browser.path.startswith("/reset-password"), "the link leads nowhere")
            shows(browser, ADDRESS)
            browser.fill(password=GOOD, confirm_password=GOOD)
            browser.submit(ends_at="/reset-password/done")
            shows(browser, "Your password was changed")
            browser.one("a[href$='/login']").click()
            browser.wait(lambda: browser.path == "/login", "no way to sign in")
            browser.fill(email=ADDRESS, password=demo.password)
            browser.submit()
            shows(browser, "Wrong email or password.")
            assert browser.one("#email").get_attribute("value") == ADDRESS
            browser.fill(password=GOOD)
            browser.submit(ends_at="/login/done")


def a_password_that_will_not_do_is_explained_and_the_link_stays_good(binary, browser):
    for _ in each_shape(browser):
        with Demo(binary) as demo:
            browser.open(demo.url + demo.link())
            browser.fill(password=f"{ADDRESS} and more", confirm_password=f"{ADDRESS} and more")
            browser.submit()
            assert browser.one("#password").get_attribute("aria-invalid") == "true"
            assert browser.one("#password-wrong").text
            browser.fill(password=GOOD, confirm_password=OTHER)
            browser.submit()
            shows(browser, "The passwords don't match.")
            assert browser.one("#confirm_password").get_attribute("aria-invalid") == "true"
            # Only the second is to be typed again.
            assert browser.one("#password").get_attribute("value") == GOOD
            assert browser.one("#password").get_attribute("type") == "password"
            assert browser.one("#confirm_password").get_attribute("value") == ""
            browser.fill(confirm_password=GOOD)
            browser.submit(ends_at="/reset-password/done")


def this_was_not_me(binary, browser):
    for _ in each_shape(browser):
        with Demo(binary) as demo:
            link = demo.link()
            browser.open(demo.url + link.replace("/reset-password", "/not-me"))
            browser.submit(ends_at="/not-me/done")
            shows(browser, "All links are cancelled")
            browser.open(demo.url + link)
            shows(browser, "This link does not work")


def a_dead_link_offers_another_on_the_same_page(binary, browser):
    for _ in each_shape(browser):
        with Demo(binary) as demo:
            browser.open(demo.url + "/reset-password?token=x")
            shows(browser, "This link does not work")
            shows(browser, "Already changed your password?")
            browser.fill(email=ADDRESS)
            browser.submit(ends_at="/forgot-password/sent")


def a_link_works_on_another_device_and_only_once(binary, browser):
    with Demo(binary) as demo:
        link = demo.link()
        for _ in range(2):
            status, text = demo.request(link)
            assert status == 200 and ADDRESS in text
        browser.shape("phone")
        browser.open(demo.url + link)
        first = browser.driver.current_window_handle
        browser.driver.switch_to.new_window("tab")
        second = browser.driver.current_window_handle
        browser.open(demo.url + link)
        browser.fill(password=GOOD, confirm_password=GOOD)
        browser.submit(ends_at="/reset-password/done")
        browser.driver.close()
        browser.driver.switch_to.window(first)
        browser.fill(password=OTHER, confirm_password=OTHER)
        browser.submit()
        shows(browser, "Already changed your password?")
        status, _ = demo.request("/login", {"email": ADDRESS, "password": GOOD}, accept="application/json")
        assert status == 200 and second != first


def a_double_click_is_one_click(binary, browser):
    for _ in each_shape(browser):
        with Demo(binary) as demo:
            browser.open(demo.url + demo.link())
            browser.fill(password=GOOD, confirm_password=GOOD)
            browser.driver.execute_script(
                "const form = document.querySelector('form'); form.requestSubmit(); form.requestSubmit()")
            browser.wait(lambda: browser.path == "/reset-password/done", f"a double click ends at {browser.path}")
            shows(browser, "Your password was changed")


def a_form_sent_again_has_the_first_answer(binary, browser):
    with Demo(binary) as demo:
        browser.shape("desktop")
        browser.open(demo.url + demo.link())
        form = {name: browser.one(f"[name={name}]").get_attribute("value") for name in ("submission", "token")}
        form |= {"password": GOOD, "confirm_password": GOOD}
        for _ in range(2):
            status, text = demo.request("/reset-password", form)
            assert status == 200 and "Your password was changed" in text


def the_token_leaves_the_address_bar_and_a_reload_still_works(binary, browser):
    with Demo(binary) as demo:
        browser.shape("phone")
        browser.open(demo.url + demo.link())
        assert browser.path == "/reset-password", browser.path
        browser.driver.refresh()
        browser.wait(lambda: browser.all("#password"), "a reload lost the form")
        assert browser.path == "/reset-password", browser.path
        browser.open(demo.url + "/login")
        browser.driver.back()
        browser.wait(lambda: browser.all("#confirm_password"), "the way back lost the form")
        browser.fill(password=GOOD, confirm_password=GOOD)
        browser.submit(ends_at="/reset-password/done")
        browser.driver.refresh()
        shows(browser, "Your password was changed")
        browser.driver.back()
        browser.wait(lambda: "does not work" in browser.text(), "a used link says nothing")
        shows(browser, "Already changed your password?")


def hints_help_and_never_block(binary, browser):
    with Demo(binary) as demo:
        browser.shape("desktop")
        browser.open(demo.url + demo.link())
        for typed, hint in [("abc", "Add at least 12 more characters."), ("fourteen chars", "Add one more character."),
                            ("fifteen letters", "Long enough."), (ADDRESS, "Don't use your email address.")]:
            browser.fill(password=typed)
            assert browser.text("#strength") == hint, (typed, browser.text("#strength"))
        browser.fill(password=GOOD, confirm_password="several")
        assert browser.text("#match") == "The passwords don't match yet."
        assert browser.one("button[type=submit]").is_enabled()
        browser.fill(confirm_password=GOOD)
        assert browser.text("#match") == "The passwords match."
        browser.one(".reveal").click()
        assert [browser.one(f"#{name}").get_attribute("type") for name in ("password", "confirm_password")] == ["text"] * 2
        browser.submit(ends_at="/reset-password/done")


def password_managers_find_their_fields(binary, browser):
    with Demo(binary) as demo:
        browser.shape("desktop")
        browser.open(demo.url + demo.link())
        fields = {e.get_attribute("name"): e.get_attribute("autocomplete") for e in browser.all("input[autocomplete]")}
        assert fields == {
            "username": "username", "password": "new-password", "confirm_password": "new-password"}, fields
        assert browser.one("[name=username]").get_attribute("value") == ADDRESS
        for path, wanted in [("/login", {"email": "username", "password": "current-password"}),
                             ("/forgot-password", {"email": "username"})]:
            browser.open(demo.url + path)
            fields = {e.get_attribute("name"): e.get_attribute("autocomplete") for e in browser.all("input[autocomplete]")}
            assert fields == wanted, fields
        browser.open(demo.url + "/.well-known/change-password")
        assert browser.path == "/forgot-password"


def the_keyboard_is_enough_and_finds_what_is_wrong(binary, browser):
    with Demo(binary) as demo:
        browser.shape("desktop")
        browser.open(demo.url + demo.link())
        places = [browser.press(Keys.TAB) for _ in range(5)]
        assert places == ["a Skip to content", "input password", "input confirm_password", "button Show password",
                          "button Change password"], places
        browser.fill(password="a river by night", confirm_password="a river at night")
        before = browser.one("html").id
        browser.press(Keys.ENTER)
        browser.wait(lambda: browser.one("html").id != before, "Enter sent nothing")
        # What went wrong has the focus and is announced, and leads to its field.
        alert, field = browser.one("#alert"), browser.one("#confirm_password")
        browser.wait(lambda: browser.driver.switch_to.active_element == alert, "the alert has no focus")
        assert alert.get_attribute("role") == "alert"
        assert browser.driver.title.startswith("Error: "), browser.driver.title
        assert "confirm-wrong" in field.get_attribute("aria-describedby").split()
        alert.find_element("css selector", "a").click()
        browser.wait(lambda: browser.driver.switch_to.active_element == field, "the alert leads nowhere")


def address_tab_password_enter_is_enough(binary, browser):
    for _ in each_shape(browser, EVERY_SHAPE):
        with Demo(binary) as demo:
            browser.open(demo.url + "/login")
            browser.one("#email").click()
            browser.type(ADDRESS, Keys.TAB, demo.password, Keys.ENTER)
            browser.wait(lambda: browser.path == "/login/done", "Enter did not sign in")
            browser.open(demo.url + demo.link())
            browser.one("#password").click()
            browser.type(GOOD, Keys.TAB, GOOD, Keys.ENTER)
            browser.wait(lambda: browser.path == "/reset-password/done", "Enter did not change the password")


def the_password_is_shown_by_keyboard_too(binary, browser):
    with Demo(binary) as demo:
        browser.shape("desktop")
        for path, fields in [("/login", ["password"]), (demo.link(), ["password", "confirm_password"])]:
            browser.open(demo.url + path)
            browser.one(f"#{fields[-1]}").click()
            assert browser.press(Keys.TAB) == "button Show password"
            for key, types, name in [(Keys.ENTER, "text", "Hide password"), (Keys.SPACE, "password", "Show password")]:
                assert browser.press(key) == f"button {name}"
                assert {browser.one(f"#{field}").get_attribute("type") for field in fields} == {types}
            assert browser.path == path.split("?")[0], "it sent the form"


def a_phone_shows_the_form_and_what_was_wrong_without_scrolling(binary, browser):
    fold = 667
    with Demo(binary) as demo:
        link = demo.link()
        for scripts in (True, False):
            browser.shape("short-phone", scripts=scripts)
            for password, confirmation, reason in [
                    (None, None, None), ("passwordpassword", None, "too easy to guess"),
                    (f"{ADDRESS} it is", None, "Don't use your email address"), (GOOD, OTHER, "don't match"),
                    ("short", None, "at least 15 characters")]:
                browser.open(demo.url + link)
                if password:
                    browser.fill(password=password, confirm_password=confirmation or password)
                    browser.driver.execute_script("document.querySelector('form').noValidate = true")
                    browser.submit()
                    assert reason in browser.text("#alert"), browser.text("#alert")
                    assert 0 < browser.bottom("#alert") < fold
                for field in ("#password", "#confirm_password", "button[type=submit]"):
                    assert browser.bottom(field) <= fold, f"{reason}: {field} ends at {browser.bottom(field)}"
                kept = GOOD if confirmation else ""
                assert browser.one("#password").get_attribute("value") == kept, reason


def the_page_after_asking_shows_the_address_and_sends_again(binary, browser):
    for size, scripts in EVERY_SHAPE:
        browser.shape(size, scripts=scripts)
        with Configured(binary, add_user=ADDRESS) as service:
            browser.open(service.url + "/forgot-password")
            browser.fill(email="Ann@example.com")
            browser.submit(ends_at="/forgot-password/sent")
            # Without scripts the page cannot know it, and asks for it.
            kept = "Ann@example.com" if scripts else ""
            for _ in range(2):
                assert browser.text("#asked") == kept, browser.text("#asked")
                assert browser.one("#email").get_attribute("value") == kept
                assert browser.text("#again") == ""
                browser.driver.refresh()
            if not scripts:
                browser.fill(email="Ann@example.com")
            service.mails(1)
            browser.submit(ends_at="/forgot-password/sent")
            assert browser.text("#again") == ("We got your new request. The email can take a minute." if scripts else "")
            service.mails(2)
            # Another address is another request, and no other tab knows of either.
            if scripts:
                browser.fill(email="bob@example.com")
                browser.submit(ends_at="/forgot-password/sent")
                assert (browser.text("#asked"), browser.text("#again")) == ("bob@example.com", "")
                first = browser.driver.current_window_handle
                browser.driver.switch_to.new_window("tab")
                browser.open(service.url + "/forgot-password/sent")
                assert browser.text("#asked") == ""
                browser.driver.close()
                browser.driver.switch_to.window(first)
            browser.one("a[href$='/login']").click()
            browser.wait(lambda: browser.path == "/login", "no way back")


def an_address_in_other_letters_is_sent(binary, browser):
    def type_it():
        browser.driver.execute_script("document.querySelector('#email').value = arguments[0]", "用户@example.com")
    for _ in each_shape(browser):
        with Demo(binary) as demo:
            for path in ("/forgot-password", "/reset-password?token=x"):
                browser.open(demo.url + path)
                type_it()
                browser.submit(ends_at="/forgot-password/sent")
            browser.open(demo.url + "/login")
            browser.fill(password=GOOD)
            type_it()
            browser.submit()
            shows(browser, "Wrong email or password.")
            assert browser.one("#email").get_attribute("value") == "用户@example.com"


def caps_lock_is_noticed(binary, browser):
    with Demo(binary) as demo:
        browser.shape("desktop")
        for path in ("/login", demo.link()):
            browser.open(demo.url + path)
            for is_on, said in [("true", "Caps Lock is on."), ("false", "")]:
                browser.driver.execute_script(
                    "document.getElementById('password').dispatchEvent("
                    f"new KeyboardEvent('keydown', {{ key: 'A', modifierCapsLock: {is_on} }}))")
                assert browser.text("#caps") == said, (path, is_on, browser.text("#caps"))


def a_fault_of_ours_is_a_page_with_a_number(binary, browser):
    with Configured(binary, KEYTURN_LOG_LEVEL="warning") as service:
        def rename(old, new):
            with contextlib.closing(sqlite3.connect(f"{service.directory.name}/keyturn.sqlite", timeout=30)) as database:
                database.execute(f"ALTER TABLE {old} RENAME TO {new}")
        rename("outbox", "elsewhere")
        for _ in each_shape(browser):
            browser.open(service.url + "/forgot-password")
            browser.fill(email=ADDRESS)
            browser.submit()
            shows(browser, "Something went wrong")
            number = re.search(r"mention this number: (\d+)\.", browser.text()).group(1)
            assert re.search(rf"\bid={number}\b.*status=500", service.said()), service.said()
        rename("elsewhere", "outbox")
        browser.open(service.url + "/forgot-password")
        browser.fill(email=ADDRESS)
        browser.submit(ends_at="/forgot-password/sent")


def too_many_requests_keep_what_was_typed(binary, browser):
    for _ in each_shape(browser):
        with Configured(binary, KEYTURN_LIMITS_PER_CLIENT_RATE="1/m", KEYTURN_LIMITS_PER_CLIENT_BURST="1",
                        KEYTURN_MAIL_PER_ACCOUNT_INTERVAL="7m") as service:
            browser.open(service.url + "/forgot-password")
            browser.fill(email=ADDRESS)
            browser.submit(ends_at="/forgot-password/sent")
            shows(browser, "wait 7 minutes")
            browser.open(service.url + "/forgot-password")
            browser.fill(email="bob@example.com")
            browser.submit()
            shows(browser, "You can try again in")
            assert browser.one("#email").get_attribute("value") == "bob@example.com"


def in_the_language_of_the_browser(binary, browser):
    languages = pathlib.Path(__file__).parents[2] / "languages"
    try:
        for language, direction in [("ar", "rtl"), ("de", "ltr")]:
            said = json.loads((languages / f"{language}.json").read_text())
            pages, letters = said["pages"], said["letters"]
            browser.speak(f"{language}-XX,en;q=0.5")
            for _ in each_shape(browser):
                with Demo(binary) as demo:
                    browser.open(demo.url + "/forgot-password")
                    assert [browser.one("html").get_attribute(name) for name in ("lang", "dir")] == [language, direction]
                    browser.fill(email=ADDRESS)
                    browser.submit(ends_at="/forgot-password/sent")
                    shows(browser, pages["sentTitle"])
                    browser.open(demo.url + demo.newest_mail())
                    shows(browser, letters["neverAsk"])
                    browser.one(".mail a[href*='/reset-password']").click()
                    browser.wait(lambda: browser.path.startswith("/reset-password"), "the link leads nowhere")
                    browser.fill(password="short", confirm_password="short")
                    browser.driver.execute_script("document.querySelector('form').noValidate = true")
                    browser.submit()
                    shows(browser, pages["wrong_password_too_short"].split("{characters}")[0].strip())
                    browser.fill(password=GOOD, confirm_password=GOOD)
                    browser.submit(ends_at="/reset-password/done")
                    shows(browser, pages["changedTitle"])
                    # And so is the letter about it.
                    subject = letters["changedSubject"].split("{site}")
                    browser.wait(lambda: all(part in demo.request("/mailbox")[1] for part in subject), "no letter came")
    finally:
        browser.speak()


def scripts_count_in_the_language_of_the_page(binary, browser):
    try:
        browser.speak("pl")
        browser.shape("phone")
        with Demo(binary) as demo:
            browser.open(demo.url + demo.link())
            for typed, hint in [("a" * 10, "Jeszcze co najmniej 5 znaków."), ("b" * 12, "Jeszcze co najmniej 3 znaki."),
                                ("c" * 14, "Jeszcze jeden znak.")]:
                browser.fill(password=typed)
                assert browser.text("#strength") == hint, (typed, browser.text("#strength"))
    finally:
        browser.speak()


def an_expired_link_says_so_and_offers_another(binary, browser):
    with Configured(binary, add_user=ADDRESS, KEYTURN_TOKENS_RESET_LIFETIME="1s",
                    KEYTURN_MAIL_PER_ACCOUNT_INTERVAL="1s") as service:
        service.request("/forgot-password", {"email": ADDRESS})
        link = re.search(r"/reset-password\?token=[\w.\-]+", service.mails(1)[0]["text"]).group(0)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while service.request(link)[0] != 410 and time.monotonic() < deadline:
            time.sleep(0.1)
        for _ in each_shape(browser):
            browser.open(service.url + link)
            shows(browser, "This link has expired")
            shows(browser, "Already changed your password?")
            browser.fill(email=ADDRESS)
            browser.submit(ends_at="/forgot-password/sent")


def too_many_letters_keep_what_was_typed(binary, browser):
    # Nobody listens where the mails go, so the first stays in the only place there is.
    with Configured(binary, add_user=ADDRESS, KEYTURN_OUTBOX_CAPACITY="1", KEYTURN_MAIL_PROVIDER="sendgrid",
                    KEYTURN_MAIL_SENDGRID_API_KEY="SG.test",
                    KEYTURN_MAIL_SENDGRID_BASE_URL=f"http://127.0.0.1:{free_port()}") as service:
        service.request("/forgot-password", {"email": ADDRESS})
        for _ in each_shape(browser):
            browser.open(service.url + "/forgot-password")
            browser.fill(email="bob@example.com")
            browser.submit()
            shows(browser, "could not take your request")
            shows(browser, "You can try again in one minute.")
            assert browser.one("#email").get_attribute("value") == "bob@example.com"


FLOWS = [
    forgotten_mailed_and_chosen_anew, a_password_that_will_not_do_is_explained_and_the_link_stays_good, this_was_not_me,
    a_dead_link_offers_another_on_the_same_page, a_link_works_on_another_device_and_only_once,
    a_double_click_is_one_click, a_form_sent_again_has_the_first_answer,
    the_token_leaves_the_address_bar_and_a_reload_still_works, hints_help_and_never_block,
    password_managers_find_their_fields, the_keyboard_is_enough_and_finds_what_is_wrong, caps_lock_is_noticed,
    address_tab_password_enter_is_enough, the_password_is_shown_by_keyboard_too,
    a_phone_shows_the_form_and_what_was_wrong_without_scrolling, the_page_after_asking_shows_the_address_and_sends_again,
    an_address_in_other_letters_is_sent,
    a_fault_of_ours_is_a_page_with_a_number, too_many_requests_keep_what_was_typed, in_the_language_of_the_browser,
    scripts_count_in_the_language_of_the_page, an_expired_link_says_so_and_offers_another,
    too_many_letters_keep_what_was_typed,
]
