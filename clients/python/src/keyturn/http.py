"""One request and its answer. Redirects are not followed: what is meant for one place reaches no other."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any, Dict, List, Optional

_ANSWER_BYTES_MAX = 1 << 20


class KeyturnError(Exception):
    """What keyturn refused, and why. `code` is stable and meant for programs; `detail` is a sentence for people.

    `status` is 0 and `code` is `unreachable` if no answer came.
    """

    def __init__(self, status: int, code: str, detail: str, errors: List[Dict[str, str]], retry_after: Optional[int]):
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        #: One a field: `{"field", "code", "detail"}`.
        self.errors = errors
        #: Seconds after which another attempt makes sense.
        self.retry_after = retry_after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Endpoint:
    """A server at `url`."""

    def __init__(self, url: str, timeout: float, context: Optional[ssl.SSLContext], token: Optional[str] = None):
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._token = token
        self._opener = urllib.request.build_opener(
            _NoRedirect(), urllib.request.HTTPSHandler(context=context or ssl.create_default_context()))

    def call(self, method: str, path: str, body: Optional[Dict[str, Any]] = None, token: Optional[str] = None) -> Any:
        """The answer's JSON; None if it has none. Raises KeyturnError for every status but 2xx."""
        headers = {"Accept": "application/json", "User-Agent": "keyturn-python/0.1.0"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        token = token or self._token
        if token:
            headers["Authorization"] = "Bearer " + token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return _json(answer.read(_ANSWER_BYTES_MAX))
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except (urllib.error.URLError, OSError) as error:
            raise KeyturnError(0, "unreachable", str(getattr(error, "reason", error)), [], None) from error


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _refusal(error: urllib.error.HTTPError) -> KeyturnError:
    problem = _json(error.read(_ANSWER_BYTES_MAX))
    problem = problem if isinstance(problem, dict) else {}
    wait = error.headers.get("Retry-After", "")
    return KeyturnError(
        error.code, str(problem.get("code") or "unknown"), str(problem.get("detail") or error.reason),
        [dict(each) for each in problem.get("errors") or []], int(wait) if wait.isdigit() else None)
