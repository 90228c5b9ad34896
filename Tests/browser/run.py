"""Runs every flow and every look against one binary: `run.py path/to/keyturn [word of a name]…`."""

import concurrent.futures
import queue
import sys
import time
import traceback

from beside_app import BESIDE_APP
from browser import Browser
from flows import FLOWS
from looks import LOOKS
from own_page import a_page_of_your_own_asks_and_resets_with_fetch

# Side by side: they wait more than they work.
BROWSERS = 2
OWN_PAGES = [a_page_of_your_own_asks_and_resets_with_fetch]


def run(test, binary, browser):
    """Whether it passed. The console must have been silent, too."""
    began = time.monotonic()
    try:
        test(binary, browser)
        said = browser.console()
        assert not said, f"the console said {said}"
    except Exception:
        traceback.print_exc()
        browser.console()
        print(f"failed  {name(test)}", flush=True)
        return False
    print(f"passed  {name(test)} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


def name(test):
    return test.__name__.replace("_", " ")


def run_what_is_left(tests, binary):
    browser = Browser()
    results = []
    try:
        while True:
            results.append(run(tests.get_nowait(), binary, browser))
    except queue.Empty:
        return results
    finally:
        browser.close()


def main(binary, words):
    tests = queue.SimpleQueue()
    # The longest first, so that no browser is left alone with one.
    for test in LOOKS + BESIDE_APP + FLOWS + OWN_PAGES:
        if not words or any(word in test.__name__ for word in words):
            tests.put(test)
    with concurrent.futures.ThreadPoolExecutor(BROWSERS) as pool:
        each = [pool.submit(run_what_is_left, tests, binary) for _ in range(BROWSERS)]
    results = sum((one.result() for one in each), [])
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
