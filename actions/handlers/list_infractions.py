"""The scan: every penalty of the merchant, ranked by the days left, each with its next step (W-01 to W-05)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from actions.backend import ScanItem
from actions.handlers.appeal_reasons import appeal_text, type_term
from actions.handlers.base import IntentAction
from actions.handlers.orders import MAX_CHOICES
from actions.handlers.penalties import carried, days, for_sellers_only, lacks_only_attachments, name_of
from actions.handlers.router import begin
from actions.handlers.turn import Turn
from actions.policy import Refused, Standing, Undetermined
from actions.wording import Term

_APPEAL_ALL = re.compile(
    r"(?:(?:bitte|please|dann|jetzt)\W+)?"
    r"(?:alle[sn]?\b.{0,20}?\banfechten\b|(?:fecht\w*|appeal|contest|dispute)\b.*?\b(?:alle[sn]?|all|every\w*)\b)",
    re.IGNORECASE,
)
_MOST = 5  # penalties named per group; the rest is counted


class ActionListInfractions(IntentAction):
    """Intent list_infractions."""

    intent = "list_infractions"

    async def respond(self, turn: Turn) -> None:
        if for_sellers_only(turn):
            return
        if not turn.pressed and _APPEAL_ALL.match(turn.text) and not turn.text.endswith("?"):
            await begin(turn, "submit_appeal")  # no wish to see them: what that files is shown before it is done
            return
        items = await turn.backend.appeals.scan(turn.me.id)
        if not items:
            turn.say("no_penalties")
            return
        groups = {standing: [i for i in items if i.option.standing is standing] for standing in Standing}
        possible = len(groups[Standing.POSSIBLE])
        if len(items) > 1:
            turn.say("scan_intro" if possible else "scan_intro_none", count=len(items), possible=possible)
        for standing, found in groups.items():
            if found:
                turn.paragraphs.append("\n".join(lines(turn, standing, found)))
        self._offer(turn, groups)

    @staticmethod
    def _offer(turn: Turn, groups: dict[Standing, list[ScanItem]]) -> None:
        open_now = groups[Standing.POSSIBLE]
        curable = [item for item in groups[Standing.MISSING] if lacks_only_attachments(item)]
        waiting = [item for item in groups[Standing.MISSING] if item not in curable]
        if len(open_now) > 1:
            turn.offer("button_appeal_all", "submit_appeal", {"count": len(open_now)}, every="yes")
        same = Counter(item.subject.id for items in groups.values() for item in items)
        for item in [*open_now, *curable]:
            if len(turn.buttons) >= MAX_CHOICES:
                return
            several = same[item.subject.id] > 1  # an order can have several, by type
            params = {"id": item.subject.id, "type": type_term(turn, item.type)}
            title = "button_appeal_one_as" if several else "button_appeal_one"
            turn.offer(title, "submit_appeal", params, **carried(item))
        for item in [*waiting, *groups[Standing.RUNNING], *groups[Standing.UNKNOWN], *groups[Standing.LOST]]:
            if len(turn.buttons) >= MAX_CHOICES:
                return
            turn.offer_titled(
                turn.phrase(
                    "button_penalty_why", id=name_of(turn, item) if same[item.subject.id] > 1 else item.subject.id
                ),
                "check_appeal_eligibility",
                **carried(item),
            )


def lines(turn: Turn, standing: Standing, items: Sequence[ScanItem]) -> list[str]:
    """A heading and one line a penalty; what does not fit is counted."""
    shown = [line(turn, item) for item in items[:_MOST]]
    rest = [turn.phrase("scan_more", count=len(items) - _MOST)] if len(items) > _MOST else []
    return [turn.phrase(f"scan_{standing}"), *shown, *rest]


def line(turn: Turn, item: ScanItem, *, alone: bool = False) -> str:
    """„• V-5531 (…): noch 12 Tage, bis …", what is missing, or the first reason why not.

    ``alone``: without the heading of its group, which says it for those that are the account manager's.
    """
    option, penalty = item.option, name_of(turn, item)
    standing, verdict, window = option.standing, option.verdict, option.window
    if isinstance(verdict, Refused) and (standing is Standing.LOST or (alone and standing is Standing.REFERRED)):
        return turn.phrase("scan_line", penalty=penalty, note=short_reason(turn, verdict.codes[0]))
    if isinstance(verdict, Undetermined):
        missing = [Term(f"unknown_{name}") for name in verdict.missing]
        return turn.phrase("scan_line", penalty=penalty, note=turn.phrase("scan_unknown_note", missing=missing))
    if standing not in (Standing.POSSIBLE, Standing.MISSING):
        return turn.phrase("scan_line_bare", penalty=penalty)
    note = what_is_missing(turn, item) if standing is Standing.MISSING else ""
    if window is None or option.days_left is None:
        return turn.phrase("scan_line", penalty=penalty, note=note or turn.phrase("scan_no_window"))
    due = {"days": days(turn, option.days_left), "last_day": window.last_day}
    if note:
        return turn.phrase("scan_line_missing", penalty=penalty, note=note, **due)
    return turn.phrase("scan_line_due", penalty=penalty, **due)


def what_is_missing(turn: Turn, item: ScanItem) -> str:
    """What the merchant can still attach; before that, what only the marketplace can enter."""
    verdict = item.option.verdict
    if lacks_only_attachments(item) or not isinstance(verdict, Refused):
        needs = [Term(f"need_{need}") for need in item.option.needs if need != "ground"]
        return turn.phrase("scan_needs", needs=needs)
    return short_reason(turn, verdict.codes[0])


def short_reason(turn: Turn, code: str) -> str:
    """A refusal in a few words, for a list."""
    return turn.phrase(f"short_{appeal_text(code)}")
