"""Health and readiness."""

from __future__ import annotations

from typing import Literal

from bot.gateway.schemas.common import Struct


class HealthOut(Struct, kw_only=True):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class PartOut(Struct, kw_only=True):
    """One part; `detail` says what is wrong with it. `gateway` is named only while it is about to end."""

    name: Literal["gateway", "database", "rasa", "actions", "dispatcher", "sweeper", "answers", "live"]
    ok: bool
    detail: str


class ReadyOut(Struct, kw_only=True):
    """`ready` only when every part is."""

    ready: bool
    parts: tuple[PartOut, ...]
