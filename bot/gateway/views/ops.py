"""How things stand, read only: for whoever is on call, and the page that shows it to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from actions.backend.overview import Backlog
from actions.wording import Wording
from bot.gateway.encoding import utc, utc_or_none
from bot.gateway.permission import OperatorCall
from bot.gateway.schemas import ops as schemas
from bot.gateway.services import SERVICES
from bot.gateway.views.health import parts_of

_FOLDER = Path(__file__).resolve().parents[2] / "ops"
_PREFIX = "ops_"
_LOCALES = {"de": "de-formal", "en": "en"}  # colleagues are addressed formally
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


async def get_overview(call: OperatorCall, query: schemas.OverviewQuery) -> schemas.OverviewOut:
    """What is open by its deadline, what was refused lately, what waits and for how long, and which part is down."""
    backend = call.services.backend
    since = datetime.now(UTC) - timedelta(hours=query.hours)
    standing, work, refused, webhooks, parts = await asyncio.gather(
        backend.overview.standing(),
        backend.overview.open_work(query.limit),
        backend.refusals.recent(since, query.limit),
        backend.webhooks.health(),
        parts_of(call.services),
    )
    overdue = standing.overdue_since
    return schemas.OverviewOut(
        at=utc(standing.at),
        parts=parts,
        outbox=_backlog(standing.outbox),
        messages=_backlog(standing.messages),
        webhooks=schemas.WebhooksOut(
            endpoints=webhooks.endpoints,
            disabled=webhooks.disabled,
            waiting=webhooks.waiting,
            failing=webhooks.failing,
            oldest_at=utc_or_none(webhooks.oldest_at),
        ),
        sweeper_lag_seconds=(standing.at - overdue).total_seconds() if overdue else 0.0,
        open_disputes=sum(standing.open_disputes.values()),
        disputes=tuple(
            schemas.OpenDisputeOut(
                id=dispute.id,
                order_id=dispute.order_id,
                kind=dispute.kind,  # type: ignore[arg-type]
                filed_by=dispute.filed_by,  # type: ignore[arg-type]
                opened_at=utc(dispute.opened_at),
                due_at=utc_or_none(dispute.due_at),
                overdue=dispute.due_at is not None and dispute.due_at < work.now,
            )
            for dispute in work.disputes
        ),
        open_appeals=standing.open_appeals,
        appeals=tuple(
            schemas.OpenAppealOut(
                id=appeal.id,
                subject_id=appeal.subject_id,
                type=appeal.type,
                filed_at=utc_or_none(appeal.filed_at),
                closes_at=utc_or_none(appeal.closes_at),
            )
            for appeal in work.appeals
        ),
        refusals_since=since,
        refusals=tuple(
            schemas.RefusedOut(
                rule=one.rule,
                code=one.code,
                command=one.command,
                count=one.count,
                last_at=utc(one.last_at),
                last_subject=one.last_subject,
            )
            for one in refused
        ),
    )


def _backlog(backlog: Backlog) -> schemas.BacklogOut:
    return schemas.BacklogOut(
        waiting=backlog.waiting,
        failing=backlog.failing,
        oldest_at=utc_or_none(backlog.oldest_at),
        oldest_seconds=backlog.age.total_seconds(),
    )


def add_page(app: web.Application) -> None:
    """Register the page and its files. They are the same for everybody: what they show needs the operator key."""
    for path, name, kind in (
        ("/ops", "index.html", "text/html"),
        ("/ops/ops.js", "ops.js", "text/javascript"),
        ("/ops/tables.js", "tables.js", "text/javascript"),
        ("/ops/ops.css", "ops.css", "text/css"),
        ("/ops/icon.svg", "../widget/demo/icon.svg", "image/svg+xml"),
    ):
        app.router.add_get(path, _file((_FOLDER / name).read_bytes(), kind))
    app.router.add_get("/ops/texts.js", _texts)


def _file(content: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        return _answer(content, kind)

    return serve


async def _texts(request: web.Request) -> web.Response:
    return _answer(texts(request.app[SERVICES].wording), "text/javascript")


def texts(wording: Wording) -> bytes:
    """What the page says, as a module."""
    names = sorted(name for name in wording.texts if name.startswith(_PREFIX))
    said = {
        language: {name.removeprefix(_PREFIX): wording.texts[name][locale] for name in names}
        for language, locale in _LOCALES.items()
    }
    return f"export default {json.dumps(said, ensure_ascii=False)};\n".encode()


def _answer(content: bytes, kind: str) -> web.Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)
