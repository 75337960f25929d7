"""What the page lets in: its own origin, its own host, a token where it is public."""

from __future__ import annotations

import ipaddress
import logging
import re
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse

from zmd_layout.errors import StudyError
from zmd_layout.layers.archives import MOST_BYTES
from zmd_layout.messages import Message
from zmd_layout.vocabulary import Lang

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request, Response

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_SLACK_BYTES = 1 << 20  # of the form around a file
MOST_ENTRY_BYTES = 20 << 20  # of plots and figures, which are no files
_TAKES_FILES = re.compile(r"/api/plots|/api/reviews/\d+/attachments")
_TOKEN = re.compile(r"[A-Za-z0-9_.~-]+")  # what an address and a cookie can carry
_MOST_GUESSES, _GUESSES_FORGOTTEN_S = 10, 60.0
_log = logging.getLogger("zmd_layout.web")
_COOKIE = "zmd_token"
_LOCAL = {"localhost", "127.0.0.1", "::1", "testserver"}


def require_token(host: str, token: str | None) -> None:
    """
    Refuse to listen on a public address without a token.

    Raises
    ------
    StudyError
        If `host` is no loopback address and there is no token of at least 16 signs, or the token
        has signs that an address cannot carry.
    """
    least = 16
    if token is not None and not _TOKEN.fullmatch(token):
        raise StudyError(Message("web.odd_token"))
    if not _is_loopback(host) and (token is None or len(token) < least):
        raise StudyError(Message("web.no_token", host=host, least=least))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def guard(
    *, token: str | None
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """
    Make the middleware that refuses foreign origins and hosts, missing tokens and large bodies.

    Without a token only names of this computer are answered, so that no other site's name can be
    pointed at it. A fault that nobody foresaw is an answer too, with the headers of every other.
    """
    guesses = _Guesses()

    async def check(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = _refusal(request, token, guesses)
        if refused is None:
            try:
                response = await go_on(request)
            except Exception:  # noqa: BLE001 - whatever it is, the page goes on
                _log.exception("%s %s", request.method, request.url.path)
                refused = 500, Message("web.fault")
        if refused is not None:
            text = refused[1].text(language_of(request))
            response = JSONResponse({"error": text}, status_code=refused[0])
        for name, value in HEADERS.items():
            response.headers[name] = value
        if token is not None and request.query_params.get("token") == token:
            response.set_cookie(_COOKIE, token, httponly=True, samesite="strict")
        return response

    return check


def language_of(request: Request) -> Lang:
    """Return the language that a request names, `?lang=en`; Chinese where it names none."""
    return Lang.EN if request.query_params.get("lang") == Lang.EN else Lang.ZH


class _Guesses:
    """Wrong tokens by the visitor's address; after some of them a minute passes unanswered."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def are_too_many(self, visitor: str) -> bool:
        count, since = self._seen.get(visitor, (0, 0.0))
        return count >= _MOST_GUESSES and time.monotonic() - since < _GUESSES_FORGOTTEN_S

    def note(self, visitor: str) -> None:
        now = time.monotonic()
        self._seen = {v: e for v, e in self._seen.items() if now - e[1] < _GUESSES_FORGOTTEN_S}
        self._seen[visitor] = (self._seen.get(visitor, (0, now))[0] + 1, now)


def _refusal(request: Request, token: str | None, guesses: _Guesses) -> tuple[int, Message] | None:
    if token is None and request.url.hostname not in _LOCAL:
        return 403, Message("web.foreign_host")
    if token is not None:
        visitor = request.client.host if request.client else ""
        if guesses.are_too_many(visitor):
            return 429, Message("web.many_guesses")
        given = request.query_params.get("token") or request.cookies.get(_COOKIE)
        if given is None or not secrets.compare_digest(_bytes(given), _bytes(token)):
            if given is not None:
                guesses.note(visitor)
            return 401, Message("web.wrong_token")
    origin = request.headers.get("origin")
    if request.method != "GET" and (
        origin is None or urlsplit(origin).netloc != request.headers.get("host")
    ):
        return 403, Message("web.foreign_origin")
    size = request.headers.get("content-length", "0" if request.method == "GET" else "")
    takes_files = _TAKES_FILES.fullmatch(request.url.path) is not None
    most = MOST_BYTES + _SLACK_BYTES if takes_files else MOST_ENTRY_BYTES
    if not size.isdecimal() or len(size) > len(str(most)) or int(size) > most:
        return 413, Message("web.too_large", most=most >> 20)
    return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
