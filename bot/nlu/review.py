"""What was misunderstood in operation, and how it becomes training data: `python -m bot.nlu.review` (`make review`).

Lists messages that ended in a fallback, in a question with buttons, or were acted upon with doubt; they come without
personal data (actions/backend/redaction.py), the newest first, those that are alike together, with what the person
pressed or wrote next. `--export FILE` writes them as YAML with proposed intents, for somebody who knows the intents to
edit; `--accept FILE` adds what they left to data/nlu/<language>/reviewed.yml.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from actions.backend import Backend, BackendError
from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from actions.backend.understanding import ReviewItem
from bot.nlu import review_accept
from bot.nlu.review_groups import Group, grouped

_PAGE = 200
_SHOWN = 3  # messages of a group


async def fetch(settings: Settings, limit: int) -> list[ReviewItem]:
    """The newest messages for review, at most `limit`. Raises `BackendError`."""
    backend = await Backend.from_settings(settings)
    try:
        items: list[ReviewItem] = []
        while len(items) < limit:
            page = await backend.understanding.page(items[-1].id if items else 0, min(_PAGE, limit - len(items)))
            items += page
            if len(page) < _PAGE:
                break
        return items
    finally:
        await backend.close()


def listing(groups: Sequence[Group]) -> str:
    """The groups as text."""
    lines = []
    for number, group in enumerate(groups, 1):
        proposed = f"-> {group.proposal} ({group.because})" if group.proposal else "-> ?"
        lines.append(f"{number}. {len(group.items)} x, {group.items[0].language or '??'}  {proposed}")
        for item in group.items[:_SHOWN]:
            guesses = ", ".join(f"{intent} {confidence:.2f}" for intent, confidence in item.ranking)
            lines.append(f"   {item.at:%Y-%m-%d %H:%M}  {item.status.value:<8}  {item.text}")
            lines.append(f"   {'':16}  {'':8}  {guesses or 'no guess'}{_after(item)}")
        if len(group.items) > _SHOWN:
            lines.append(f"   … and {len(group.items) - _SHOWN} more")
        lines.append("")
    return "\n".join(lines)


def _after(item: ReviewItem) -> str:
    if item.next_kind == "pressed":
        return f"; then pressed: {item.next_intent}"
    return f"; then wrote: {item.next_text} ({item.next_intent})" if item.next_kind else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when it did what it was asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.nlu.review", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--limit", type=int, default=500, help="how many messages, the newest first (500)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--export", type=Path, metavar="FILE", help="write them as YAML, to be edited")
    what.add_argument("--accept", type=Path, metavar="FILE", help="add what was edited to the training data")
    given = parser.parse_args(arguments)
    if given.accept is not None:
        return _accept(given.accept)
    try:
        items = asyncio.run(fetch(Settings.from_env(), given.limit))
    except (SettingsError, BackendError) as error:
        print(f"The messages cannot be read: {error} (is the database upgraded?)", file=sys.stderr)
        return 1
    groups = grouped(items, review_accept.intents())
    if given.export is not None:
        given.export.write_text(review_accept.proposals(groups), encoding="utf-8")
        print(f"{len(groups)} kinds of messages are in {given.export}: edit it, then --accept {given.export}")
    else:
        print(listing(groups) if groups else "Nothing was misunderstood, or nothing is kept (LOTSE_REVIEW_CONFIDENCE).")
    return 0


def _accept(path: Path) -> int:
    try:
        added = review_accept.accept(path)
    except review_accept.NotAcceptedError as error:
        print(f"Nothing was added:\n{error}", file=sys.stderr)
        return 1
    for file, count in added.items():
        print(f"{count} added to {file}")
    print("Train again: make train" if added else "There was nothing to add.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
