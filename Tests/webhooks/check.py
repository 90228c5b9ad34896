"""An app that hears messages and checks each with the reference library of Standard Webhooks; everything that is told is brought
about through the binary's own doors, and the app answers 503 to each message the first time.

    check.py KEYTURN
"""
import glob, http.server, json, os, re, subprocess, sys, tempfile, threading, time, urllib.parse, urllib.request

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

keyturn = sys.argv[1]
work = tempfile.mkdtemp(prefix="keyturn-webhooks-")
old, new = (subprocess.check_output([keyturn, "secret", "generate", "--webhook"], text=True).strip() for _ in range(2))
heard, seen, problems = [], {}, []


class App(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            # Whichever of the two secrets the app knows, the library takes the message; and another one's it does not.
            message = Webhook(old).verify(body, dict(self.headers))
            assert Webhook(new).verify(body, dict(self.headers)) == message
            for changed in (body.replace(b"user_id", b"user_iD"), body + b" "):
                try:
                    Webhook(old).verify(changed, dict(self.headers))
                    problems.append("a changed body was taken")
                except WebhookVerificationError:
                    pass
        except Exception as error:
            problems.append(repr(error))
            message = {"type": "unreadable"}
        key = self.headers["webhook-id"]
        isFirst = key not in seen
        if seen.setdefault(key, message) != message:
            problems.append("a message changed between two attempts")
        if not isFirst:
            heard.append(message)
        self.send_response(503 if isFirst else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
threading.Thread(target=app.serve_forever, daemon=True).start()
environment = dict(
    os.environ, KEYTURN_SERVER_PORT="0", KEYTURN_ADMIN_PORT="0", KEYTURN_SERVER_PUBLIC_URL="http://localhost",
    KEYTURN_DATABASE_PATH=work + "/keyturn.sqlite", KEYTURN_SECRETS_STANDARD="webhooks-webhooks-webhooks-0123456789",
    KEYTURN_MAIL_PROVIDER="capture", KEYTURN_MAIL_CAPTURE_DIRECTORY=work + "/mail", KEYTURN_MAIL_FROM_NAME="Check",
    KEYTURN_MAIL_FROM_EMAIL="check@example.org", KEYTURN_PASSWORDS_SCRYPT_LOG_N="10", KEYTURN_MAIL_PER_ACCOUNT_BURST="2",
    KEYTURN_WEBHOOKS_URL=f"http://127.0.0.1:{app.server_port}/keyturn/", KEYTURN_WEBHOOKS_SECRET=f"{new},{old}",
    KEYTURN_LIMITS_PER_CLIENT_RATE="1000/s", KEYTURN_LIMITS_PER_CLIENT_BURST="1000")


def command(*words):
    return subprocess.check_output([keyturn, *words], env=environment, text=True)


def until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end or problems:
            sys.exit(f"not seen: {what}: {problems or heard}")
        time.sleep(0.05)


service = subprocess.Popen(
    [keyturn, "serve"], env=environment, text=True, stdout=subprocess.PIPE, stderr=open(work + "/log", "w"))
try:
    url = re.search(r"http://\S+", service.stdout.readline())[0]

    def post(path, **fields):
        request = urllib.request.Request(url + path, json.dumps(fields).encode(), {"Content-Type": "application/json"})
        return urllib.request.urlopen(request).status

    def mails():
        return glob.glob(work + "/mail/*.json")

    ann = command("user", "add", "Ann@example.com", "--external-id", "4711").strip()
    for number in (1, 2):
        assert post("/forgot-password", email="ann@example.com") == 202
        until(lambda: len(mails()) == number, f"letter {number}")
    post("/forgot-password", email="nobody@example.com")
    post("/forgot-password", email="ann@example.com")
    # A request that still waits when the password changes is dropped, and nothing is told of it.
    until(lambda: any(message["type"] == "reset.failed" for message in list(seen.values())), "the refusal of a third letter")
    text = json.load(open(max(mails(), key=os.path.getmtime)))["text"]
    token = re.search(r"token=([\w.-]+)", text)[1]
    assert post("/reset-password", token=token, password="a password nobody knows") == 200
    command("user", "revoke-links", "ann@example.com")
    until(lambda: len(heard) == 5, "five messages")
    time.sleep(0.5)
finally:
    service.terminate()
    service.wait()

told = sorted((message["type"], message["data"].get("cause")) for message in heard)
assert told == sorted([
    ("reset.requested", None), ("reset.requested", None), ("reset.failed", "throttled"), ("password.changed", None),
    ("links.revoked", "operator")]), told
assert all(m["data"]["user_id"] == ann and m["data"]["external_id"] == "4711"
           and m["data"]["email"] == "Ann@example.com" for m in heard), heard
assert not problems, problems
log = open(work + "/log").read()
assert old not in log and new not in log and "example.com" not in log
assert command("webhook", "status").startswith("0 queued, 0 failed")
print(f"{len(heard)} messages, each told twice and verified by the reference library")
