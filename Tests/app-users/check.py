"""Accounts that an app keeps to itself (users.source = http): the reference receiver of examples/app-users, and what becomes of a reset if
it misbehaves.

    check.py PATH-OF-KEYTURN
"""
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "app-users"))
import receiver

KEYTURN = sys.argv[1]
SECRET = "users secret for this check only, 0123456789"
NEW = "a new password, twelve geése"


class Misbehaving(receiver.Handler):
    """Does what `self.server.does` says, once for each element; then it behaves."""

    def do_POST(self):
        with self.server.lock:
            super().do_POST()

    def answer(self, status, body):
        kind = "change" if "changed" in body or "errors" in body else "find"
        self.server.calls.append(kind)
        does = self.server.does
        way = does.pop(0)[1] if does and does[0][0] == kind else None
        if way == "slow":
            time.sleep(6)
        if way == "500":
            status, body = 500, {}
        if way == "409":
            status, body = 409, {"changed": False}
        if way == "lost":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if way == "hang":
            self.server.hung.set()
            time.sleep(3)
        self.wrong = way == "signature"
        try:
            super().answer(status, body)
        except OSError:
            pass

    def send_header(self, name, value):
        super().send_header(name, "v1,AAAA" if name == "webhook-signature" and getattr(self, "wrong", False) else value)


class Refusing(Misbehaving):
    """Answers 500 before anything is changed."""

    def do_POST(self):
        if self.server.refuses and self.server.refuses.pop():
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_POST()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Place:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keyturn-app-users-"))
        self.app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
        self.app.key = receiver.signing_key(SECRET)
        self.app.does, self.app.calls, self.app.refuses = [], [], []
        self.app.minimum = 1
        self.app.lock, self.app.hung = threading.Lock(), threading.Event()
        self.app.users = receiver.Users(str(self.folder / "app.sqlite"))
        # The handlers take turns (`lock`), so one connection serves them all.
        self.app.users.database.close()
        self.app.users.database = receiver.sqlite3.connect(str(self.folder / "app.sqlite"), isolation_level=None, check_same_thread=False)
        self.app.users.database.execute(
            "INSERT INTO user (id, email, hash) VALUES (7, 'Ann@example.com', ?), (8, 'off@example.com', 'x'), (9, 'none@example.com', NULL)",
            (receiver.hash_password("the old password"),))
        self.app.users.database.execute("UPDATE user SET disabled = 1 WHERE id = 8")
        threading.Thread(target=self.app.serve_forever, daemon=True).start()
        self.port = free_port()
        (self.folder / "config.json").write_text(json.dumps({
            "server": {"port": self.port, "publicURL": f"http://127.0.0.1:{self.port}"}, "admin": {"port": 0},
            "secrets": {"standard": ["0123456789abcdef0123456789abcdef-check"]},
            "mail": {"provider": "capture", "from": {"email": "no-reply@example.com", "name": "Example"}},
            "limits": {"perClient": {"rate": "1000/s", "burst": 1000}},
            "users": {"source": "http", "http": {"url": f"http://127.0.0.1:{self.app.server_port}/", "secret": SECRET}},
        }))
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(
            [KEYTURN, "serve", "--config", str(self.folder / "config.json")], stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "keyturn.log", "a"))
        for _ in range(600):
            try:
                return self.call("GET", "/healthz")
            except OSError:
                assert self.process.poll() is None, self.log()
                time.sleep(0.1)
        raise AssertionError("keyturn does not answer")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.app.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return (self.folder / "keyturn.log").read_text()

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json", "Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}"), answer.getheader("Retry-After")

    def mails(self, count):
        folder = self.folder / "captured-mail"
        for _ in range(400):
            files = sorted(folder.glob("*.json")) if folder.exists() else []
            if len(files) >= count:
                break
            time.sleep(0.1)
        time.sleep(0.5)
        mails = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
        assert len(mails) == count, ([mail["subject"] for mail in mails], self.log())
        return mails

    def link(self):
        assert self.call("POST", "/forgot-password", {"email": "ann@EXAMPLE.com"})[0] == 202
        mail = self.mails(1)[0]
        assert mail["to"]["email"] == "Ann@example.com"
        return next(word for word in mail["text"].split() if "/reset-password?token=" in word).split("token=")[1]

    def reset(self, token, password=NEW):
        return self.call("POST", "/reset-password", {"token": token, "password": password})

    def holds(self, password):
        stored = self.app.users.database.execute("SELECT hash FROM user WHERE id = 7").fetchone()[0]
        return receiver.hash_password(password, stored.split(".")[1]) == stored

    def eventually(self, token, password):
        """Resets as soon as the account is not locked any more."""
        for _ in range(60):
            status = self.reset(token, password)[0]
            if status != 503:
                return status
            time.sleep(0.5)
        return 503


