"""Rows of messages: written in bulk, read as the values handed out."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.orm import Session

from actions.backend.chat_tables import MessageRow
from actions.backend.chat_views import Author, MessageState, ReplyButton, StoredButton, StoredMessage
from actions.backend.columns import new_id
from actions.backend.prepared import Prepared
from actions.backend.tables import table

_table = table(MessageRow)
_LAST_FEW = 20
# Made once: to build a statement costs more than to run it, and these run every turn.
_MINE = _table.c.conversation_id == bindparam("conversation")
_INSERT = Prepared(insert(_table), _table.columns.keys())
_BUTTONS = Prepared(select(_table.c.buttons).where(_MINE, _table.c.seq == bindparam("number")))
_SAID = Prepared(
    select(_table.c.custom)
    .where(_MINE, _table.c.author == Author.ASSISTANT.value)
    .order_by(_table.c.seq.desc())
    .limit(_LAST_FEW)
)


def row(conversation_id: str, seq: int, author: Author, text: str, at: datetime, **values: Any) -> dict[str, Any]:
    """A message as a row, with the usual values for what is not given."""
    return {
        "conversation_id": conversation_id,
        "seq": seq,
        "id": new_id("M"),
        "author": author.value,
        "state": MessageState.ANSWERED.value,
        "text": text,
        "at": at,
        "client_id": None,
        "payload": None,
        "action": None,
        "in_reply_to": None,
        "waiting": False,
        "buttons": [],
        "custom": {},
        "last_seen_seq": 0,
        "attempts": 0,
        "outbox_id": None,
        "code": None,
        "order_id": None,
        "dispute_id": None,
        "handover_id": None,
        **values,
    }


def write(session: Session, rows: Sequence[dict[str, Any]]) -> list[StoredMessage]:
    """Insert the rows and return them as messages."""
    if rows:
        _INSERT.run(session, *rows)
    return [message(values) for values in rows]


def message(values: Mapping[Any, Any]) -> StoredMessage:
    """The message of a row."""
    return StoredMessage(
        id=values["id"],
        conversation_id=values["conversation_id"],
        seq=values["seq"],
        author=Author(values["author"]),
        text=values["text"],
        at=values["at"],
        state=MessageState(values["state"]),
        client_id=values["client_id"],
        payload=values["payload"],
        action=values["action"],
        in_reply_to=values["in_reply_to"],
        buttons=tuple(ReplyButton(button["title"], button["token"]) for button in values["buttons"]),
        custom=values["custom"],
        last_seen_seq=values["last_seen_seq"],
        attempts=values["attempts"],
        code=values["code"],
        order_id=values["order_id"],
        dispute_id=values["dispute_id"],
        handover_id=values["handover_id"],
    )


def messages(rows: Iterable[Row[Any]]) -> list[StoredMessage]:
    """The messages of selected rows."""
    return [message(found._asdict()) for found in rows]


def spoken_locale(session: Session, conversation_id: str) -> str | None:
    """The locale of the newest reply that has one, among the last few: sentences of the gateway have none."""
    said = _SAID.rows(session, {"conversation": conversation_id})
    locales = (row.custom.get("locale") for row in said)
    return next((locale for locale in locales if isinstance(locale, str)), None)


def tokens(seq: int, buttons: Sequence[ReplyButton]) -> list[dict[str, str]]:
    """The buttons of message `seq` with a new token each. The token leads to its message and cannot be guessed."""
    return [
        {"title": button.title, "token": f"{seq}.{secrets.token_urlsafe(12)}", "action": button.payload}
        for button in buttons
    ]


def button(session: Session, conversation_id: str, token: str) -> StoredButton | None:
    """The button that this token was made for in this conversation."""
    seq, _, rest = token.partition(".")
    if not (seq.isascii() and seq.isdigit() and rest and len(seq) < 10):
        return None
    asked = {"conversation": conversation_id, "number": int(seq)}
    for known in _BUTTONS.scalar(session, asked) or ():
        if secrets.compare_digest(known["token"].encode(), token.encode()):
            return StoredButton(known["title"], known["action"])
    return None
