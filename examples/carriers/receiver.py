"""Receives the mails of `mail.provider = hook`: checks the signature, hands each mail to a provider once, answers what the provider said.

A provider is ten lines: see postmark.py, resend.py, ses.py and mailgun.py, each run as `python3 postmark.py`. Put TLS in front, or listen
on this machine, where keyturn takes http too. Settings: KEYTURN_SECRET (whsec_…), PORT (8025), and the provider's own.
"""

import collections, http.server, os, pathlib, sys, threading, urllib.error, urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients/python/src"))
from keyturn import WebhookRefused, verify_webhook

BODY_BYTES_MAX, REMEMBERED_MAX = 1 << 20, 10_000


def post(url, body, headers):
    """What the provider answers: its status, its message id where it is a header, what it said."""
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=8) as answer:
            return answer.status, answer.read(2048)
    except urllib.error.HTTPError as error:
        return error.code, error.read(2048)
    except OSError as error:
        return 503, str(error).encode()


def mailbox(person):
    """`"Example" <no-reply@example.com>`"""
    name = person.get("name", "").replace("\\", "").replace('"', "")
    return f'"{name}" <{person["email"]}>' if name else person["email"]


def run(send):
    """`send(mail, id)` returns the provider's status and words. keyturn reads them as it reads SendGrid's: 2xx is delivered; 408, 429 and
    5xx come again; 400, 413, 415 and 422 are the mail's fault; 401, 403, 404 and 405 stop the sending until it works again."""
    secret, taken, lock = os.environ["KEYTURN_SECRET"], collections.OrderedDict(), threading.Lock()

    class Receiver(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_POST(self):
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > BODY_BYTES_MAX:
                self.close_connection = True
                return self.answer(413, b"")
            try:
                mail = verify_webhook(secret, self.headers, self.rfile.read(int(length)))
            except WebhookRefused as refused:
                return self.answer(401, str(refused).encode())
            identifier = self.headers["webhook-id"]
            with lock:
                # The provider took it, and our answer was lost: once is enough.
                if identifier in taken:
                    return self.answer(204, b"")
            status, words = send(mail, identifier)
            if 200 <= status < 300:
                with lock:
                    taken[identifier] = True
                    while len(taken) > REMEMBERED_MAX:
                        taken.popitem(last=False)
            self.answer(status, words)

        def answer(self, status, words):
            self.send_response(status)
            self.send_header("content-length", str(0 if status == 204 else len(words)))
            self.end_headers()
            if status != 204:
                self.wfile.write(words)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8025))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
