"""What stands before the first message, and the conversation as a file."""

from __future__ import annotations

from typing import Literal

from bot.gateway.schemas.common import Locale, Request, Struct


class PrivacyOut(Struct, kw_only=True):
    """What becomes of what is written; `url` is the marketplace's own notice, if it named one."""

    text: str
    url: str | None


class WelcomeOut(Struct, kw_only=True):
    """To be shown before the first message. `automated`: this is a machine, and `text` says so.

    `starts` are sentences to begin with. `desk`: how the people are called that one can be handed over to, if any.
    """

    locale: Locale
    automated: Literal[True]
    who: str
    text: str
    privacy: PrivacyOut
    starts: tuple[str, ...]
    desk: str | None


class TranscriptQuery(Request, kw_only=True):
    """As plain text, or as a page that can be printed."""

    format: Literal["text", "html"] = "text"
