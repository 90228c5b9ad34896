"""What mail programs make of the letters.

    check.py KEYTURN
"""
import email, email.policy, glob, os, pathlib, re, shutil, stat, subprocess, sys, tempfile

import html5lib, tinycss2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "carriers"))
from service import Service, until

keyturn = os.path.abspath(sys.argv[1])

# What Gmail, Apple Mail, Yahoo and Word's engine all know, or may leave out without harm: the lists of caniemail.com and of Microsoft.
KNOWN = set("""
    margin padding padding-top padding-bottom padding-left padding-right background-color color font-family font-size font-weight
    line-height text-align text-decoration border border-top border-collapse border-radius width max-width min-width max-height
    overflow overflow-wrap word-break display opacity mso-hide
""".split())
# Lay a page out and are unknown to half of them.
UNKNOWN_TO_WORD = ("flex", "grid", "position", "float", "var(", "calc(", "rgba(", "hsl(")
problems = []


def check_html(name, html):
    parser = html5lib.HTMLParser(tree=html5lib.treebuilders.getTreeBuilder("etree"))
    tree = parser.parse(html)
    problems.extend(f"{name}: {code} at {place}" for place, code, _ in parser.errors)
    space = "{http://www.w3.org/1999/xhtml}"
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.replace(space, "")
        if tag in ("script", "link", "img", "form", "iframe", "object", "video", "svg", "base"):
            problems.append(f"{name}: <{tag}>")
        if tag == "table" and element.get("role") != "presentation":
            problems.append(f"{name}: a table that is read out as one")
        if tag == "a" and not re.match(r"https?://|mailto:", element.get("href", "")):
            problems.append(f"{name}: a link to {element.get('href')!r}")
        style = element.get("style", "")
        if tag == "a" and "padding" in style:
            problems.append(f"{name}: padding of a link, which Word leaves out")
        for declaration in tinycss2.parse_declaration_list(style, skip_whitespace=True, skip_comments=True):
            if declaration.type != "declaration" or declaration.lower_name not in KNOWN:
                problems.append(f"{name}: style {tinycss2.serialize([declaration])!r}")
        problems.extend(f"{name}: {word} in {style!r}" for word in UNKNOWN_TO_WORD if word in style)
    assert tree.get("lang") and tree.get("dir") in ("ltr", "rtl"), name
    # Gmail cuts what is longer.
    assert len(html.encode()) < 102_000, name
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") == 3, name
    if shutil.which("tidy"):
        said = subprocess.run(["tidy", "-q", "-e"], input=html, text=True, capture_output=True).stderr
        problems.extend(f"{name}: tidy: {line}" for line in said.splitlines() if "Error" in line)


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([keyturn, "templates", "preview", folder], check=True, stdout=subprocess.DEVNULL)
    letters = sorted(pathlib.Path(folder).glob("*/letter-*.html"))
    assert len(letters) >= 30, letters
    for file in letters:
        check_html(f"{file.parent.name} {file.stem}", file.read_text())
    for file in sorted(pathlib.Path(folder).glob("*/letter-*.txt")):
        # A paragraph is a line: nobody's window is 72 columns wide.
        for line, following in zip(file.read_text().split("\n"), file.read_text().split("\n")[1:]):
            if len(line) > 60 and following and not following.startswith(("http", "--")):
                problems.append(f"{file.parent.name} {file.stem}: a paragraph is broken: {line!r}")

# The whole way: a letter in each direction of writing, its link of 340 characters and more.
with tempfile.TemporaryDirectory() as folder:
    program = pathlib.Path(folder, "program")
    program.write_text(f'#!/bin/sh\nexec cat >"$(mktemp {folder}/mail.XXXXXXXX)"\n')
    program.chmod(0o700)
    url = "https://" + ".".join(["accounts-of-a-house-with-a-long-name"] * 4) + ".example.com"
    with Service(
        keyturn, KEYTURN_MAIL_PROVIDER="sendmail", KEYTURN_MAIL_SENDMAIL_COMMAND=f'["{program}"]',
        KEYTURN_SERVER_PUBLIC_URL=url
    ) as service:
        service.command("user", "add", "ann@example.com")
        languages = ["en", "de", "ar", "he", "ja", "zh", "hi", "uk"]
        for count, language in enumerate(languages, 1):
            assert service.post("/forgot-password", language, email="ann@example.com") == 202
            until(lambda: len(glob.glob(folder + "/mail.*")) == count, f"letter {count}")
            until(lambda: service.command("outbox", "list") == service.command("outbox", "list"), "the outbox")
        references = set()
        for file in glob.glob(folder + "/mail.*"):
            raw = until(lambda: (data := pathlib.Path(file).read_bytes()).rstrip().endswith(b"--") and data, "a whole mail")
            assert max(map(len, raw.split(b"\n"))) <= 998 and b"\r" not in raw and raw.isascii()
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            assert not mail.defects and not any(part.defects for part in mail.walk())
            text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
            link = next(line for line in text.split("\n") if line.startswith(url + "/reset-password?token="))
            assert len(link) >= 340, len(link)
            assert html.count(link) == 3, "the button, the link and its words"
            assert mail["Auto-Submitted"] == "auto-generated" and mail["X-Auto-Response-Suppress"] == "All"
            assert mail["From"].addresses[0].display_name == 'Müller & Söhne, "Konten"', mail["From"]
            references |= {mail["X-Entity-Ref-ID"], mail["Message-ID"]}
            check_html("sent", html)
        assert len(references) == 2 * len(languages)

assert not problems, "\n".join(sorted(set(problems)))
print(f"{len(letters)} letters checked, {len(languages)} sent and read again")
