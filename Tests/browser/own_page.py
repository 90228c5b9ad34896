"""The page of `examples/`, on an origin of its own: what `docs/frontend.md` promises to those who write theirs."""

import http.server
import pathlib
import threading

from demo import ADDRESS, Configured, free_port

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples/single-page.html"
WORDS = "several words in a row, 1"


class OwnPage:
    """Serves the example, with the address of that keyturn in it."""

    def __init__(self, port, keyturn):
        page = EXAMPLE.read_text().replace("http://127.0.0.1:8080", keyturn).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                found = self.path.split("?")[0] == "/"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page if found else b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def a_page_of_your_own_asks_and_resets_with_fetch(binary, browser):
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    with Configured(binary, add_user=ADDRESS, KEYTURN_SERVER_ALLOWED_ORIGINS=origin, KEYTURN_LINKS_RESET=origin + "/#token={token}",
                    KEYTURN_LIMITS_PER_CLIENT_RATE="1/m", KEYTURN_LIMITS_PER_CLIENT_BURST="3") as service, \
            OwnPage(port, service.url):

        def answers(words):
            browser.wait(lambda: words in browser.text("#answer"), f"{words!r} did not come")

        browser.shape("phone")
        browser.open(origin + "/")
        browser.fill(email=ADDRESS)
        browser.one("#forgot button").click()
        answers("a link to choose a new password is on its way")
        link = service.mails(1)[0]["links"][0]
        assert link.startswith(origin + "/#token="), link
        # The same page with another fragment would not be loaded again.
        browser.open("about:blank")
        browser.open(link)
        assert browser.path == "/", browser.path
        assert [e.get_attribute("id") for e in browser.all("input") if e.is_displayed()] == ["password"]
        for words, answer in [("short", "at least 15 characters"), (WORDS, "The password was changed."), (WORDS, "Please wait")]:
            browser.fill(password=words)
            browser.one("#reset button").click()
            answers(answer)
