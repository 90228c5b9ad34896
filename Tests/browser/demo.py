"""The built binary as a browser test meets it: started on a free port, its mails read back, stopped at the end."""

import json
import os
import pathlib
import queue
import re
import secrets
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_SECONDS = 60
ADDRESS = "ann@example.com"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Service:
    """One `keyturn`; as a context manager it is stopped whatever happens."""

    def __init__(self, command, environment, first_line):
        # A file, so that nobody has to read it for the service to go on.
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.errors, env={**os.environ, **environment}, text=True)
        line = self._read_until(first_line)
        self.url = re.search(r"https?://[\w.\-]+:\d+", line).group(0)

    def _read_until(self, word):
        # On a thread of its own: `readline` may wait for ever, and what it has buffered no `select` can see.
        lines = queue.Queue()

        def read():
            for line in self.process.stdout:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while (line := lines.get(timeout=max(0, deadline - time.monotonic()))) is not None:
                if word in line:
                    return line
        except queue.Empty:
            pass
        self.process.kill()
        raise RuntimeError(f"keyturn did not start: {self.said()}")

    def said(self):
        """All that it has logged."""
        self.errors.seek(0)
        return self.errors.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def request(self, path, form=None, accept="text/html"):
        """Status and text of an answer; a redirect is followed."""
        body = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.url + path, data=body, headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()


class Demo(Service):
    """`keyturn demo`: one user, mails kept in its mailbox."""

    password = "a demo password of ann's"

    def __init__(self, binary):
        super().__init__([binary, "demo"], {"KEYTURN_SERVER_PORT": "0"}, "/mailbox")
        self._mails_read = set()
        self.last_mail_read = None

    def newest_mail(self):
        """The path of a mail that nobody has asked this for; waits for it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            paths = re.findall(r'href="(/mailbox/mail\?id=[^"]+)"', self.request("/mailbox")[1])
            for path in paths:
                if path not in self._mails_read and "/reset-password?token=" in self.request(path)[1]:
                    self._mails_read.add(path)
                    self.last_mail_read = path
                    return path
            time.sleep(0.05)
        raise RuntimeError("no new mail came")

    def link(self):
        """Asks for a link and gives its path."""
        self.request("/forgot-password", {"email": ADDRESS})
        text = self.request(self.newest_mail())[1]
        return re.search(r"/reset-password\?token=[\w.\-]+", text).group(0)


class Configured(Service):
    """`keyturn serve` with settings of a test's own; mails are files."""

    def __init__(self, binary, add_user=None, **settings):
        self.directory = tempfile.TemporaryDirectory()
        place = self.directory.name
        port = free_port()
        environment = {
            "KEYTURN_SERVER_PORT": str(port), "KEYTURN_SERVER_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "KEYTURN_ADMIN_PORT": "0",
            "KEYTURN_DATABASE_PATH": f"{place}/keyturn.sqlite", "KEYTURN_SECRETS_STANDARD": secrets.token_urlsafe(32),
            "KEYTURN_MAIL_PROVIDER": "capture", "KEYTURN_MAIL_CAPTURE_DIRECTORY": f"{place}/mails",
            "KEYTURN_MAIL_FROM_EMAIL": "no-reply@example.com", "KEYTURN_MAIL_FROM_NAME": "Example",
            "KEYTURN_LOG_LEVEL": "error", **settings}
        if add_user:
            # With a password: without one the words are those of a first password.
            subprocess.run([binary, "user", "add", add_user, "--password-stdin"], check=True, stdout=subprocess.DEVNULL,
                           input=b"my former horse was grey\n", env={**os.environ, **environment}, timeout=PATIENCE_SECONDS)
        super().__init__([binary, "serve"], environment, "listening on")

    def mails(self, count):
        """The captured mails, oldest first, when there are that many."""
        folder = pathlib.Path(self.directory.name, "mails")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
            if len(files) >= count:
                return [json.loads(file.read_text()) for file in files]
            time.sleep(0.05)
        raise RuntimeError(f"{count} mails did not come")

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self.directory.cleanup()
