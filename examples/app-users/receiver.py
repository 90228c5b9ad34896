"""A reference for users.source = http, in Python's standard library: an app that keeps its accounts to itself and answers keyturn's two calls.

    APP_DATABASE=app.sqlite APP_PORT=8000 KEYTURN_USERS_SECRET=... python receiver.py

The table is `user (id INTEGER PRIMARY KEY, email TEXT, verified INTEGER, disabled INTEGER, hash TEXT)`.
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import secrets
import sqlite3
import time


def lowered(text):
    """A-Z only: a look-alike letter makes another address."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def signing_key(secret):
    return base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()


def signature(key, message_id, seconds, body):
    """Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`."""
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def is_signed(key, headers, body, now):
    seconds = headers.get("webhook-timestamp", "")
    if not seconds.isascii() or not seconds.isdigit() or abs(now - int(seconds)) > 300:
        return False
    expected = signature(key, headers.get("webhook-id", ""), seconds, body)
    return any(hmac.compare_digest(given.encode(), expected.encode()) for given in headers.get("webhook-signature", "").split(" "))


def hash_password(password, salt=None):
    salt = salt or secrets.token_urlsafe(16)
    key = hashlib.scrypt(password.encode(), salt=salt.encode(), n=16384, r=8, p=5, maxmem=64 << 20, dklen=32)
    return f"scrypt.{salt}.{key.hex()}"


def key_material(stored):
    """Changes with every password, and nobody can guess it. None if the account has no password."""
    return hashlib.sha256(stored.encode()).hexdigest() if stored else None


class Users:
    def __init__(self, path):
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("PRAGMA busy_timeout = 2000")
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS user (id INTEGER PRIMARY KEY, email TEXT NOT NULL, verified INTEGER NOT NULL DEFAULT 1,"
            " disabled INTEGER NOT NULL DEFAULT 0, hash TEXT)")
        # What became of each reset, so that a repeated call hears the same.
        self.database.execute("CREATE TABLE IF NOT EXISTS reset (id TEXT PRIMARY KEY, changed INTEGER NOT NULL, at INTEGER NOT NULL)")

    def find(self, emails, ids):
        rows = []
        for email in emails[:100]:
            rows += self.database.execute("SELECT * FROM user WHERE lower(email) = ?", (lowered(email),)).fetchall()
        for user in ids[:100]:
            if user.isascii() and user.isdigit():
                rows += self.database.execute("SELECT * FROM user WHERE id = ?", (int(user),)).fetchall()
        return [
            {"id": str(row[0]), "email": row[1], "verified": bool(row[2]), "disabled": bool(row[3]), "key_material": key_material(row[4])}
            for row in rows]

    def change(self, reset_id, user, if_key_material, password):
        # The slow part before the lock.
        new = hash_password(password)
        self.database.execute("BEGIN IMMEDIATE")
        try:
            told = self.database.execute("SELECT changed FROM reset WHERE id = ?", (reset_id,)).fetchone()
            if told:
                changed = bool(told[0])
            else:
                row = self.database.execute("SELECT hash FROM user WHERE id = ? AND NOT disabled", (user,)).fetchone()
                changed = row is not None and key_material(row[0]) == if_key_material
                if changed:
                    self.database.execute("UPDATE user SET hash = ? WHERE id = ?", (new, user))
                self.database.execute("DELETE FROM reset WHERE at < ?", (int(time.time()) - 600,))
                self.database.execute("INSERT INTO reset VALUES (?, ?, ?)", (reset_id, changed, int(time.time())))
            self.database.execute("COMMIT")
            return changed
        except BaseException:
            self.database.execute("ROLLBACK")
            raise


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 20))
        if not is_signed(self.server.key, self.headers, body, time.time()):
            return self.answer(401, {})
        call = json.loads(body)
        data = call["data"]
        if call["type"] == "users.find":
            return self.answer(200, {"users": self.server.users.find(data["emails"], data["ids"])})
        if call["type"] == "password.change":
            if len(data["password"]) < self.server.minimum:
                return self.answer(422, {"errors": [{"code": "too_short", "detail": f"Use at least {self.server.minimum} characters."}]})
            changed = self.server.users.change(data["reset_id"], data["id"], data["if_key_material"], data["password"])
            return self.answer(200 if changed else 409, {"changed": changed})
        self.answer(400, {})

    def answer(self, status, json_body):
        body = json.dumps(json_body).encode()
        seconds = str(int(time.time()))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("webhook-timestamp", seconds)
        self.send_header("webhook-signature", signature(self.server.key, self.headers.get("webhook-id", ""), seconds, body))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    # One thread: SQLite's connection is used by one at a time.
    server = http.server.HTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), Handler)
    server.key = signing_key(os.environ["KEYTURN_USERS_SECRET"])
    server.users = Users(os.environ["APP_DATABASE"])
    server.minimum = int(os.environ.get("APP_MINIMUM", "1"))
    server.serve_forever()


if __name__ == "__main__":
    main()
