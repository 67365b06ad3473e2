"""Which pages may use the gateway from a browser: the widget lives in pages of other origins.

A person is known by the bearer token that the page hands over, never by a cookie or an address. A foreign page
that calls us therefore learns nothing that it could not learn without a browser, and any origin may call what the
widget needs. The marketplace's own calls (operator key) are for servers: no page may make them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_OPEN = ("/v1/chat/", "/v1/evidence/", "/widget")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}


@web.middleware
async def allow(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer preflight requests and name the origins that may read."""
    if "Origin" not in request.headers or not request.path.startswith(_OPEN):
        return await handler(request)
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return web.Response(status=204, headers={"Access-Control-Allow-Origin": "*", **_PREFLIGHT})
    response = await handler(request)
    if not response.prepared:  # a WebSocket is under way already, and not subject to CORS
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response
