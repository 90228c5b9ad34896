"""The user API, for apps whose users live in keyturn's own store."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any, Dict, Optional
from urllib.parse import quote

from .http import Endpoint


@dataclass(frozen=True)
class User:
    """An account as the user API shows it. No answer holds a password hash."""

    external_id: Optional[str]
    email: str
    #: The whole answer.
    fields: Dict[str, Any]


@dataclass(frozen=True)
class HandedLink:
    """A reset link in your hands: whoever has it sets the password."""

    link: str
    expires_at: str


class KeyturnAdmin:
    """keyturn at its admin address (`admin.host`, `admin.port`), with one of `admin.token`."""

    def __init__(self, url: str, token: str, *, timeout: float = 15.0, context: Optional[ssl.SSLContext] = None):
        self._endpoint = Endpoint(url, timeout, context, token)

    def put_user(
        self, external_id: str, email: str, *, verified: Optional[bool] = None, password_hash: Optional[str] = None,
        disabled: Optional[bool] = None,
    ) -> User:
        """Creates or changes the account of your id. What is None stays as it is; a new account is unverified."""
        body = {"email": email, "verified": verified, "password_hash": password_hash, "disabled": disabled}
        return self._user(self._call("PUT", external_id, "", {k: v for k, v in body.items() if v is not None}))

    def get_user(self, external_id: str) -> User:
        return self._user(self._call("GET", external_id))

    def delete_user(self, external_id: str) -> None:
        """Erases the account: no live row names the person afterwards."""
        self._call("DELETE", external_id)

    def invite(self, external_id: str) -> None:
        """Mails an invitation to an account that has no password (else `has_password`)."""
        self._call("POST", external_id, "/invite")

    def expire(self, external_id: str) -> None:
        """The password no longer logs in; sessions end."""
        self._call("POST", external_id, "/expire")

    def revoke_links(self, external_id: str) -> None:
        self._call("POST", external_id, "/revoke-links")

    def mail(self, external_id: str) -> None:
        """Mails a reset link."""
        self._call("POST", external_id, "/mail")

    def link(self, external_id: str) -> HandedLink:
        """A reset link for you to hand over (`not_found` unless `admin.links` is true)."""
        answer = self._call("POST", external_id, "/link")
        return HandedLink(answer["link"], answer["expires_at"])

    def _call(self, method: str, external_id: str, verb: str = "", body: Optional[Dict[str, Any]] = None) -> Any:
        return self._endpoint.call(method, f"/users/{quote(external_id, safe='')}{verb}", body)

    @staticmethod
    def _user(answer: Any) -> User:
        fields = answer if isinstance(answer, dict) else {}
        return User(fields.get("external_id"), str(fields.get("email", "")), fields)


class AsyncKeyturnAdmin:
    """The same for asyncio; each request runs in a thread of the loop's pool."""

    def __init__(self, url: str, token: str, *, timeout: float = 15.0, context: Optional[ssl.SSLContext] = None):
        self._sync = KeyturnAdmin(url, token, timeout=timeout, context=context)

    async def put_user(
        self, external_id: str, email: str, *, verified: Optional[bool] = None, password_hash: Optional[str] = None,
        disabled: Optional[bool] = None,
    ) -> User:
        return await asyncio.to_thread(
            self._sync.put_user, external_id, email, verified=verified, password_hash=password_hash, disabled=disabled)

    async def get_user(self, external_id: str) -> User:
        return await asyncio.to_thread(self._sync.get_user, external_id)

    async def delete_user(self, external_id: str) -> None:
        await asyncio.to_thread(self._sync.delete_user, external_id)

    async def invite(self, external_id: str) -> None:
        await asyncio.to_thread(self._sync.invite, external_id)

    async def expire(self, external_id: str) -> None:
        await asyncio.to_thread(self._sync.expire, external_id)

    async def revoke_links(self, external_id: str) -> None:
        await asyncio.to_thread(self._sync.revoke_links, external_id)

    async def mail(self, external_id: str) -> None:
        await asyncio.to_thread(self._sync.mail, external_id)

    async def link(self, external_id: str) -> HandedLink:
        return await asyncio.to_thread(self._sync.link, external_id)
