"""Postmark: POSTMARK_TOKEN is the server's token."""
import json, os
from receiver import mailbox, post, run

URL = os.environ.get("POSTMARK_URL", "https://api.postmarkapp.com")

def send(mail, id):
    body = {
        "From": mailbox(mail["from"]), "To": mail["to"]["email"], "Subject": mail["subject"], "TextBody": mail["text"],
        "HtmlBody": mail["html"], "Headers": [{"Name": n, "Value": v} for n, v in mail["headers"].items()],
        "MessageStream": "outbound", "Tag": mail["kind"], "TrackOpens": False, "TrackLinks": "None"}
    return post(URL + "/email", json.dumps(body).encode(), {
        "Content-Type": "application/json", "Accept": "application/json",
        "X-Postmark-Server-Token": os.environ["POSTMARK_TOKEN"]})

run(send)
