"""Which pages may use the gateway from a browser: the widget lives in pages of other origins.

A person is known by the bearer token that the page hands over, never by a cookie or an address, so a foreign page that
calls us could learn nothing that it could not learn without a browser. The list of origins is there all the same: a
token that leaked into another page is of no use in that page. It holds for the live connection as well, which no
browser protects. The marketplace's own calls (operator key) are for servers: no page of another origin may make them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from actions.backend.edge_settings import ANY_ORIGIN
from bot.gateway.problems import Problem
from bot.gateway.services import SERVICES

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FILES = "/widget"  # the same for everybody, and without any words of a person
_OPEN = ("/v1/chat/", "/v1/evidence/", _FILES)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-ID",
    "Access-Control-Max-Age": "86400",
}
_PLAIN_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,100}")


@web.middleware
async def allow(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflight requests and name the origins that may read; 403 ``origin_not_allowed`` for all others."""
    origin = request.headers.get("Origin")
    if origin is None or not request.path.startswith(_OPEN):
        return await handler(request)
    allowed = ANY_ORIGIN if request.path.startswith(_FILES) else request.app[SERVICES].config.origins
    if not _permitted(origin, request.host, allowed):
        log.info("request.origin_refused", origin=origin if _PLAIN_ORIGIN.fullmatch(origin) else "unreadable")
        detail = "pages of this origin may not use the chat (LOTSE_ORIGINS)"
        return Problem(HTTPStatus.FORBIDDEN, "origin_not_allowed", detail, headers={"Vary": "Origin"}).response()
    named = {"Access-Control-Allow-Origin": "*"} if ANY_ORIGIN[0] in allowed else _named(origin)
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={**named, **_PREFLIGHT})
    response = await handler(request)
    if not response.prepared:  # a WebSocket is under way already, and not subject to CORS
        for name, value in named.items():
            response.headers.setdefault(name, value)
        response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-ID"
    return response


def _permitted(origin: str, host: str, allowed: Collection[str]) -> bool:
    """Whether this origin is on the list, or our own. Proxies may speak HTTP to us, so only the host is compared."""
    return ANY_ORIGIN[0] in allowed or origin in allowed or urlsplit(origin).netloc == host


def _named(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
