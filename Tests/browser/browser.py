"""A headless Chromium of a chosen shape: phone or desktop, light or dark, with or without scripts."""

import base64
import importlib.util
import pathlib

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SIZES = {"phone": (360, 740), "short-phone": (375, 667), "narrow": (320, 640), "desktop": (1280, 900), "mail-phone": (375, 700), "mail-desktop": (600, 700), "mail-wide": (1100, 700)}
PATIENCE_SECONDS = 30
# Found without importing it: it would import a second driver for browsers.
AXE = (pathlib.Path(importlib.util.find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text()
# What a browser itself says of a status code is no fault of the page.
STATUS_OF_THE_PAGE = "the server responded with a status of"


class Browser:
    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                         "--lang=en-US"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(PATIENCE_SECONDS)

    def close(self):
        self.driver.quit()

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def shape(self, size="desktop", scheme="light", scripts=True, medium="screen"):
        width, height = SIZES[size]
        # Not `innerWidth`: that of a telephone grows with the page.
        self.width = width
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=size != "desktop")
        self.command("Emulation.setEmulatedMedia", media=medium, features=[
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)

    def speak(self, language=None):
        """What the browser asks for from now on; None: what it asks for by itself."""
        self.command("Network.enable")
        self.command("Network.setExtraHTTPHeaders", headers={"Accept-Language": language} if language else {})

    def picture(self, file):
        """The whole page, however long it is, as a PNG."""
        image = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip={
            "x": 0, "y": 0, "scale": 1,
            "width": self.driver.execute_script("return innerWidth"),
            "height": self.driver.execute_script("return Math.max(innerHeight, document.documentElement.scrollHeight)")})
        file.write_bytes(base64.b64decode(image["data"]))

    def open(self, url):
        self.driver.get(url)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector="main"):
        return self.one(selector).text

    def fill(self, **fields):
        for name, value in fields.items():
            self.one(f"#{name}").clear()
            self.one(f"#{name}").send_keys(value)

    def press(self, key):
        """Presses it wherever the focus is; says where the focus is then."""
        self.driver.switch_to.active_element.send_keys(key)
        place = self.driver.switch_to.active_element
        return f"{place.tag_name} {place.get_attribute('name') or place.text}"

    def type(self, *keys):
        """Types it wherever the focus is, each key after the one before."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def bottom(self, selector):
        """Where its lower edge is, in pixels below the top of the window."""
        return self.driver.execute_script(
            "return document.querySelector(arguments[0]).getBoundingClientRect().bottom", selector)

    def wait(self, condition, what):
        WebDriverWait(self.driver, PATIENCE_SECONDS, poll_frequency=0.02).until(lambda _: condition(), what)

    def submit(self, ends_at=None):
        """Presses the button and waits for the page that comes."""
        before = self.one("html").id
        self.one("button[type=submit]").click()
        self.wait(lambda: self.one("html").id != before, "no page came")
        if ends_at:
            self.wait(lambda: self.path == ends_at, f"{self.path} is not {ends_at}")

    @property
    def path(self):
        return "/" + self.driver.current_url.split("/", 3)[3]

    def overflows(self):
        return self.driver.execute_script("return document.documentElement.scrollWidth > arguments[0]", self.width)

    def overflowing(self):
        """What is wider than the page, or than its own box by more than a button's edge: the beginning of its words."""
        return self.driver.execute_script("""
            const edge = 0.4 * parseFloat(getComputedStyle(document.documentElement).fontSize);
            const wide = [...document.querySelectorAll("main *, header *, footer *, td")].filter((e) =>
              e.scrollWidth > e.clientWidth + edge && getComputedStyle(e).display !== "inline"
              && getComputedStyle(e).overflowX === "visible" && !e.closest("svg"));
            const side = document.documentElement.scrollWidth > arguments[0] ? ["the page"] : [];
            return side.concat(wide.map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`))""", self.width)

    def weight(self):
        """What the page took: bytes in all, and how many answers it waited for before it could be painted."""
        return self.driver.execute_script("""
            const resources = performance.getEntriesByType("resource").filter((r) => !r.name.endsWith(".ico"));
            const all = [performance.getEntriesByType("navigation")[0], ...resources];
            return [all.reduce((sum, r) => sum + r.decodedBodySize, 0),
                    1 + resources.filter((r) => r.renderBlockingStatus === "blocking").length]""")

    def accessibility_faults(self):
        self.driver.execute_script(AXE)
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1]; axe.run({ preload: false }).then(r => done(r.violations), e => done([String(e)]))")
        return [f if isinstance(f, str) else f"{f['id']}: {[n['target'] for n in f['nodes']]}" for f in found]

    def console(self):
        """What the console said since it was last asked, without the page's own status."""
        return [line["message"] for line in self.driver.get_log("browser") if STATUS_OF_THE_PAGE not in line["message"]]
