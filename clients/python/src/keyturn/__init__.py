"""Client of keyturn, the self-hosted password-reset service.

    Keyturn, AsyncKeyturn              what a frontend does: forgot, check, reset, log in
    KeyturnAdmin, AsyncKeyturnAdmin    the user API, on the admin address
    verify_webhook                     what keyturn tells your app, checked
    UsersReceiver                      keyturn asks your app about users (users.source = http)
"""

from .client import Account, AsyncKeyturn, Keyturn, KeyturnError, Link, Session
from .admin import AsyncKeyturnAdmin, HandedLink, KeyturnAdmin, User
from .users import PasswordRefused, UserRecord, UsersReceiver, key_material
from .webhooks import WebhookRefused, sign_webhook, verify_webhook

__all__ = [
    "Account", "AsyncKeyturn", "AsyncKeyturnAdmin", "HandedLink", "Keyturn", "KeyturnAdmin", "KeyturnError", "Link",
    "PasswordRefused", "Session", "User", "UserRecord", "UsersReceiver", "WebhookRefused", "key_material",
    "sign_webhook", "verify_webhook",
]
__version__ = "0.1.0"
