"""The English date grammar."""

# ruff: noqa: E501 - a rule is easier to read on one line

from __future__ import annotations

import re

from bot.nlu.date_grammar import (
    DAY,
    DURATION,
    MONTH,
    SHORT,
    WEEKDAY,
    YEAR,
    Match,
    clock,
    constant,
    dated,
    day_of_month,
    in_month,
    iso,
    month_day,
    month_end,
    next_weekday,
    rule,
    step,
    week,
    week_weekday,
)

_WEEK = r"\b(?:calendar\s+Uw|cw|Uw|wk|kw)\s?(?:no\.?\s?)?(?P<week>\d{1,2})(?![\d.%])"
_SLASHED = r"(?<![\d.,:/-])(?P<a>\d{1,2})/(?P<b>\d{1,2})"
_LONGER = r"(?:longer|more|later|extra|additional|further|extension|on top|delay)\b"
_WISH = r"(?:need|want|give me|gimme|require|ask for|would like|like)"
_LATE = r"(?! (?:ago|overdue|late|now|old|already|past|behind))"
_FORTNIGHT = r"\b(?:N1 )?fortnight\b"


def _slashed(match: Match) -> str | None:
    """12/24 and 24/12 are the same day; where both readings exist the day comes first, as in the United Kingdom."""
    a, b = int(match["a"]), int(match["b"])
    groups = match.groupdict()
    month, day = (a, b) if b > 12 else (b, a)
    return dated(month, day, groups.get("year") or groups.get("yy"))


def step_one(match: Match) -> str:
    """``another month``: one of them."""
    return "+7d" if match["unit"] == "w" else f"+1{match['unit']}"


def _unmistakable(match: Match) -> str | None:
    """Without a year or a preposition only what cannot be a fraction, a rating or "24/7"."""
    a, b = match["a"], match["b"]
    return _slashed(match) if len(a) == len(b) == 2 else None


RULES = (
    rule(r"(?<![\w-])(?P<yyyy>20\d\d)-(?P<mm>\d\d)-(?P<dd>\d\d)(?![\d-])", iso),
    rule(_SLASHED + rf"/(?:{YEAR}|(?P<yy>\d\d)(?!\d))", _slashed),
    rule(r"\b(?:by|on|until|till|to|before|am|bis|zum) " + _SLASHED + r"(?![\d/])", _slashed),
    rule(_SLASHED + r"(?![\d/])", _unmistakable),
    # Dec 14, December 14th, 2026; the 14th of December
    rule(rf"{MONTH}\s?(?:the )?(?P<dom>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\.\d|:)(?:,? {YEAR})?", month_day),
    rule(rf"{MONTH} (?:the )?O(?P<ordinal>\d{{1,2}})\b(?:,? {YEAR})?", month_day),
    rule(rf"(?:the )?{DAY}(?:st|nd|rd|th)?\b(?: of)?\s*{MONTH}(?:,? {YEAR})?", month_day),
    # Wednesday of week 50, week 49
    rule(rf"{WEEKDAY},? (?:(?:in|of|of the) )?{_WEEK}", week),
    rule(rf"{_WEEK},?(?: on)? {WEEKDAY}", week),
    rule(_WEEK, week),
    # Tuesday of next week, next week Tuesday
    rule(rf"{WEEKDAY},? (?:of |in )?next Uw\b", week_weekday(1)),
    rule(rf"\bnext Uw,?(?: on| by)? {WEEKDAY}", week_weekday(1)),
    # the Wednesday after next, Friday week, a week from Friday
    rule(rf"(?:the )?{WEEKDAY} after next\b", next_weekday(1)),
    rule(rf"{WEEKDAY} Uw\b", next_weekday(1)),
    rule(rf"{WEEKDAY} in (?:N1|1) Uw\b", next_weekday(1)),
    rule(rf"\b(?:N1|1) Uw (?:from|on|after)(?: next| this)? {WEEKDAY}", next_weekday(1)),
    rule(rf"\b(?:N2|2) Uw (?:from|on|after)(?: next| this)? {WEEKDAY}", next_weekday(2)),
    # by Friday, this coming Monday, by Wed
    rule(rf"\b(?:(?:next|this|coming|this coming|by next|by this) ){WEEKDAY}(?! best\b)", next_weekday()),
    rule(rf"(?<!-){WEEKDAY}(?! best\b)(?!-\w)", next_weekday()),
    rule(rf"\b(?:by|on|next|this|until|til|till|before|for) {SHORT}(?!\w)", next_weekday()),
    rule(r"^\s*(?P<short>mon|tue|wed|weds|sat|sun)\.?\s*[.!?]*\s*$", next_weekday()),
    # today, tomorrow, the day after tomorrow
    rule(r"\b(?:the )?Ud after (?:tomorrow|tmrw)\b", constant("in:2d")),
    rule(r"\btomorrow\b(?: (?:morning|afternoon|evening|night)\b)?", constant("in:1d")),
    rule(r"\b(?:later )?(?:today|tonight)\b|\b(?:by )?(?:eod|end of (?:the )?Ud|close of business)\b", constant("in:0d")),
    # in 10 days, 10 days from now, two weeks from today, in a fortnight
    rule(rf"\bin(?: about| like| another)? {DURATION}{_LATE}", step("in:"), timed=False),
    rule(rf"{DURATION} from (?:now|today)(?: on)?\b", step("in:"), timed=False),
    rule(rf"\bin {_FORTNIGHT}", constant("in:14d")),
    rule(rf"{_FORTNIGHT} from (?:now|today)\b", constant("in:14d")),
    # three days longer, 3 more days, another two days, extend by two weeks
    rule(rf"(?<!for )(?<!since ){DURATION} (?:time )?{_LONGER}(?: time\b)?", step("+"), timed=False),
    rule(rf"(?<![\d.,:/-])(?:N(?P<n>\d{{1,2}})|(?P<digits>\d{{1,3}})) (?:more|extra|additional|further|longer) U(?P<unit>[dwmh])\b{_LATE}", step("+"), timed=False),
    rule(rf"\b(?:another|additional|extra|plus)(?: of)? {DURATION}{_LATE}", step("+"), timed=False),
    rule(rf"\b(?:another|N1 (?:more|extra|additional)) U(?P<unit>[dwmh])\b{_LATE}", step_one, timed=False),
    rule(rf"\b(?:by|extend(?: it| this)?|extension(?: of| by| for)?|delay(?: of| by| it by)?|push(?: it)?(?: back)? by|postpone(?: it)? by) {DURATION}{_LATE}",
         step("+"), timed=False),
    rule(rf"\b{_WISH}(?: (?:about|at least|maybe|like|please|just|only|me))* (?P<what>{DURATION}){_LATE}(?! (?:to|for|before|in))", step("+"), timed=False),
    rule(rf"(?:another )?{_FORTNIGHT} {_LONGER}|\b(?:another|by N1|extra) fortnight\b", constant("+14d")),
    # end of the month, end of next month, end of January, end of the week, end of the year
    rule(r"\b(?:by )?(?:the )?end of (?:the )?next Um\b", constant("month-end+1")),
    rule(r"\b(?:by )?(?:(?:the )?end of (?:the|this)? ?Um|eom|month end|month-end|Um[ -]end)\b", constant("month-end")),
    rule(rf"\b(?:by )?(?:the )?(?:end of|late) {MONTH}", month_end),
    rule(rf"\b(?:mid|middle of|mid of)(?: |-|\s?-\s?){MONTH}", in_month(15)),
    rule(rf"\b(?:early|the beginning of|beginning of|start of|the start of) {MONTH}", in_month(1)),
    rule(r"\b(?:by )?(?:the )?end of next Uw\b", constant("week-end+1")),
    rule(r"\b(?:by )?(?:(?:the )?end of (?:the|this) Uw|eow)\b", constant("week-end")),
    rule(r"\b(?:early|start of|beginning of) next Uw\b", constant("week+1:monday")),
    rule(r"\b(?:mid|middle of) next Uw\b", constant("week+1:wednesday")),
    rule(r"\b(?:by|until|till|to|sometime) next Uw\b|^\s*next Uw\s*[.!?]*\s*$", constant("week-end+1")),
    rule(r"\b(?:by )?(?:the )?end of (?:the |this )?year\b|\beoy\b", constant("12-31")),
    rule(r"\b(?:on |by )?(?:christmas|xmas) eve\b", constant("12-24")),
    rule(r"\b(?:on |by )?christmas day\b|\b(?:by|before|until|till|at) (?:christmas|xmas)\b(?! \w+s\b)", constant("12-25")),
    rule(r"\b(?:on |by )?boxing Ud\b", constant("12-26")),
    rule(r"\bnew year[’']?s?[’']? eve\b|\bnye\b", constant("12-31")),
    rule(r"\bnew year[’']?s?[’']? Ud\b|\b(?:by|until|before) (?:the )?new year\b", constant("01-01")),
    # the 14th, by the 30th
    rule(r"\b(?:(?:by|on|until|till|before) )?(?:the|by|on|until|till|before) (?P<dom>\d{1,2})(?:st|nd|rd|th)\b"
         r"(?! (?:time|page|draft|order|one|chapter|item|version|century|floor|revision)\b)", day_of_month),
)  # fmt: skip


