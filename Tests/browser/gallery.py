"""Takes a picture of every page and letter: `gallery.py path/to/keyturn folder contact-sheet.png`."""

import itertools
import pathlib
import sys
import tempfile

from PIL import Image

from browser import Browser
from looks import preview

# The whole way, from "forgot" to "done".
ON_THE_SHEET = ["login", "forgot", "sent", "letter-reset-link", "reset", "reset-done"]
SHEET_SCHEMES = ("light", "dark")
# All shapes in English and Arabic; in every other language, how long its words are on a phone.
EVERY_SHAPE = list(itertools.product(("phone", "desktop"), SHEET_SCHEMES))
# Mail programs show a letter on a phone, in a column beside the list, or as wide as the window.
EVERY_LETTER_SHAPE = list(itertools.product(("phone", "desktop", "wide"), SHEET_SCHEMES))
SHAPES = {"en": EVERY_SHAPE, "ar": EVERY_SHAPE, "other": [("phone", "light")]}
THUMBNAIL_WIDTH, GAP = 300, 20


def take_pages_and_letters(binary, browser, folder):
    with tempfile.TemporaryDirectory() as place:
        for file in preview(binary, place):
            language, is_letter = file.parent.name, file.stem.startswith("letter-")
            for size, scheme in EVERY_LETTER_SHAPE if is_letter else SHAPES.get(language, SHAPES["other"]):
                browser.shape(f"mail-{size}" if is_letter else size, scheme)
                browser.open(f"file://{file}")
                browser.picture(folder / f"{language}-{file.stem}-{size}-{scheme}.png")


def make_sheet(folder, file):
    """One row a scheme, phones side by side; few colours, for it stands in the repository."""
    rows = []
    for scheme in SHEET_SCHEMES:
        row = [Image.open(folder / f"en-{name}-phone-{scheme}.png").convert("RGB") for name in ON_THE_SHEET]
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
        take_pages_and_letters(binary, browser, folder)
    finally:
        browser.close()
    make_sheet(folder, sheet)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}, the main ones in {sheet}")


if __name__ == "__main__":
    main(*sys.argv[1:])
