"""Mailgun: MAILGUN_DOMAIN is the sending domain, MAILGUN_KEY its sending key; MAILGUN_URL is https://api.eu.mailgun.net in the EU."""
import base64, os, urllib.parse
from receiver import mailbox, post, run

URL = os.environ.get("MAILGUN_URL", "https://api.mailgun.net")

def send(mail, id):
    body = {
        "from": mailbox(mail["from"]), "to": mail["to"]["email"], "subject": mail["subject"], "text": mail["text"],
        "html": mail["html"], "o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no",
        "o:tag": mail["kind"], **{"h:" + name: value for name, value in mail["headers"].items()}}
    key = base64.b64encode(("api:" + os.environ["MAILGUN_KEY"]).encode()).decode()
    return post(f"{URL}/v3/{os.environ['MAILGUN_DOMAIN']}/messages", urllib.parse.urlencode(body).encode(), {
        "Authorization": "Basic " + key})

run(send)
