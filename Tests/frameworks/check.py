"""Does "forgot password" work beside real frameworks, on their own tables and hashes, and is nothing else in their database touched?

    check.py PATH-OF-KEYTURN [NAME ...]

For each application in examples/: its own registration and login, then a request, the captured mail, a reset, its own login again.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

KEYTURN = sys.argv[1]
ROOT = pathlib.Path(__file__).resolve().parents[2]
OLD, NEW = "old password of ann, eleven geese", "new password of ann, twelve geése"
SECRET = "users secret for this check only, 0123456789"
PEPPER = "p3pper" * 21 + "xy"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def call(port, method, path, body=None, cookie=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if cookie:
        headers["Cookie"] = cookie
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    set_cookie = answer.getheader("Set-Cookie")
    return answer.status, text.decode(), set_cookie.split(";")[0] if set_cookie else None


def wait_for(port, path, process):
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"a process ended at its start: {process.args}")
        try:
            return call(port, "GET", path)
        except OSError:
            time.sleep(0.1)
    raise SystemExit("does not answer")


def cells(path):
    """Every cell of every table, and what the file says about itself."""
    database = sqlite3.connect(path)
    try:
        found = {("pragma", name): database.execute(f"PRAGMA {name}").fetchone()
                 for name in ("journal_mode", "user_version", "application_id", "schema_version", "encoding")}
        for name, sql in database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall():
            found["schema", name] = sql
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            rows = database.execute(f'SELECT rowid, * FROM "{table}"')
            columns = [column[0] for column in rows.description]
            for row in rows.fetchall():
                for column, value in zip(columns, row):
                    found[table, row[0], column] = value
        return found
    finally:
        database.close()


class App:
    def __init__(self, name, command, users, changes, ends, missing=None, environment=None, hashes=None, more=None):
        self.name, self.command, self.users, self.changes, self.ends = name, command, users, changes, ends
        self.missing, self.environment, self.more = missing, environment or {}, more or {}

    def run(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="keyturn-frameworks-"))
        processes = []
        try:
            self.check(folder, processes)
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
            shutil.rmtree(folder, ignore_errors=True)

    def check(self, folder, processes):
        app_port, port = free_port(), free_port()
        database = folder / "app.sqlite"
        environment = {**os.environ, "APP_DATABASE": str(database), "APP_PORT": str(app_port), "KEYTURN_USERS_SECRET": SECRET,
                       **self.environment}
        command = [part.replace("PORT", str(app_port)) for part in self.command]
        processes.append(subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=open(folder / "app.log", "w")))
        wait_for(app_port, "/me", processes[0])
        for email in ("Ann@example.com", "bob@example.org"):
            status, text, _ = call(app_port, "POST", "/register", {"email": email, "password": OLD})
            assert status == 201, (status, text, (folder / "app.log").read_text()[-2000:])
        # As it stands in the table: frameworks lower the domain, or all of it.
        status, _, session = self.login(app_port, OLD)
        assert status == 200 and session, (status, session)
        assert call(app_port, "GET", "/me", cookie=session)[0] == 200

        users = {"source": "table", "database": {"path": str(database)}, **self.users}
        if self.users.get("source") == "http":
            users = {"source": "http", "http": {"url": f"http://127.0.0.1:{app_port}/keyturn", "secret": SECRET}}
        configuration = {
            "server": {"port": port, "publicURL": f"http://127.0.0.1:{port}"}, "admin": {"port": 0},
            "database": {"path": "keyturn.sqlite"}, "secrets": {"standard": ["0123456789abcdef0123456789abcdef-check"]},
            "mail": {"provider": "capture", "capture": {"directory": "mail"}, "from": {"email": "no-reply@example.com", "name": "Example"}},
            "passwords": {"minimumLength": 8, "pbkdf2": {"iterations": 1000000}},
            "users": users,
        }
        for key, value in self.more.items():
            configuration["passwords"][key] = value
        (folder / "config.json").write_text(json.dumps(configuration))
        checked = subprocess.run([KEYTURN, "users", "check", "--config", str(folder / "config.json")], capture_output=True, text=True)
        assert checked.returncode in (0, 2), checked.stderr
        before = cells(database) if self.users.get("source") != "http" else None
        processes.append(subprocess.Popen([KEYTURN, "serve", "--config", str(folder / "config.json")], stdout=subprocess.DEVNULL, stderr=open(folder / "keyturn.log", "w")))
        try:
            wait_for(port, "/healthz", processes[1])
        except SystemExit:
            raise AssertionError((folder / "keyturn.log").read_text())
        assert call(port, "POST", "/forgot-password", {"email": "ann@EXAMPLE.com"})[0] == 202
        assert call(port, "POST", "/forgot-password", {"email": "nobody@example.com"})[0] == 202
        mails = self.mails(folder, 1)
        assert mails[0]["to"]["email"].lower() == "ann@example.com", mails
        token = next(line for line in mails[0]["text"].split() if "reset-password?token=" in line).split("token=")[1]
        status, text, _ = call(port, "POST", "/reset-password", {"token": token, "password": NEW})
        assert status == 200, (status, text, (folder / "keyturn.log").read_text())
        assert call(port, "POST", "/reset-password", {"token": token, "password": NEW + "!"})[0] == 400
        self.mails(folder, 2)
        if before is not None:
            after = cells(database)
            changed = sorted({(key[0], key[2]) if len(key) == 3 else key for key in before.keys() | after.keys() if before.get(key) != after.get(key)})
            assert changed == sorted(self.changes), changed
            rows = {key[1] for key in before.keys() | after.keys() if key[0] == self.changes[0][0] and before.get(key) != after.get(key)}
            assert len(rows) == 1, rows
        assert call(app_port, "GET", "/me", cookie=session)[0] == (401 if self.ends else 200), "sessions"
        assert self.login(app_port, OLD)[0] == 401, "the old password"
        assert self.login(app_port, NEW)[0] == 200, "the new password"

    def login(self, port, password):
        answers = [call(port, "POST", "/login", {"email": email, "password": password}) for email in self.spellings()]
        return next((answer for answer in answers if answer[0] in (200, 204)), answers[-1]) if len(answers) > 1 else answers[0]

    def spellings(self):
        return ["Ann@example.com"]

    @staticmethod
    def mails(folder, count):
        for _ in range(600):
            files = sorted((folder / "mail").glob("*.json")) if (folder / "mail").exists() else []
            if len(files) >= count:
                mails = [json.loads(file.read_text()) for file in files]
                assert len(mails) == count, [mail["subject"] for mail in mails]
                return mails
            time.sleep(0.1)
        raise AssertionError(f"{count} mails were expected: {(folder / 'keyturn.log').read_text()}")


class FastAPI(App):
    def login(self, port, password):
        status, text, cookie = call(port, "POST", "/login", {"email": "Ann@example.com", "password": password})
        return (200 if status == 204 else status), text, cookie


def has(*command):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def apps():
    example = lambda name: str(ROOT / "examples" / name)
    python = sys.executable
    yield App("django", [python, example("django/app.py")], {"preset": "django"}, [("auth_user", "password")], ends=True)
    yield App("flask", [python, example("flask/app.py")], {"preset": "flask"}, [("user", "password_hash")], ends=True)
    # Argon2 needs a library that is not everywhere; FastAPI-Users reads bcrypt too.
    yield FastAPI("fastapi-users", [python, example("fastapi/app.py")], {"preset": "fastapi-users"}, [("user", "hashed_password")],
                  ends=False, more={} if os.environ.get("ARGON2") else {"scheme": "bcrypt"})
    yield App("laravel (its table, PHP's password_hash)", ["php", "-S", "127.0.0.1:PORT", example("laravel/app.php")], {"preset": "laravel"},
              [("users", "password"), ("users", "remember_token"), ("users", "updated_at")]
              + [("sessions", column) for column in ("id", "user_id", "ip_address", "user_agent", "payload", "last_activity")
                 if column not in ("ip_address", "user_agent")],
              ends=True, missing=None if has("php", "-r", "exit(extension_loaded('pdo_sqlite') ? 0 : 1);") else "PHP with pdo_sqlite")
    ruby = None if has("ruby", "-e", "require 'active_record'; require 'bcrypt'; require 'sqlite3'; require 'webrick'") else "Ruby with ActiveRecord, bcrypt, sqlite3 and WEBrick"
    yield App("rails (has_secure_password)", ["ruby", example("rails/app.rb")], {"preset": "rails-secure-password"},
              [("users", "password_digest"), ("users", "updated_at")], ends=True, missing=ruby)
    devise = ruby or (None if has("ruby", "-e", "require 'rails'; require 'devise'; require 'devise/encryptor'") else "Ruby with Devise")
    yield App("devise", ["ruby", example("rails/app.rb")], {"preset": "devise"},
              [("users", "encrypted_password"), ("users", "updated_at")], ends=True, missing=devise,
              environment={"DEVISE": "1", "PEPPER": PEPPER}, more={"pepper": PEPPER})
    yield App("express (users.source = http, Node)", ["node", example("express/app.js")], {"source": "http"}, [], ends=True,
              missing=None if has("node", "--version") else "Node")
    yield App("wordpress", [], {}, [], ends=True, missing="WordPress and MariaDB: checked against its published schema only")


def main():
    failed, skipped = [], []
    for app in apps():
        if sys.argv[2:] and not any(app.name.startswith(name) for name in sys.argv[2:]):
            continue
        if app.missing:
            skipped.append(app.name)
            print(f"not run   {app.name}: there is no {app.missing}", flush=True)
            continue
        try:
            app.run()
            print(f"ok        {app.name}", flush=True)
        except (AssertionError, OSError, StopIteration) as error:
            failed.append(app.name)
            print(f"FAILED    {app.name}: {error}", flush=True)
    if failed:
        sys.exit(1)


main()