#: What makes a match of the grammar the past, a habit or a lateness, when it stands before the match.
PAST = re.compile(r"\b(?:since|last|every|past|previous|late|overdue|behind|missed it)\s+$")

_AMPM = r"(?P<half>[ap])\.?\s?m\b\.?"
_AFTER = re.compile(rf",?\s*(?:(?:at|by|around|before)\s+)?(?P<h>\d{{1,2}})(?:[:.](?P<m>\d\d))?\s?{_AMPM}")
_AT = re.compile(
    r",?\s*(?:at|by|around|before)\s+(?P<h>\d{1,2})(?::(?P<m>\d\d))?(?P<half>)(?![\d/%.]|\s?U)\b(?:\s+o'?clock\b)?"
)
_COLON = re.compile(r",?\s*(?P<h>\d{1,2}):(?P<m>\d\d)(?P<half>)\b")
_NOON = re.compile(r",?\s*(?:at\s+|by\s+|around\s+)?(noon|midday|midnight)\b")
_BEFORE = re.compile(
    rf"\b(?:(?:by|at|before|until)\s+)(?P<h>\d{{1,2}})(?:[:.](?P<m>\d\d))?\s?(?:{_AMPM})?\s+(?:on\s+)?$"
)


def time_after(text: str, at: int) -> tuple[str, int] | None:
    """A time of day that begins at ``text[at]``: ``T15:00`` and where it ends."""
    for pattern in (_AFTER, _AT, _COLON):
        if match := pattern.match(text, at):
            value = clock(int(match["h"]), int(match["m"] or 0), match["half"] or None)
            return (value, match.end()) if value else None
    if match := _NOON.match(text, at):
        return ("T23:59" if match[1] == "midnight" else "T12:00"), match.end()
    return None


def time_before(text: str, at: int) -> tuple[str, int] | None:
    """A time of day that ends at ``text[at]`` ("by 17:00 on Thursday"): ``T17:00`` and where it begins."""
    if match := _BEFORE.search(text, 0, at):
        value = clock(int(match["h"]), int(match["m"] or 0), match["half"] or None)
        return (value, match.start()) if value else None
    return None
