"""What a frontend does for its visitors."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Optional
from urllib.parse import quote

from .http import Endpoint, KeyturnError

__all__ = ["Account", "AsyncKeyturn", "Keyturn", "KeyturnError", "Link", "Session"]


@dataclass(frozen=True)
class Link:
    """A reset link that works."""

    expires_at: datetime


@dataclass(frozen=True)
class Session:
    access_token: str
    token_type: str
    #: Seconds.
    expires_in: int


@dataclass(frozen=True)
class Account:
    id: str
    external_id: Optional[str]
    email: str
    email_verified: bool


class Keyturn:
    """keyturn at its public URL. Every method raises KeyturnError if it is refused."""

    def __init__(self, url: str, *, timeout: float = 15.0, context: Optional[ssl.SSLContext] = None):
        self._endpoint = Endpoint(url, timeout, context)

    def forgot_password(self, email: str, *, return_to: Optional[str] = None, lang: Optional[str] = None) -> str:
        """Asks for a link. The answer is the same whether or not the address has an account."""
        body = {"email": email, "return_to": return_to}
        path = "/forgot-password" + (f"?lang={quote(lang)}" if lang else "")
        return self._message("POST", path, {key: value for key, value in body.items() if value is not None})

    def check_link(self, token: str) -> Link:
        """Whether the link works: raises `token_invalid` or `token_expired` if it does not. Uses nothing up."""
        answer = self._endpoint.call("GET", "/reset-password?token=" + quote(token, safe=""))
        return Link(datetime.fromisoformat(answer["expires_at"].replace("Z", "+00:00")))

    def reset_password(self, token: str, password: str, confirm_password: Optional[str] = None) -> str:
        """Sets the password. A refused one (`password_rejected`) leaves the link usable."""
        body = {"token": token, "password": password}
        if confirm_password is not None:
            body["confirm_password"] = confirm_password
        return self._message("POST", "/reset-password", body)

    def not_me(self, token: str) -> str:
        """Ends every open link of the account."""
        return self._message("POST", "/not-me", {"token": token})

    def login(self, email: str, password: str) -> Session:
        answer = self._endpoint.call("POST", "/login", {"email": email, "password": password})
        return Session(answer["access_token"], answer["token_type"], answer["expires_in"])

    def me(self, access_token: str) -> Account:
        answer = self._endpoint.call("GET", "/me", token=access_token)
        return Account(answer["id"], answer.get("external_id"), answer["email"], answer["email_verified"])

    def _message(self, method: str, path: str, body: Dict[str, Any]) -> str:
        return str((self._endpoint.call(method, path, body) or {}).get("message", ""))


class AsyncKeyturn:
    """The same for asyncio; each request runs in a thread of the loop's pool."""

    def __init__(self, url: str, *, timeout: float = 15.0, context: Optional[ssl.SSLContext] = None):
        self._sync = Keyturn(url, timeout=timeout, context=context)

    async def forgot_password(self, email: str, *, return_to: Optional[str] = None, lang: Optional[str] = None) -> str:
        return await asyncio.to_thread(self._sync.forgot_password, email, return_to=return_to, lang=lang)

    async def check_link(self, token: str) -> Link:
        return await asyncio.to_thread(self._sync.check_link, token)

    async def reset_password(self, token: str, password: str, confirm_password: Optional[str] = None) -> str:
        return await asyncio.to_thread(self._sync.reset_password, token, password, confirm_password)

    async def not_me(self, token: str) -> str:
        return await asyncio.to_thread(self._sync.not_me, token)

    async def login(self, email: str, password: str) -> Session:
        return await asyncio.to_thread(self._sync.login, email, password)

    async def me(self, access_token: str) -> Account:
        return await asyncio.to_thread(self._sync.me, access_token)
