"""Evidence that people upload, and calendars with their deadlines."""

from __future__ import annotations

from typing import Literal

from bot.gateway.schemas.appeals import EvidenceOut
from bot.gateway.schemas.chat import Message
from bot.gateway.schemas.common import Identifier, Request, Struct


class EvidencePath(Request, kw_only=True):
    """Names a piece of evidence."""

    id: Identifier


class Uploaded(Struct, kw_only=True):
    """The evidence, and what the assistant said to it, as for any other message."""

    evidence: EvidenceOut
    status: Literal["answered", "pending"]
    messages: tuple[Message, ...]
