"""Messages between a person and the assistant."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

from bot.gateway.schemas.common import Request, Struct, shown
from bot.gateway.schemas.events import Cursor

MAX_TEXT = 4000
MessageText = Annotated[
    str,
    Meta(
        # at least one character that is not white space
        min_length=1,
        max_length=MAX_TEXT,
        pattern=r"^[^\x00]*[^\x00\s][^\x00]*(?![\s\S])",
        description=f"What the person typed; text also when it begins with a slash. At most {MAX_TEXT} characters.",
        examples=["Mein Logo ist seit zwei Tagen überfällig, ich will stornieren"],
    ),
]
Payload = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,100}(?![\\s\\S])", description="What a button carried.")]


class MessagePost(Request, kw_only=True):
    """Something the person typed (`text`), or a button that they pressed (`payload`); `id` is the client's own."""

    id: UUID
    text: MessageText | None = None
    payload: Payload | None = None
    last_seen_seq: Annotated[
        Cursor | None, Meta(description="The last message on the person's screen; without it, the last one handed out.")
    ] = None

    def __post_init__(self) -> None:
        Request.__post_init__(self)
        if (self.text is None) == (self.payload is None):
            raise ValueError("Invalid value in `text`: exactly one of text and payload is needed")


def _only(given: str, other: str) -> dict[str, Any]:
    return {"properties": {given: {"type": "string"}, other: {"type": "null"}}, "required": [given]}


MessageIn = Annotated[
    MessagePost, Meta(extra_json_schema={"oneOf": [_only("text", "payload"), _only("payload", "text")]})
]


class ButtonOut(Struct, kw_only=True):
    """A button; `payload` is opaque, for this person and this purpose."""

    title: str
    payload: str


class MessageOut(Struct, kw_only=True):
    """A message of the conversation; further fields may come with it, such as `kind`.

    `id` of a person's own message is the client's; such a message also has `status`, answered or pending. A message of
    an `agent` has `agent` {name}; what belongs to a handover has `handover_id`.
    """

    id: str
    seq: int
    author: Literal["person", "assistant", "notice", "agent"]
    in_reply_to: str | None
    text: str
    buttons: tuple[ButtonOut, ...]
    at: datetime


Message = Annotated[dict[str, Any], shown(MessageOut)]


class PausedOut(Struct, kw_only=True):
    """The assistant pauses: what the person types goes to the support desk. `agent`: who of it answered last."""

    id: str
    status: Literal["waiting", "active"]
    desk: str
    agent: str | None


class Answer(Struct, kw_only=True):
    """What the assistant said. `pending`: a part is slow or down, the message is kept and will be answered.

    No messages and a `handover`: the message went to the support desk, whose answer comes as any other message.
    """

    status: Literal["answered", "pending"]
    messages: tuple[Message, ...]
    handover: PausedOut | None


class MessagesQuery(Request, kw_only=True):
    """The messages after number `after`, at most `limit`. Without any, wait up to `wait` seconds (8 at most)."""

    after: Cursor = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    wait: Annotated[int, Meta(ge=0, le=25)] = 0


class MessagesOut(Struct, kw_only=True):
    """Messages of all authors in order; pass `next` as `after` to go on."""

    messages: tuple[Message, ...]
    next: int
    handover: PausedOut | None


class SeenIn(Request, kw_only=True):
    """Everything up to number `seq` is on the person's screen."""

    seq: Cursor


class SeenOut(Struct, kw_only=True):
    """Up to where the person has seen the conversation, on any of their devices."""

    seen: int
