"""keyturn below a path of the app's own host, behind the proxies that people use."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

from demo import ADDRESS, Configured, PATIENCE_SECONDS, free_port
from flows import EVERY_SHAPE, GOOD, TWO_SHAPES, each_shape, shows

LANGUAGES = pathlib.Path(__file__).parents[2] / "languages"
APP = "http://127.0.0.1:9/welcome"

NGINX = """
error_log stderr; pid nginx.pid; daemon off;
events {}
http { access_log off;
  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen 127.0.0.1:%(front)d; location /account/ { proxy_pass http://127.0.0.1:%(back)d; } }
}
"""
CADDY = """
{
    admin off
    auto_https off
}
http://127.0.0.1:%(front)d {
    @keyturn path /account /account/*
    handle @keyturn {
        reverse_proxy 127.0.0.1:%(back)d
    }
}
"""
PROXIES = {
    "nginx": (NGINX, ["/usr/sbin/nginx", "-p", "{folder}", "-c", "{file}"]),
    "caddy": (CADDY, ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", "{file}"]),
}


@contextlib.contextmanager
def proxy(name, front, back):
    configuration, command = PROXIES[name]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "configuration")
        file.write_text(configuration % {"front": front, "back": back})
        process = subprocess.Popen(
            [part.format(folder=folder, file=file) for part in command], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, cwd=folder, env={**os.environ, "HOME": folder, "XDG_DATA_HOME": folder})
        try:
            wait_for(f"http://127.0.0.1:{front}/account/healthz", process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def wait_for(url, process):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the proxy did not start: {process.stderr.read().decode()}")


@contextlib.contextmanager
def beside_app(binary, name="nginx", **settings):
    """A service behind a proxy, and the address that people see."""
    front = free_port()
    public = f"http://127.0.0.1:{front}/account"
    with Configured(binary, add_user=ADDRESS, KEYTURN_SERVER_PUBLIC_URL=public, KEYTURN_APP_RETURN_URLS=APP,
                    KEYTURN_APP_HOME_URL="http://127.0.0.1:9/", KEYTURN_MAIL_PER_ACCOUNT_BURST="1000",
                    KEYTURN_MAIL_PER_ACCOUNT_INTERVAL="1s", **settings) as service:
        with proxy(name, front, int(service.url.rsplit(":", 1)[1])):
            yield service, public


def newest_link(service, count, page="reset-password"):
    text = service.mails(count)[-1]["text"]
    return re.search(rf"http://\S+/{page}\?token=\S+", text).group(0)


def words(language):
    return json.loads((LANGUAGES / f"{language}.json").read_text())


def below_a_path_behind_each_proxy_everything_works(binary, browser):
    for name in PROXIES:
        with beside_app(binary, name) as (service, public):
            for number, _ in enumerate(each_shape(browser, EVERY_SHAPE if name == "nginx" else TWO_SHAPES)):
                password = f"{GOOD}{number}"
                browser.open(public)
                assert browser.path == "/account/login", browser.path
                browser.one("main .aside a").click()
                browser.wait(lambda: browser.path == "/account/forgot-password", "the way out leads nowhere")
                browser.open(f"{public}/forgot-password?email={ADDRESS}&return_to={APP}")
                assert browser.one("#email").get_attribute("value") == ADDRESS
                browser.submit(ends_at="/account/forgot-password/sent")
                browser.open(newest_link(service, 2 * number + 1))
                browser.fill(password=password, confirm_password=password)
                browser.submit()
                browser.wait(lambda: browser.path.startswith("/account/reset-password/done?return_to="), browser.path)
                assert browser.one("a.button").get_attribute("href") == APP
                assert browser.one("header a").get_attribute("href") == "http://127.0.0.1:9/"
                browser.open(f"{public}/login/")
                assert browser.path == "/account/login", browser.path
                browser.fill(email=ADDRESS, password=password)
                browser.submit(ends_at="/account/login/done")
                service.mails(2 * number + 2)
                browser.open(f"{public}/RESET-PASSWORD?TOKEN=x")
                browser.fill(email="nobody@example.com")
                browser.submit(ends_at="/account/forgot-password/sent")


def this_was_not_me_below_a_path_has_a_way_back(binary, browser):
    with beside_app(binary) as (service, public):
        for number, _ in enumerate(each_shape(browser)):
            service.request("/account/forgot-password", {"email": ADDRESS}, accept="application/json")
            browser.open(newest_link(service, number + 1, "not-me"))
            assert browser.one("main .aside a").text == "Back to Example"
            browser.submit(ends_at="/account/not-me/done")
            assert browser.one("main .aside a").get_attribute("href") == "http://127.0.0.1:9/"


def the_language_that_was_chosen_goes_all_the_way(binary, browser):
    for language in ("ar", "de"):
        pages, letters = words(language)["pages"], words(language)["letters"]
        with beside_app(binary) as (service, public):
            for number, _ in enumerate(each_shape(browser)):
                browser.open(f"{public}/forgot-password?return_to={APP}")
                browser.one(f"#lang option[value={language}]").click()
                before = browser.one("html").id
                browser.one(".languages button").click()
                browser.wait(lambda: browser.one("html").id != before, "the switch leads nowhere")
                root = browser.one("html")
                assert root.get_attribute("lang") == language
                assert root.get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
                browser.fill(email=ADDRESS)
                browser.submit(ends_at=f"/account/forgot-password/sent?lang={language}")
                shows(browser, pages["sentTitle"])
                link = newest_link(service, 2 * number + 1)
                assert letters["neverAsk"] in " ".join(service.mails(2 * number + 1)[-1]["text"].split())
                browser.open(f"{link}&lang={language}")
                shows(browser, pages["resetTitle"])
                browser.fill(password=f"{GOOD}{number}", confirm_password=f"{GOOD}{number}")
                browser.submit()
                browser.wait(lambda: browser.path.startswith(f"/account/reset-password/done?lang={language}&return_to="),
                             browser.path)
                shows(browser, pages["changedTitle"])
                assert browser.one("a.button").text == pages["continueButton"]
                service.mails(2 * number + 2)


def a_switch_of_language_keeps_the_link(binary, browser):
    with beside_app(binary) as (service, public):
        for _ in each_shape(browser):
            service.request("/account/forgot-password", {"email": ADDRESS}, accept="application/json")
        link = newest_link(service, 1)
        for _ in each_shape(browser):
            browser.open(link)
            browser.one("#lang option[value=he]").click()
            before = browser.one("html").id
            browser.one(".languages button").click()
            browser.wait(lambda: browser.one("html").id != before, "the switch leads nowhere")
            assert browser.one("html").get_attribute("dir") == "rtl"
            assert browser.all("#confirm_password"), "the form is lost"
            # With scripts the token has left the address bar again.
            browser.driver.refresh()
            browser.wait(lambda: browser.all("#confirm_password"), "a reload lost the form")


BESIDE_APP = [
    below_a_path_behind_each_proxy_everything_works, this_was_not_me_below_a_path_has_a_way_back,
    the_language_that_was_chosen_goes_all_the_way, a_switch_of_language_keeps_the_link,
]
