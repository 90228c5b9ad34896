"""Resend: RESEND_KEY is an API key. It takes a mail of one id once, even where an answer was lost."""
import json, os
from receiver import mailbox, post, run

URL = os.environ.get("RESEND_URL", "https://api.resend.com")

def send(mail, id):
    body = {
        "from": mailbox(mail["from"]), "to": [mail["to"]["email"]], "subject": mail["subject"], "text": mail["text"],
        "html": mail["html"], "headers": mail["headers"]}
    return post(URL + "/emails", json.dumps(body).encode(), {
        "Content-Type": "application/json", "Authorization": "Bearer " + os.environ["RESEND_KEY"],
        "Idempotency-Key": id})

run(send)
