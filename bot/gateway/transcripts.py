"""A conversation as a file for the person: plain text, or a page that can be printed. Their words, their zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from actions.backend import Author, StoredMessage
from actions.wording import Wording, spell
from bot.gateway.voice import Voice

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#17242b}"
    "h2{font-size:1rem;margin:2rem 0 .5rem;border-bottom:1px solid #d5dfe3}"
    "dl{margin:0}dt{font-weight:600;margin-top:.75rem}dt time{font-weight:400;color:#51646e}"
    "dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message: when (in the person's zone), who, what."""

    at: datetime
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """Writes conversations in somebody's language and zone. ``now``: real time."""

    wording: Wording
    voice: Voice
    now: datetime

    def text(self, messages: Iterable[StoredMessage]) -> str:
        """As plain text, the lines of a message indented."""
        parts = [self._say("transcript_title"), self._head(), ""]
        for day, lines in self._days(messages):
            parts += [f"== {spell.day(day, self.voice.locale)} ==", ""]
            for line in lines:
                parts += [f"{line.at:%H:%M}  {line.who}", *(f"    {part}" for part in line.text.splitlines()), ""]
        return "\n".join(parts)

    def html(self, messages: Iterable[StoredMessage]) -> str:
        """As a page of its own: no script, nothing from elsewhere."""
        title = escape(self._say("transcript_title"))
        parts = [
            f'<!doctype html><html lang="{spell.language(self.voice.locale)}"><head><meta charset="utf-8">',
            f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head>',
            f"<body><h1>{title}</h1><p>{escape(self._head())}</p>",
        ]
        for day, lines in self._days(messages):
            parts.append(f"<h2>{escape(spell.day(day, self.voice.locale))}</h2><dl>")
            for line in lines:
                time = f'<time datetime="{line.at.isoformat()}">{line.at:%H:%M}</time>'
                parts.append(f'<dt>{escape(line.who)} {time}</dt><dd dir="auto">{escape(line.text)}</dd>')
            parts.append("</dl>")
        return "\n".join([*parts, "</body></html>", ""])

    def _head(self) -> str:
        return self._say("transcript_head", at=self.now, zone=self.voice.zone)

    def _days(self, messages: Iterable[StoredMessage]) -> Iterator[tuple[date, list[Line]]]:
        zone = ZoneInfo(self.voice.zone)
        lines = [Line(m.at.astimezone(zone), self._who(m), m.text.strip()) for m in messages if m.text.strip()]
        for day in dict.fromkeys(line.at.date() for line in lines):
            yield day, [line for line in lines if line.at.date() == day]

    def _who(self, message: StoredMessage) -> str:
        agent: Mapping[str, str] | None = message.custom.get("agent")
        if message.author is Author.AGENT and agent:
            return self._say("transcript_by_agent", called=agent["name"])
        names = {
            Author.PERSON: "transcript_by_person",
            Author.ASSISTANT: "transcript_by_assistant",
            Author.NOTICE: "transcript_by_notice",
            Author.AGENT: "transcript_by_desk",
        }
        return self._say(names[message.author])

    def _say(self, name: str, **params: object) -> str:
        return self.wording.text(name, self.voice.locale, self.voice.zone, params, now=self.now)
