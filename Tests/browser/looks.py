"""What every page must be, in both colour schemes and three sizes: free of what axe finds, of side-scrolling and of a word in the console."""

import os
import pathlib
import subprocess
import tempfile

from demo import ADDRESS, Demo


def pages(demo):
    """Every page by name: a path to open, or a path and the form that leads there."""
    link = demo.link()
    mail = demo.last_mail_read
    return {
        "login": ("/login", None),
        "login-wrong": ("/login", {"email": ADDRESS, "password": "not this one"}),
        "login-done": ("/login/done", None),
        "forgot": ("/forgot-password", None),
        "forgot-wrong": ("/forgot-password", {"email": "ann@example"}),
        "sent": ("/forgot-password/sent", None),
        "reset": (link, None),
        "reset-refused": (link, {"password": f"{ADDRESS} it is", "confirm_password": f"{ADDRESS} it is"}),
        "reset-done": ("/reset-password/done", None),
        "dead-link": ("/reset-password?token=x", None),
        "not-me": (link.replace("/reset-password", "/not-me"), None),
        "not-me-done": ("/not-me/done", None),
        "not-me-dead": ("/not-me?token=x", None),
        "not-found": ("/nowhere", None),
        "mailbox": ("/mailbox", None),
        "mail": (mail, None),
    }


def visit(browser, url, form):
    browser.open(url)
    if form:
        browser.fill(**form)
        # What the browser would stop, the server must explain.
        browser.driver.execute_script("document.querySelector('form').noValidate = true")
        browser.submit()


def every_page_is_accessible_and_fits(binary, browser):
    faults = []
    with Demo(binary) as demo:
        for name, (path, form) in pages(demo).items():
            for size, scheme in [("narrow", "light"), ("phone", "dark"), ("desktop", "light"), ("desktop", "dark")]:
                browser.shape(size, scheme)
                # The first look brings the page; the others change its shape alone, and send no form again.
                if (size, scheme) == ("narrow", "light"):
                    visit(browser, demo.url + path, form)
                faults += [f"{name} {size} {scheme}: {fault}" for fault in browser.accessibility_faults()]
                if browser.overflows():
                    faults.append(f"{name} {size}: wider than the screen")
    assert not faults, "\n".join(faults)


# All that a page brings with it, and what is waited for before anything is seen: the page and its style.
WEIGHT_MAX, REQUESTS_MAX = 17_500, 2


def every_page_is_light(binary, browser):
    faults = []
    with Demo(binary) as demo:
        browser.shape("phone")
        for name, (path, form) in pages(demo).items():
            visit(browser, demo.url + path, form)
            weight, requests = browser.weight()
            if weight > WEIGHT_MAX or requests > REQUESTS_MAX:
                faults.append(f"{name}: {weight} bytes, {requests} requests before the first paint")
    assert not faults, "\n".join(faults)


def preview(binary, folder, **settings):
    """Every page and letter with sample data: files by language and name."""
    subprocess.run([binary, "templates", "preview", folder], check=True, stdout=subprocess.DEVNULL, timeout=60,
                   env={**os.environ, **settings})
    return sorted(pathlib.Path(folder).glob("*/*.html"))


def no_language_is_too_wide_for_a_narrow_screen(binary, browser):
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        files = preview(binary, folder)
        assert len({file.parent.name for file in files}) == 15, "not all languages are there"
        browser.shape("narrow")
        for file in files:
            browser.open(f"file://{file}")
            faults += [f"{file.parent.name} {file.stem}: {what}" for what in browser.overflowing()]
    assert not faults, "\n".join(faults)


def no_name_is_too_long_for_a_phone(binary, browser):
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for file in preview(binary, folder, KEYTURN_BRAND_NAME="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk"):
            if file.parent.name not in ("ar", "en"):
                continue
            browser.shape("mail-phone" if file.stem.startswith("letter-") else "narrow")
            browser.open(f"file://{file}")
            faults += [f"{file.parent.name} {file.stem}: {what}" for what in browser.overflowing()]
    assert not faults, "\n".join(faults)


def a_logo_is_in_the_preview_and_a_name_stands_once(binary, browser):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="40"><rect width="160" height="40" fill="teal"/></svg>'
    with tempfile.TemporaryDirectory() as folder:
        logo = pathlib.Path(folder, "logo")
        logo.write_text(svg)
        for shows_name in ("false", "true"):
            preview(binary, folder, KEYTURN_BRAND_LOGO=str(logo), KEYTURN_BRAND_LOGO_SHOWS_NAME=shows_name,
                    KEYTURN_BRAND_NAME="Acme")
            browser.open(f"file://{folder}/en/login.html")
            assert browser.driver.execute_script("return document.querySelector('.logo').naturalWidth") == 160
            assert browser.text("header") == ("" if shows_name == "true" else "Acme")
            assert browser.one(".logo").get_attribute("alt") == ("Acme" if shows_name == "true" else "")


def in_both_directions_every_page_is_accessible(binary, browser):
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for file in preview(binary, folder):
            if file.parent.name not in ("ar", "en") or file.stem.startswith("letter-"):
                continue
            browser.open(f"file://{file}")
            for size, scheme in [("phone", "light"), ("desktop", "dark")]:
                browser.shape(size, scheme)
                faults += [f"{file.parent.name} {file.stem} {size} {scheme}: {fault}"
                           for fault in browser.accessibility_faults()]
    assert not faults, "\n".join(faults)


def text_of_twice_the_size_fits_a_phone(binary, browser):
    faults = []
    browser.shape("phone")
    with tempfile.TemporaryDirectory() as folder:
        for file in preview(binary, folder):
            if file.parent.name not in ("ar", "de") or file.stem.startswith("letter-"):
                continue
            browser.open(f"file://{file}")
            browser.driver.execute_script("document.documentElement.style.fontSize = '200%'")
            faults += [f"{file.parent.name} {file.stem}: {what}" for what in browser.overflowing()]
    assert not faults, "\n".join(faults)


def paper_gets_what_is_to_be_read(binary, browser):
    with Demo(binary) as demo:
        browser.open(demo.url + "/forgot-password/sent")
        browser.shape(medium="print", scheme="dark")
        assert "Check your inbox" in browser.text()
        assert not any(e.is_displayed() for e in browser.all(".aside, .skip, form"))
        for name in ("color", "background-color"):
            assert browser.one("body").value_of_css_property(name) == ON_PAPER[name], name
        browser.shape()


ON_PAPER = {"color": "rgba(0, 0, 0, 1)", "background-color": "rgba(0, 0, 0, 0)"}

LOOKS = [
    every_page_is_accessible_and_fits, every_page_is_light, no_language_is_too_wide_for_a_narrow_screen, no_name_is_too_long_for_a_phone,
    a_logo_is_in_the_preview_and_a_name_stands_once,
    in_both_directions_every_page_is_accessible, text_of_twice_the_size_fits_a_phone, paper_gets_what_is_to_be_read,
]
