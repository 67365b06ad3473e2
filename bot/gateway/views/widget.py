"""The widget's files, for pages of any origin."""

from __future__ import annotations

from aiohttp import web

from bot.gateway.services import SERVICES
from bot.widget.assets import ENTRY, Asset

_FOR_GOOD = "public, max-age=31536000, immutable"
_CHECK = "no-cache"  # kept, but asked about each time


def add_widget(app: web.Application) -> None:
    """Register the entry and the modules."""
    app.router.add_get(f"/{ENTRY}", _entry)
    app.router.add_get("/widget/{version}/{name}", _module)


async def _entry(request: web.Request) -> web.Response:
    return _answer(request, request.app[SERVICES].widget.entry, _CHECK)


async def _module(request: web.Request) -> web.Response:
    widget = request.app[SERVICES].widget
    asset = widget.modules.get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound
    # Another release's address (a gateway being replaced): the files at hand will do, but nobody may keep them.
    current = request.match_info["version"] == widget.version
    return _answer(request, asset, _FOR_GOOD if current else "no-store")


def _answer(request: web.Request, asset: Asset, caching: str) -> web.Response:
    headers = {
        "Cache-Control": caching,
        "ETag": asset.etag,
        "Vary": "Accept-Encoding, Origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("If-None-Match") == asset.etag:
        return web.Response(status=304, headers=headers)
    compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return web.Response(
        body=asset.gzipped if compressed else asset.content,
        content_type="text/javascript",
        charset="utf-8",
        headers=headers,
    )
