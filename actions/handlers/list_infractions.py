"""The scan: every penalty of the merchant, ranked by the days left, each with its next step (W-01 to W-05)."""

from __future__ import annotations

from collections.abc import Sequence

from actions.backend import ScanItem
from actions.handlers.base import IntentAction
from actions.handlers.orders import MAX_CHOICES
from actions.handlers.penalties import carried, days, for_sellers_only, name_of, text_of
from actions.handlers.turn import Turn
from actions.policy import Refused, Standing
from actions.wording import Term

_MOST = 5  # penalties named per group; the rest is counted


class ActionListInfractions(IntentAction):
    """Intent list_infractions."""

    intent = "list_infractions"

    async def respond(self, turn: Turn) -> None:
        if for_sellers_only(turn):
            return
        items = await turn.backend.appeals.scan(turn.me.id)
        if not items:
            turn.say("no_penalties")
            return
        groups = {standing: [i for i in items if i.option.standing is standing] for standing in Standing}
        turn.say("scan_intro", count=len(items), possible=len(groups[Standing.POSSIBLE]))
        for standing, found in groups.items():
            if found:
                turn.paragraphs.append("\n".join(lines(turn, standing, found)))
        self._offer(turn, groups)

    @staticmethod
    def _offer(turn: Turn, groups: dict[Standing, list[ScanItem]]) -> None:
        open_now = groups[Standing.POSSIBLE]
        if len(open_now) > 1:
            turn.offer("button_appeal_all", "submit_appeal", {"count": len(open_now)}, every="yes")
        for item in [*open_now, *groups[Standing.MISSING]][:MAX_CHOICES]:
            turn.offer("button_appeal_one", "submit_appeal", {"id": item.subject.id}, **carried(item))
        for item in [*groups[Standing.RUNNING], *groups[Standing.UNKNOWN], *groups[Standing.LOST]]:
            if len(turn.buttons) >= MAX_CHOICES:
                break
            turn.offer("button_penalty_why", "check_appeal_eligibility", {"id": item.subject.id}, **carried(item))


def lines(turn: Turn, standing: Standing, items: Sequence[ScanItem]) -> list[str]:
    """A heading and one line a penalty; what does not fit is counted."""
    shown = [line(turn, item) for item in items[:_MOST]]
    rest = [turn.phrase("scan_more", count=len(items) - _MOST)] if len(items) > _MOST else []
    return [turn.phrase(f"scan_{standing}"), *shown, *rest]


def line(turn: Turn, item: ScanItem) -> str:
    """„• V-5531: … – noch 12 Tage (bis …)", or the first reason why not."""
    option = item.option
    penalty = name_of(turn, item)
    if option.standing is Standing.LOST and isinstance(option.verdict, Refused):
        return turn.phrase("scan_line", penalty=penalty, note=short_reason(turn, option.verdict.codes[0]))
    if option.standing is Standing.MISSING:
        needs = [Term(f"need_{need}") for need in option.needs if need != "ground"]
        note = turn.phrase("scan_needs", needs=needs) if needs else short_reason(turn, _first_code(item))
        return turn.phrase("scan_line", penalty=penalty, note=note)
    if option.standing is Standing.POSSIBLE:
        if option.window is None or option.days_left is None:
            return turn.phrase("scan_line", penalty=penalty, note=turn.phrase("scan_no_window"))
        left = days(turn, option.days_left)
        return turn.phrase("scan_line_due", penalty=penalty, days=left, last_day=option.window.last_day)
    return turn.phrase("scan_line_bare", penalty=penalty)


def short_reason(turn: Turn, code: str) -> str:
    """A refusal in a few words, for a list; the whole sentence where there is no short one."""
    return turn.phrase(f"short_{text_of(code)}")


def _first_code(item: ScanItem) -> str:
    verdict = item.option.verdict
    return verdict.codes[0] if isinstance(verdict, Refused) else "undetermined"
