"""Takes a picture of every page and letter: `gallery.py path/to/keyturn folder contact-sheet.png`."""

import pathlib
import sys
import tempfile

from PIL import Image

from browser import Browser
from demo import ADDRESS, Configured, Demo
from looks import pages, visit

# The whole way, from "forgot" to "done".
ON_THE_SHEET = ["login", "forgot", "sent", "letter-reset-link", "reset", "reset-done"]
SHEET_SCHEMES = ("light", "dark")
THUMBNAIL_WIDTH, GAP = 300, 20


def take_pages(binary, browser, folder):
    with Demo(binary) as demo:
        for name, (path, form) in pages(demo).items():
            browser.shape("desktop")
            visit(browser, demo.url + path, form)
            for size in ("phone", "desktop"):
                for scheme in SHEET_SCHEMES:
                    browser.shape(size, scheme)
                    browser.picture(folder / f"{name}-{size}-{scheme}.png")


def letters(binary):
    """Both letters' HTML by name, as a carrier gets them."""
    with Configured(binary, add_user=ADDRESS) as service:
        service.request("/forgot-password", {"email": ADDRESS})
        link = service.mails(1)[0]["text"].split("?token=")[1].split()[0]
        words = "several words in a row, 1"
        service.request("/reset-password", {"token": link, "password": words, "confirm_password": words})
        return dict(zip(("letter-reset-link", "letter-password-changed"), (mail["html"] for mail in service.mails(2))))


def take_letters(binary, browser, folder):
    for name, html in letters(binary).items():
        with tempfile.NamedTemporaryFile("w", suffix=".html") as file:
            file.write(html)
            file.flush()
            for size in ("phone", "desktop"):
                for scheme in SHEET_SCHEMES:
                    browser.shape(size, scheme)
                    browser.open(f"file://{file.name}")
                    browser.picture(folder / f"{name}-{size}-{scheme}.png")


def make_sheet(folder, file):
    """One row a scheme, phones side by side; few colours, for it stands in the repository."""
    rows = []
    for scheme in SHEET_SCHEMES:
        row = [Image.open(folder / f"{name}-phone-{scheme}.png").convert("RGB") for name in ON_THE_SHEET]
        rows.append([i.resize((THUMBNAIL_WIDTH, i.height * THUMBNAIL_WIDTH // i.width), Image.LANCZOS) for i in row])
    heights = [max(picture.height for picture in row) for row in rows]
    sheet = Image.new(
        "RGB", (GAP + len(ON_THE_SHEET) * (THUMBNAIL_WIDTH + GAP), GAP + sum(h + GAP for h in heights)), "#8b958f")
    top = GAP
    for row, height in zip(rows, heights):
        for column, picture in enumerate(row):
            sheet.paste(picture, (GAP + column * (THUMBNAIL_WIDTH + GAP), top))
        top += height + GAP
    sheet.quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)


def main(binary, folder, sheet):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    browser = Browser()
    try:
        take_pages(binary, browser, folder)
        take_letters(binary, browser, folder)
    finally:
        browser.close()
    make_sheet(folder, sheet)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}, the main ones in {sheet}")


if __name__ == "__main__":
    main(*sys.argv[1:])
