"""Receivers of events, and what became of each event there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from actions.backend.webhook_types import GROUPS
from bot.gateway.schemas.common import Identifier, Request, Struct
from bot.gateway.schemas.events import Cursor

_END = r"(?![\s\S])"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?"
_PORT = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
Url = Annotated[
    str,
    Meta(
        max_length=1000,
        pattern=rf"^https?://(?:{_LABEL}(?:\.{_LABEL}){{0,9}}|\[[0-9A-Fa-f:.]{{2,45}}\])(?::{_PORT})?"
        rf"(?:/[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?{_END}",
        description="Where events are posted to. Without user and password; http only to private networks that are "
        "allowed by LOTSE_WEBHOOK_PRIVATE.",
        examples=["https://shop.example/hooks/lotse"],
    ),
]
TypePattern = Annotated[
    str,
    Meta(
        pattern=rf"^(?:\*|lotse\.(?:{'|'.join(GROUPS)})\.(?:\*|[a-z_]{{1,60}})){_END}",
        description="A type of event, all types of a group as `lotse.dispute.*`, or `*` for everything.",
        examples=["lotse.dispute.*", "lotse.notice.cancel_request"],
    ),
]
Types = Annotated[tuple[TypePattern, ...], Meta(min_length=1, max_length=50)]
Description = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,200}" + _END, description="For whoever reads the list.")
]


class WebhookPath(Request, kw_only=True):
    """Names a receiver."""

    id: Identifier


class DeliveryPath(Request, kw_only=True):
    """Names an event at a receiver."""

    id: Identifier
    seq: Annotated[int, Meta(ge=1, le=2**53 - 1)]


class NewWebhook(Request, kw_only=True):
    """A receiver to be. `after`: begin behind this event instead of with the next one; 0 sends everything."""

    url: Url
    types: Types = ("*",)
    description: Description = ""
    enabled: bool = True
    after: Cursor | None = None


class WebhookChange(Request, kw_only=True):
    """What is left out, or null, stays as it is. Enabled again, a receiver gets what it missed."""

    url: Url | None = None
    types: Types | None = None
    description: Description | None = None
    enabled: bool | None = None


class Rotation(Request, kw_only=True):
    """`keep_hours`: so long messages are signed with the old secrets as well; 0 ends them at once."""

    keep_hours: Annotated[int, Meta(ge=0, le=720)] = 24


class Replay(Request, kw_only=True):
    """Everything after this event is sent again; 0: everything there is."""

    after: Cursor


class DeliveriesQuery(Request, kw_only=True):
    """The newest events first; `before` an event, for the next page."""

    status: Literal["waiting", "delivered", "failed"] | None = None
    before: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class WebhookOut(Struct, kw_only=True):
    """A receiver. The feed up to `position`, of `last`, is delivered, not wanted, or among its deliveries.

    `disabled_reason`: operator, or gone (it answered 410). `waiting` and `failed` count deliveries. After `failures` in
    a row nothing is sent until `rest_until`. Old secrets sign as well until `old_secret_until`.
    """

    id: str
    url: str
    types: tuple[str, ...]
    description: str
    enabled: bool
    disabled_reason: str | None
    created_at: datetime
    position: int
    last: int
    waiting: int
    failed: int
    failures: int
    rest_until: datetime | None
    old_secret_until: datetime | None


class WebhookSecretOut(Struct, kw_only=True):
    """The receiver and its secret, which is shown this once."""

    webhook: WebhookOut
    secret: Annotated[str, Meta(pattern="^whsec_", description="For the library of Standard Webhooks.")]


class WebhooksOut(Struct, kw_only=True):
    """All receivers, the oldest first."""

    webhooks: tuple[WebhookOut, ...]


class TryOut(Struct, kw_only=True):
    """One try: the status of the answer, or a word for why there was none."""

    at: datetime
    response_status: int | None
    error: (
        Literal[
            "timeout",
            "connect_failed",
            "tls_failed",
            "name_unknown",
            "address_refused",
            "url_invalid",
            "connection_broken",
            "internal_error",
        ]
        | None
    )
    duration_ms: int


class DeliveryOut(Struct, kw_only=True):
    """An event at a receiver. `id` is the `webhook-id` it has at every try; `tries` are the last of `attempts`."""

    seq: int
    id: str
    type: str
    status: Literal["waiting", "delivered", "failed"]
    attempts: int
    next_try_at: datetime | None
    tries: tuple[TryOut, ...]


class DeliveriesOut(Struct, kw_only=True):
    """Deliveries, the newest event first; pass `next` as `before` to go on. null: there are no more."""

    deliveries: tuple[DeliveryOut, ...]
    next: int | None


class TestOut(Struct, kw_only=True):
    """What came of a test event; `delivered` when the receiver answered with 2xx."""

    id: str
    delivered: bool
    attempt: TryOut
