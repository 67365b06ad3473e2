"""A plain page to try the chat as both sides at once, in development only, and the tokens that it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from aiohttp import web

from bot.gateway import encoding
from bot.gateway.operations import json_response
from bot.gateway.problems import Problem, invalid
from bot.gateway.schemas.common import Locale, PersonId, Request, Struct
from bot.gateway.services import SERVICES
from bot.gateway.tokens import mint

_STATIC = Path(__file__).resolve().parent.parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


class TokenWish(Request, kw_only=True):
    """Whom to be."""

    role: Literal["customer", "seller"]
    sub: PersonId
    locale: Locale | None = None


class TokenOut(Struct, kw_only=True):
    """A token for development."""

    token: str


def add_demo(app: web.Application) -> None:
    """Register the page, its two files and the token endpoint."""
    app.router.add_get("/", _file("demo.html", "text/html"))
    app.router.add_get("/demo.js", _file("demo.js", "text/javascript"))
    app.router.add_get("/demo.css", _file("demo.css", "text/css"))
    app.router.add_post("/demo/token", _token)


def _file(name: str, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    content = (_STATIC / name).read_bytes()

    async def serve(request: web.Request) -> web.Response:
        return web.Response(
            body=content, content_type=content_type, charset="utf-8", headers={"Content-Security-Policy": _POLICY}
        )

    return serve


async def _token(request: web.Request) -> web.Response:
    # A page elsewhere that points its own host name at this machine must not get tokens.
    if request.url.host not in _LOOPBACK and request.app[SERVICES].config.host in _LOOPBACK:
        raise Problem(403, "forbidden", "tokens are only minted for pages on this machine")
    try:
        wish = encoding.read_json(await request.read(), TokenWish)
    except encoding.Unreadable as error:
        raise invalid(error.field, error.detail) from None
    config = request.app[SERVICES].config
    token = mint(
        config.jwt_secret,
        audience=config.jwt_audience,
        issuer=config.jwt_issuer,
        role=wish.role,
        sub=wish.sub,
        locale=wish.locale,
    )
    return json_response(TokenOut(token=token))
