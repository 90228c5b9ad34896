"""A mail by each carrier, end to end.

    check.py KEYTURN
"""
import base64, email, email.policy, http.server, json, os, pathlib, signal, socketserver, ssl, subprocess, sys, tempfile, threading, urllib.parse

from service import Service, until

keyturn = os.path.abspath(sys.argv[1])
top = pathlib.Path(__file__).resolve().parents[2]
work = pathlib.Path(tempfile.mkdtemp(prefix="keyturn-carriers-"))


class SMTP(socketserver.ThreadingTCPServer):
    """An SMTP server (RFC 5321): takes mail, with STARTTLS and AUTH where it has a certificate; `refusals` are answers to RCPT."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, context=None):
        self.context, self.mails, self.refusals = context, [], []
        super().__init__(("127.0.0.1", 0), Talk)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Talk(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 localhost ESMTP")
        envelope = {}
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            if verb == "EHLO":
                more = ["8BITMIME"] + (["STARTTLS", "AUTH PLAIN LOGIN"] if self.server.context else [])
                for word in more:
                    self.say("250-" + word)
                self.say("250 SIZE 1000000")
            elif verb == "STARTTLS":
                self.say("220 go on")
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
                self.setup()
            elif verb == "AUTH":
                self.say("235 known")
            elif verb == "RCPT" and self.server.refusals:
                self.say(self.server.refusals.pop(0))
            elif verb in ("MAIL", "RCPT"):
                envelope[verb] = rest
                self.say("250 fine")
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b".") else line)
                self.server.mails.append((dict(envelope), b"".join(lines)))
                self.say("250 taken")
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 fine")


def look(raw, link_at):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects and not any(part.defects for part in mail.walk())
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    link = next(line.strip() for line in text.split("\n") if "/reset-password?token=" in line)
    assert link.startswith(link_at) and link in html
    assert mail["To"].addresses[0].addr_spec == "ann@example.com"
    assert mail["From"].addresses[0].addr_spec == "no-reply@example.org"
    assert mail["From"].addresses[0].display_name.startswith("Müller & Söhne"), mail["From"]
    assert mail["Auto-Submitted"] == "auto-generated" and mail["X-Auto-Response-Suppress"] == "All" and mail["X-Entity-Ref-ID"]
    return mail


def by_msmtp():
    server = SMTP()
    command = ["/usr/bin/msmtp", "--host=127.0.0.1", f"--port={server.server_address[1]}", "--from=bounce@example.org"]
    with Service(
        keyturn, KEYTURN_MAIL_PROVIDER="sendmail", KEYTURN_MAIL_SENDMAIL_COMMAND=json.dumps(command)) as service:
        service.command("user", "add", "ann@example.com")
        assert "accepted by sendmail, message id <" in service.command("mail", "test", "op@example.com")
        assert service.post("/forgot-password", email="ann@example.com") == 202
        until(lambda: len(server.mails) == 2, "two mails by msmtp")
        envelope, raw = server.mails[1]
        assert envelope["MAIL"].startswith("FROM:<bounce@example.org>") and envelope["RCPT"].startswith("TO:<ann@example.com>")
        assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
        mail = look(raw, "http://localhost:8080/")
        assert mail["Date"].datetime and mail["Message-ID"].endswith("@example.org>")
        (work / "msmtp.eml").write_bytes(raw)
        server.refusals.append("550 5.1.1 no such user ann@example.com")
        service.post("/forgot-password", email="ann@example.com")
        shown = until(
            lambda: "EX_DATAERR" in (shown := service.command("user", "show", "ann@example.com")) and shown, "the refusal")
        assert "5.1.1 no such user (address)" in shown, shown
    server.shutdown()
    print("msmtp: two mails taken and read by Python's email, one refused")


class API(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status = self.server.answers.pop(0) if self.server.answers else 200
        words = b'{"message": "made for this check"}'
        self.send_response(status)
        self.send_header("content-length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_):
        pass


def api():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), API)
    server.requests, server.answers = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def by_hook(name, settings, count, answers):
    """Through the receiver of `examples/carriers`: a test mail, then a letter with a link; the provider first says 503 to it."""
    secret = subprocess.check_output([keyturn, "secret", "generate", "--webhook"], text=True).strip()
    receiver = subprocess.Popen(
        [sys.executable, str(top / f"examples/carriers/{name}.py")], text=True, stdout=subprocess.PIPE,
        env={**os.environ, "KEYTURN_SECRET": secret, "PORT": "0", **settings})
    try:
        url = receiver.stdout.readline().split()[-1]
        with Service(
            keyturn, KEYTURN_MAIL_PROVIDER="hook", KEYTURN_MAIL_HOOK_URL=url + "/mail", KEYTURN_MAIL_HOOK_SECRET=secret
        ) as service:
            service.command("user", "add", "ann@example.com")
            assert "accepted by hook" in service.command("mail", "test", "op@example.com")
            answers()
            assert service.post("/forgot-password", email="ann@example.com") == 202
            until(lambda: count() >= 3, f"a test mail, an attempt and a mail by {name}")
            until(lambda: "delivered" in service.command("user", "show", "ann@example.com"), "the delivery")
        wrong = Service(
            keyturn, KEYTURN_MAIL_PROVIDER="hook", KEYTURN_MAIL_HOOK_URL=url,
            KEYTURN_MAIL_HOOK_SECRET="whsec_" + base64.b64encode(b"x" * 32).decode())
        done = subprocess.run(
            [keyturn, "mail", "test", "op@example.com"], env=wrong.environment, text=True, capture_output=True)
        assert done.returncode == 1 and "401: no signature is right" in done.stderr, done.stderr
    finally:
        receiver.terminate()
        receiver.wait()


def link_in(text):
    return next(line for line in text.split("\n") if line.startswith("http://localhost:8080/reset-password?token="))


def by_postmark():
    server, url = api()
    by_hook("postmark", {"POSTMARK_URL": url, "POSTMARK_TOKEN": "pm"}, lambda: len(server.requests), lambda: server.answers.append(503))
    path, headers, body = server.requests[2]
    mail = json.loads(body)
    assert path == "/email" and headers["x-postmark-server-token"] == "pm"
    assert mail["To"] == "ann@example.com" and mail["TrackLinks"] == "None" and mail["TrackOpens"] is False
    assert link_in(mail["TextBody"]) in mail["HtmlBody"] and {"Name": "Auto-Submitted", "Value": "auto-generated"} in mail["Headers"]
    print("postmark: taken")


def by_resend():
    server, url = api()
    by_hook("resend", {"RESEND_URL": url, "RESEND_KEY": "re"}, lambda: len(server.requests), lambda: server.answers.append(503))
    (_, first, _), (path, headers, body) = server.requests[1:3]
    mail = json.loads(body)
    assert path == "/emails" and headers["authorization"] == "Bearer re" and headers["idempotency-key"] == first["idempotency-key"]
    assert mail["to"] == ["ann@example.com"] and link_in(mail["text"]) in mail["html"]
    assert mail["headers"]["X-Auto-Response-Suppress"] == "All"
    print("resend: taken, with one idempotency key for both attempts")


def by_mailgun():
    server, url = api()
    by_hook(
        "mailgun", {"MAILGUN_URL": url, "MAILGUN_DOMAIN": "mg.example.org", "MAILGUN_KEY": "mg"}, lambda: len(server.requests),
        lambda: server.answers.append(503))
    path, headers, body = server.requests[2]
    mail = {name: value[0] for name, value in urllib.parse.parse_qs(body.decode()).items()}
    assert path == "/v3/mg.example.org/messages" and base64.b64decode(headers["authorization"].split()[1]) == b"api:mg"
    assert mail["to"] == "ann@example.com" and mail["o:tracking"] == "no" and mail["h:Auto-Submitted"] == "auto-generated"
    assert link_in(mail["text"]) in mail["html"]
    print("mailgun: taken")


def by_ses():
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", work / "key.pem", "-out", work / "ca.pem"],
        check=True, stderr=subprocess.DEVNULL)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(work / "ca.pem", work / "key.pem")
    server = SMTP(context)
    refused = []

    def refuse():
        server.refusals.append("451 4.7.1 later")
        refused.append(1)

    by_hook(
        "ses", {"SES_HOST": "localhost", "SES_PORT": str(server.server_address[1]), "SES_USER": "u", "SES_PASSWORD": "p",
                "SES_CA_FILE": str(work / "ca.pem")}, lambda: len(server.mails) + len(refused), refuse)
    look(server.mails[1][1], "http://localhost:8080/")
    print("ses: taken over TLS")


def a_new_secret():
    """The receiver knows another secret: the sending stops and nothing is lost. A new one in the file, SIGHUP, and the mail goes out."""
    server, api_url = api()
    secret, other = (subprocess.check_output([keyturn, "secret", "generate", "--webhook"], text=True) for _ in range(2))
    file = work / "secret"
    file.write_text(other)
    receiver = subprocess.Popen(
        [sys.executable, str(top / "examples/carriers/postmark.py")], text=True, stdout=subprocess.PIPE,
        env={**os.environ, "KEYTURN_SECRET": secret.strip(), "PORT": "0", "POSTMARK_URL": api_url, "POSTMARK_TOKEN": "t"})
    try:
        url = receiver.stdout.readline().split()[-1]
        with Service(
            keyturn, KEYTURN_MAIL_PROVIDER="hook", KEYTURN_MAIL_HOOK_URL=url, KEYTURN_MAIL_HOOK_SECRET_FILE=str(file)
        ) as service:
            service.command("user", "add", "ann@example.com")
            service.post("/forgot-password", email="ann@example.com")
            until(lambda: service.status("/readyz") == 503, "the stopped sending")
            assert "no signature is right" in open(service.log).read() and not server.requests
            file.write_text(secret)
            service.process.send_signal(signal.SIGHUP)
            until(lambda: len(server.requests) == 1, "the mail after the new secret")
            until(lambda: service.status("/readyz") == 200, "readiness")
            log = open(service.log).read()
            assert "mail.hook.secret" in log and secret.strip() not in log and "example.com" not in log
    finally:
        receiver.terminate()
        receiver.wait()
    print("hook: stops for a wrong secret, goes on with the right one after SIGHUP")


for check in (a_new_secret, by_msmtp, by_postmark, by_resend, by_mailgun, by_ses):
    check()