def works(place):
    for email in ("nobody@example.com", "off@example.com", "none@example.com"):
        assert place.call("POST", "/forgot-password", {"email": email})[0] == 202
    token = place.link()
    assert place.call("GET", f"/reset-password?token={token}")[1]["status"] == "valid"
    assert place.reset(token)[0] == 200
    assert place.holds(NEW)
    place.mails(2)
    assert place.reset(token)[0] == 400
    assert place.call("GET", f"/reset-password?token={token}")[0] == 400
    # Not the bytes of NFC, but those that were typed.
    checked = subprocess.run([KEYTURN, "users", "check", "--config", str(place.folder / "config.json")], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def one_of_fifty(place):
    token = place.link()
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: place.reset(token, f"{NEW} {number}")[0], range(50)))
    assert answers.count(200) == 1, answers
    place.mails(2)


def away(place, way):
    token = place.link()
    place.app.does.append(("find", way))
    status, body, retry = place.call("GET", f"/reset-password?token={token}")
    assert (status, body["code"]) == (503, "unavailable") and retry, (status, body)
    assert place.reset(token)[0] == 200
    place.mails(2)


def refuses(place):
    token = place.link()
    # The link check is answered, then every attempt at the change fails.
    place.app.refuses[:] = [True, True, True, False]
    status, body, retry = place.reset(token)
    assert (status, body["code"]) == (503, "unavailable") and retry, (status, body)
    assert place.holds("the old password")
    assert place.eventually(token, NEW) == 200
    place.mails(2)


def lost(place):
    token = place.link()
    place.app.does.append(("change", "lost"))
    assert place.reset(token)[0] == 200
    assert place.holds(NEW)
    place.mails(2)


def not_idempotent(place):
    token = place.link()
    place.app.does += [("change", "lost"), ("change", "409")]
    assert place.reset(token)[0] == 200
    assert place.holds(NEW)
    place.mails(2)
    assert place.reset(token)[0] == 400


def rejects(place):
    token = place.link()
    place.app.minimum = 40
    status, body, _ = place.reset(token)
    assert (status, body["code"]) == (422, "password_rejected"), (status, body)
    assert body["errors"] == [{"field": "password", "code": "too_short", "detail": "Use at least 40 characters."}], body
    place.app.minimum = 1
    assert place.reset(token)[0] == 200
    place.mails(2)


def killed(place):
    token = place.link()
    place.app.does.append(("change", "hang"))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        post = pool.submit(lambda: place.reset(token))
        assert place.app.hung.wait(30)
        place.process.kill()
        place.process.wait()
        assert post.exception() is not None
    assert place.holds(NEW)
    place.start()
    place.mails(2)
    assert place.reset(token)[0] == 400


CASES = [
    ("a reset works, and its link is dead afterwards", works),
    ("one of fifty posts of a link succeeds", one_of_fifty),
    ("an app that is slow makes it 503, and the link stays good", lambda place: away(place, "slow")),
    ("an answer with a wrong signature is not believed", lambda place: away(place, "signature")),
    ("an app that answers 500 makes it 503, and the link stays good", lambda place: away(place, "500")),
    ("a change that fails thrice is none, and the link stays good", refuses),
    ("a lost answer is asked for again", lost),
    ("an app that answers 409 after its success is found out", not_idempotent),
    ("the app's own rules are shown, and the link stays good", rejects),
    ("kill -9 between the change and its answer loses no message", killed),
]

failed = False
for name, case in CASES:
    try:
        with Place() as place:
            case(place)
        print(f"ok      {name}", flush=True)
    except (AssertionError, OSError) as error:
        failed = True
        print(f"FAILED  {name}: {error!r}", flush=True)
sys.exit(failed)
