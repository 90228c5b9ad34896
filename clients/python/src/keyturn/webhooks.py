"""Standard Webhooks (standardwebhooks.com): what keyturn signs, and how it is checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any, Iterable, Mapping, Optional, Union

Secrets = Union[str, Iterable[str]]


class WebhookRefused(Exception):
    """The message is not from keyturn, or too old. Answer 401 and do nothing."""


def verify_webhook(
    secrets: Secrets, headers: Mapping[str, str], body: bytes, *, tolerance: int = 300, now: Optional[float] = None
) -> Any:
    """The message's JSON, if one of the secrets (`whsec_…`) signed it within the last `tolerance` seconds.

    `body` is the raw body, before anything parsed it. The same `webhook-id` is the same message: handle it once.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    try:
        identifier, seconds = fields["webhook-id"], fields["webhook-timestamp"]
        given = fields["webhook-signature"].split(" ")
    except KeyError as missing:
        raise WebhookRefused(f"{missing.args[0]} is missing") from None
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 12:
        raise WebhookRefused("webhook-timestamp is no number")
    if abs((time.time() if now is None else now) - int(seconds)) > tolerance:
        raise WebhookRefused("webhook-timestamp is too far from now")
    signatures = [each.encode() for each in given if each.startswith("v1,")]
    for expected in sign_webhook(secrets, identifier, int(seconds), body).encode().split(b" "):
        if any(hmac.compare_digest(expected, each) for each in signatures):
            try:
                return json.loads(body)
            except ValueError:
                raise WebhookRefused("the body is no JSON") from None
    raise WebhookRefused("no signature is right")


def sign_webhook(secrets: Secrets, identifier: str, seconds: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature a secret."""
    texts = [secrets] if isinstance(secrets, str) else list(secrets)
    signed = f"{identifier}.{seconds}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.new(_key(text), signed, hashlib.sha256).digest()).decode() for text in texts)


def _key(text: str) -> bytes:
    try:
        return base64.b64decode(text[len("whsec_"):] if text.startswith("whsec_") else text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret is whsec_ and base64") from None
