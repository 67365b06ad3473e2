"""Tables of conversations and their messages. Instants here are real time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.backend.columns import BigNumber
from actions.backend.tables import Base

_UNCLAIMED = text("iss IS NULL")
_UNANSWERED = text("pending > 0")
_HANDED_OVER = text("handover_id IS NOT NULL")


class ConversationRow(Base):
    """A conversation and its lease: whoever holds the lease handles the messages, one after the other.

    `pending` counts the unanswered messages; the scan for left-over work reads nothing else.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("uq_conversations_identity", "role", "sub", "iss", unique=True),
        Index(
            "uq_conversations_unclaimed",
            "role",
            "sub",
            unique=True,
            sqlite_where=_UNCLAIMED,
            postgresql_where=_UNCLAIMED,
        ),
        Index("ix_conversations_unanswered", "retry_at", sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED),
        Index("ix_conversations_used_at", "used_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    iss: Mapped[str | None]
    role: Mapped[str]
    sub: Mapped[str]
    last_seq: Mapped[int]
    delivered_seq: Mapped[int]
    seen_seq: Mapped[int]
    pending: Mapped[int]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    used_at: Mapped[datetime]
    appeal_id: Mapped[str | None]
    """The appeal the conversation is about, to which an upload is attached."""
    handover_id: Mapped[str | None]
    """The handover that is open: while there is one, typed messages are for the support desk."""


class MessageRow(Base):
    """One message; `seq` counts within the conversation from 1 without gaps.

    `buttons` is a list of {title, token, action}: the token goes to the client, the action to Rasa when it comes back.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index("uq_messages_client_id", "conversation_id", "client_id", unique=True),
        Index("uq_messages_outbox_id", "outbox_id", unique=True),
        Index(
            "ix_messages_unanswered",
            "conversation_id",
            "seq",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_messages_handover_id_seq",
            *("handover_id", "seq"),
            sqlite_where=_HANDED_OVER,
            postgresql_where=_HANDED_OVER,
        ),
    )
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str]
    author: Mapped[str]
    state: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
    client_id: Mapped[str | None]
    payload: Mapped[str | None]
    action: Mapped[str | None]
    in_reply_to: Mapped[str | None]
    waiting: Mapped[bool]
    """Whether this is the sentence that says that the answer takes longer."""
    buttons: Mapped[list[dict[str, Any]]]
    custom: Mapped[dict[str, Any]]
    last_seen_seq: Mapped[int]
    attempts: Mapped[int]
    outbox_id: Mapped[int | None] = mapped_column(BigNumber)
    code: Mapped[str | None]
    order_id: Mapped[str | None]
    dispute_id: Mapped[str | None]
    handover_id: Mapped[str | None]
    """The handover that the message belongs to: the person's to the desk, the agent's answers, and its end."""
