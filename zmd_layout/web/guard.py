"""What the page lets in: its own origin, its own host, a token where it is public."""

from __future__ import annotations

import ipaddress
import secrets
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
_COOKIE = "zmd_token"
_LOCAL = {"localhost", "127.0.0.1", "::1", "testserver"}


def require_token(host: str, token: str | None) -> None:
    """
    Refuse to listen on a public address without a token.

    Raises
    ------
    StudyError
        If `host` is no loopback address and there is no token of at least 16 signs.
    """
    least = 16
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
    pointed at it.
    """

    async def check(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        refused = _refusal(request, token)
        response: Response = (
            await go_on(request)
            if refused is None
            else JSONResponse(
                {"error": refused[1].text(language_of(request))}, status_code=refused[0]
            )
        )
        for name, value in HEADERS.items():
            response.headers[name] = value
        if token is not None and request.query_params.get("token") == token:
            response.set_cookie(_COOKIE, token, httponly=True, samesite="strict")
        return response

    return check


def language_of(request: Request) -> Lang:
    """Give the language that a request names, `?lang=en`; Chinese where it names none."""
    return Lang.EN if request.query_params.get("lang") == Lang.EN else Lang.ZH


def _refusal(request: Request, token: str | None) -> tuple[int, Message] | None:
    if token is None and request.url.hostname not in _LOCAL:
        return 403, Message("web.foreign_host")
    if token is not None and not _has_token(request, token):
        return 401, Message("web.wrong_token")
    origin = request.headers.get("origin")
    if request.method != "GET" and (
        origin is None or urlsplit(origin).netloc != request.headers.get("host")
    ):
        return 403, Message("web.foreign_origin")
    size = request.headers.get("content-length", "0" if request.method == "GET" else "")
    if not size.isdigit() or int(size) > MOST_BYTES + _SLACK_BYTES:
        return 413, Message("web.too_large", most=MOST_BYTES >> 20)
    return None


def _has_token(request: Request, token: str) -> bool:
    given = request.query_params.get("token") or request.cookies.get(_COOKIE) or ""
    return secrets.compare_digest(given.encode(), token.encode())
