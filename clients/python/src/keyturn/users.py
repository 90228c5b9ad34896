"""`users.source = http`: keyturn asks your app about its users, and hands it new passwords."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from .webhooks import Secrets, WebhookRefused, sign_webhook, verify_webhook

Answer = Tuple[int, Dict[str, str], bytes]


@dataclass(frozen=True)
class UserRecord:
    id: str
    #: As it is stored: mail goes there.
    email: str
    verified: bool
    #: Changes with every password, and cannot be guessed: see key_material.
    key_material: str
    disabled: bool = False


class PasswordRefused(Exception):
    """The app's own rules refuse the password; the person sees `detail`, and the link stays good."""

    def __init__(self, detail: str, code: str = "password_rejected"):
        super().__init__(detail)
        self.code, self.detail = code, detail


def key_material(stored_hash: str) -> str:
    """SHA-256 of the stored password hash: enough for keyturn, and of no use for logging in."""
    return hashlib.sha256(stored_hash.encode()).hexdigest()


class UsersReceiver:
    """Turns keyturn's calls into calls of two functions of yours. Hand it each POST; send what it returns.

    `find(emails, ids)` returns the users that have one of the addresses (compare without case) or one of the ids.

    `change(id, if_key_material, password)` sets the password if the user's key_material is still the one given, as one
    conditional UPDATE, and returns whether it did. With `users.http.sends = hash` the third argument is a password hash.

    The answer to a `reset_id` is repeated for ten minutes, so a lost answer changes nothing twice. The memory is this
    process's; with several processes the conditional UPDATE alone keeps the promise, and a repeat is answered 409.
    """

    _REMEMBERED_SECONDS = 600
    _REMEMBERED_MAX = 10_000

    def __init__(
        self, secrets: Secrets, find: Callable[[Sequence[str], Sequence[str]], Iterable[UserRecord]],
        change: Callable[[str, str, str], bool],
    ):
        self._secrets = [secrets] if isinstance(secrets, str) else list(secrets)
        self._find, self._change = find, change
        self._answers: "OrderedDict[str, Tuple[float, int, Dict[str, Any]]]" = OrderedDict()
        self._lock = threading.Lock()

    def handle(self, headers: Mapping[str, str], body: bytes, *, now: Optional[float] = None) -> Answer:
        """The status, the header fields and the body to answer with."""
        try:
            message = verify_webhook(self._secrets, headers, body, now=now)
        except WebhookRefused:
            return 401, {"Content-Type": "application/json"}, b"{}"
        data = message.get("data") or {}
        if message.get("type") == "users.find":
            status, answer = 200, self._found(data)
        elif message.get("type") == "password.change":
            status, answer = self._changed(data)
        else:
            status, answer = 400, {}
        identifier = {name.lower(): value for name, value in headers.items()}["webhook-id"]
        return self._signed(identifier, status, answer, now)

    def _found(self, data: Mapping[str, Any]) -> Dict[str, Any]:
        emails, ids = list(data.get("emails") or []), list(data.get("ids") or [])
        users: List[Dict[str, Any]] = []
        for user in self._find(emails, ids):
            record = {
                "id": user.id, "email": user.email, "verified": user.verified, "disabled": user.disabled,
                "key_material": user.key_material}
            asked = [each for each in emails if _same(each, user.email)] + [each for each in ids if each == user.id]
            users += [{"for": each, **record} for each in asked]
        return {"users": users}

    def _changed(self, data: Mapping[str, Any]) -> Tuple[int, Dict[str, Any]]:
        reset_id = str(data.get("reset_id"))
        # One at a time, so that a repeat that overtakes its first waits for that one's answer.
        with self._lock:
            remembered = self._answers.get(reset_id)
            if remembered and time.monotonic() - remembered[0] < self._REMEMBERED_SECONDS:
                return remembered[1], remembered[2]
            try:
                new = data.get("password", data.get("password_hash"))
                changed = self._change(str(data["id"]), str(data["if_key_material"]), str(new))
                status, answer = (200, {"changed": True}) if changed else (409, {"changed": False})
            except PasswordRefused as refused:
                return 422, {"errors": [{"code": refused.code, "detail": refused.detail}]}
            self._answers[reset_id] = (time.monotonic(), status, answer)
            while len(self._answers) > self._REMEMBERED_MAX:
                self._answers.popitem(last=False)
            return status, answer

    def _signed(self, identifier: str, status: int, answer: Dict[str, Any], now: Optional[float]) -> Answer:
        body = json.dumps(answer).encode()
        seconds = int(time.time() if now is None else now)
        return status, {
            "Content-Type": "application/json", "webhook-id": identifier, "webhook-timestamp": str(seconds),
            "webhook-signature": sign_webhook(self._secrets, identifier, seconds, body)}, body


def _same(a: str, b: str) -> bool:
    def lower(text: str) -> str:
        return "".join(chr(ord(c) | 32) if "A" <= c <= "Z" else c for c in text)

    return lower(a) == lower(b)
