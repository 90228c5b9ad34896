"""Walks the flow with a client that was generated from the OpenAPI document: `walk.py URL DIRECTORY-OF-MAILS`."""

import json
import pathlib
import sys
import time

from keyturn_client import Client
from keyturn_client.api.reset import forgot_password, not_me, open_reset_link, reset_password
from keyturn_client.api.session import login
from keyturn_client.models import (
    ForgotPassword, LinkStatus, Login, Message, NotMe, Problem, ResetPassword, Session,
)

ADDRESS = "bert@example.com"
PASSWORD = "several words in a row, 1"
PATIENCE_SECONDS = 30


def token(folder: pathlib.Path, known: set[str]) -> str:
    """That of the newest reset link which is not known yet; waits for it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for file in sorted(folder.glob("*.json"), reverse=True):
            for link in json.loads(file.read_text())["links"]:
                found = str(link).partition("/reset-password?token=")[2]
                if found and found not in known:
                    return found
        time.sleep(0.05)
    raise RuntimeError("no mail came")


def main(url: str, folder: pathlib.Path) -> None:
    with Client(base_url=url, headers={"Accept": "application/json"}) as client:
        refused = forgot_password.sync(client=client, body=ForgotPassword(email="no address"))
        assert isinstance(refused, Problem) and refused.code == "email_invalid", refused
        tokens: set[str] = set()
        for number in range(2):
            # Two links that are signed in the same second are the same.
            time.sleep(1.1 * number)
            asked = forgot_password.sync(client=client, body=ForgotPassword(email=ADDRESS), lang="de")
            assert isinstance(asked, Message), asked
            tokens.add(token(folder, tokens))
        first, second = tokens
        status = open_reset_link.sync(client=client, token=first)
        assert isinstance(status, LinkStatus) and status.status == "valid", status
        short = reset_password.sync(client=client, body=ResetPassword(token=first, password="short"))
        assert isinstance(short, Problem) and short.code == "password_rejected", short
        changed = reset_password.sync(client=client, body=ResetPassword(token=first, password=PASSWORD))
        assert isinstance(changed, Message), changed
        used = not_me.sync(client=client, body=NotMe(token=second))
        assert isinstance(used, Problem) and used.code == "token_invalid", used
        session = login.sync(client=client, body=Login(email=ADDRESS, password=PASSWORD))
        assert isinstance(session, Session) and session.token_type == "Bearer", session
    print("the generated client walked the flow")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
