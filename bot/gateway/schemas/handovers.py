"""Handovers as the support desk sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from bot.gateway.schemas.chat import MessageText
from bot.gateway.schemas.common import Identifier, Locale, Request, Role, Struct
from bot.gateway.schemas.events import Cursor

AgentName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        pattern=r"^[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*(?![\s\S])",
        description="How the person sees who writes to them.",
        examples=["Jana"],
    ),
]


class HandoverPath(Request, kw_only=True):
    """Names a handover."""

    id: Identifier


class HandoversQuery(Request, kw_only=True):
    """Handovers after number `after`, at most `limit`: all, or those of a status; `open` is waiting and active."""

    status: Literal["open", "waiting", "active", "closed"] | UnsetType = UNSET
    after: Cursor = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class TalkQuery(Request, kw_only=True):
    """What was written after message number `after`, at most `limit`."""

    after: Cursor = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 200


class PersonOut(Struct, kw_only=True):
    """Who wants to talk; `locale` is the language they are addressed in (de, de-formal, en)."""

    role: Role
    id: str
    name: str | None
    locale: Locale


class OrderNamed(Struct, kw_only=True):
    """The order that was talked about last."""

    id: str
    title: str


class HandoverOut(Struct, kw_only=True):
    """A handover; instants are real time. `words`: the wish as the person wrote it. `agent`: who answered last.

    `heard_at`: the desk's last sign; it becomes the assistant's again some time after that.
    """

    id: str
    number: int
    conversation_id: str
    status: Literal["waiting", "active", "closed"]
    scope: Literal["summary", "conversation"]
    person: PersonOut
    order: OrderNamed | None
    words: str | None
    requested_at: datetime
    answered_at: datetime | None
    heard_at: datetime
    agent: str | None
    closed_at: datetime | None
    closed_by: Literal["person", "desk", "silence"] | None


class HandoversOut(Struct, kw_only=True):
    """Handovers in the order of their requests; pass `next` as `after` to go on."""

    handovers: tuple[HandoverOut, ...]
    next: int


class DeskMessage(Struct, kw_only=True):
    """A message as the desk sees it."""

    seq: int
    author: Literal["person", "assistant", "notice", "agent"]
    text: str
    at: datetime
    agent: str | None


class HandoverDetail(Struct, kw_only=True):
    """A handover with everything that the person agreed to, and the talk since.

    `sentence`: what they read and said yes to. `agreed`: the messages from before that it names, none in the scope
    `summary`. `messages`: the talk; pass `next` as `after` to go on.
    """

    handover: HandoverOut
    sentence: str
    agreed: tuple[DeskMessage, ...]
    messages: tuple[DeskMessage, ...]
    next: int


class AgentIn(Request, kw_only=True):
    """Somebody of the desk."""

    name: AgentName


class AgentMessageIn(Request, kw_only=True):
    """What the desk writes to the person."""

    agent: AgentIn
    text: MessageText


class AgentMessageOut(Struct, kw_only=True):
    """The message as it stands in the conversation. `replayed`: this key had written it before."""

    message: DeskMessage
    replayed: bool
    handover: HandoverOut
