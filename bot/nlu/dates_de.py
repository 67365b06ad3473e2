"""The German date grammar."""

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
    day_of_month,
    in_month,
    month_day,
    month_end,
    next_weekday,
    rule,
    step,
    week,
    week_weekday,
)

_AT = r"(?:\b(?:bis|am|an|ab|zum|auf|den|dem|der|vor|nächste|diese|übernächste) )"
_NEXT = r"(?:(?:am|bis|bis zum|zum|den|dem|der) )?(?:nächste|diese)"
_WEEK = r"(?:kw|kalenderwoche|k\.\s?w\.)\s?\.?(?P<week>\d{1,2})(?!\d)"
_NUMERIC = r"(?<![\d.,:/-])(?P<dom>\d{1,2})\.\s?(?P<mm>\d{1,2})"
_LONGER = (
    r"(?:länger|mehr|später|weitere|extra|obendrauf|drauf|dazu|drüber hinaus|nach hinten|hinaus|"
    r"aufschub|verlängerung|fristverlängerung|verlängern|verschieben|hinausschieben|luft|spielraum|zusätzlich)\b"
)
_LATE = (
    r"(?! (?:überfällig|verspät\w*|drüber|drueber|zu spät|überzogen|überschritten|alt|her|verzug|im verzug|vorbei|rum))"
)
_MORNING = re.compile(r"\b(?:gu?e?t\w{0,3}|schön\w{0,2}|jeden?|am|gestern|moin|good|happy)\W+$")
_WISH = r"(?:brauche?|bräuchte?|bräucht|benötige|benötigte|hätte? gern|gib mir|geben sie mir|gebt mir|möchte|will)"


def _week_end(ahead: int) -> str:
    return f"week-end+{ahead}" if ahead else "week-end"


def _tomorrow(match: Match) -> str | None:
    """Not the time of day: "guten Morgen", "jeden Morgen", "am Morgen"."""
    return None if _MORNING.search(match.string, 0, match.start()) else "in:1d"


def _weeks_from(match: Match) -> str:
    return f"next+{int(match['weeks'] or match['weeks_word'])}:{_weekday(match)}"


def _weekday(match: Match) -> str:
    return (next_weekday()(match) or "").removeprefix("next:")


RULES = (
    # 14.12.2026, 14.12.26, 14.12. and, standing alone or after a preposition, 14.12
    rule(_NUMERIC + rf"\.\s?(?:{YEAR}|(?P<yy>\d\d)(?![\d.]|\s?%))", month_day),
    rule(_NUMERIC + r"\.(?!\d)", month_day),
    rule(r"(?:^\s*|\b(?:am|bis|zum|vom|ab|den|auf|der) )" + _NUMERIC + r"(?![\d.,:]|\s?(?:euro|eur|€|\$|%|mb|gb|uhr|m\b))", month_day),
    # Freitag, den 4. Dezember 2026; am ersten Dezember
    rule(DAY + rf"\.?\s?{MONTH}(?:\s{YEAR})?", month_day),
    # Mittwoch in KW 50, KW 50 Mittwoch, KW 49
    rule(rf"{WEEKDAY},? (?:(?:in|der|in der|von) )?{_WEEK}", week),
    rule(rf"{_WEEK},?(?: am)? {WEEKDAY}", week),
    rule(rf"(?:(?:ende|bis|in|in der|bis ende) )?\b{_WEEK}", week),
    # nächste Woche Dienstag, Donnerstag nächster Woche
    rule(rf"\b(?:in der )?nächste Uw,?(?: am| bis| bis zum)? {WEEKDAY}", week_weekday(1)),
    rule(rf"{WEEKDAY},? (?:in der |der )?nächste Uw\b", week_weekday(1)),
    rule(rf"\bübernächste Uw,?(?: am| bis| bis zum)? {WEEKDAY}", week_weekday(2)),
    rule(rf"{WEEKDAY},? (?:in der |der )?übernächste Uw\b", week_weekday(2)),
    rule(rf"\bdiese Uw(?: noch)?,?(?: am| bis| bis zum)? {WEEKDAY}", next_weekday()),
    # Freitag in einer Woche, Freitag in 14 Tagen
    rule(rf"{WEEKDAY} in (?:N(?P<weeks_word>\d)|(?P<weeks>\d)) Uw\b", _weeks_from),
    rule(rf"{WEEKDAY} in (?:8|N8) Ud\b", next_weekday(1)),
    rule(rf"\b(?:am |bis |bis zum |zum )?übernächste {WEEKDAY}", next_weekday(1)),
    # bis Freitag, nächsten Mittwoch, bis Mi.
    rule(rf"\b{_NEXT} {WEEKDAY}", next_weekday()),
    rule(rf"(?<!-){WEEKDAY}(?!-\w)", next_weekday()),
    rule(rf"{_AT}{SHORT}(?! (?:lange|weit|viel|sehr|gut|kurz|spät|bald|was|schnell|oder|eine?)\b)(?![\w-])", next_weekday()),
    rule(r"^\s*(?P<short>mo|di|mi|do|fr|sa)\.?\s*[.!?]*\s*$", next_weekday()),
    # heute, morgen, übermorgen
    rule(r"\bübermorgen\b(?: (?:früh|abend|mittag|vormittag|nachmittag))?", constant("in:2d")),
    rule(r"\bheute?\b(?: (?:noch|abend|mittag|nachmittag|morgen|früh|nacht|vormittag)\b)*(?! (?:in|vor|ab) [N\d])", constant("in:0d")),
    rule(r"\bmorgen\b(?: (?:früh|abend|mittag|nachmittag|vormittag)\b)?(?! (?:zusammen|allerseits|leute|ihr|an alle))", _tomorrow),
    # in 10 Tagen, heute in zwei Wochen, 3 Tage ab heute
    rule(rf"\b(?:heute )?in(?: den nächste)? {DURATION}{_LATE}", step("in:"), timed=False),
    rule(rf"{DURATION} (?:ab|von) (?:heute|jetzt|sofort)(?: an)?\b", step("in:"), timed=False),
    # drei Tage länger, noch zwei Tage, 5 weitere Tage, um zwei Wochen verlängern
    rule(rf"(?<!seit )(?<!vor )(?:\b(?:um|noch|nochmals?|weitere) )?{DURATION} (?:Uh )?(?:(?:mehr|weitere|längere) )?(?:zeit )?{_LONGER}(?: zeit\b)?",
         step("+"), timed=False),
    rule(rf"\b(?:um|noch|noch mal|nochmals?|nochmal|weitere|zusätzlich|extra|plus)(?: (?:um|ca\.?|etwa|mindestens|weitere|die|so))? {DURATION}"
         rf"{_LATE}", step("+"), timed=False),
    rule(r"(?<![\d.,:/-])(?:N(?P<n>\d{1,2})|(?P<digits>\d{1,3})) (?:weitere|zusätzliche|extra|mehr) U(?P<unit>[dwmh])\b", step("+"), timed=False),
    rule(rf"\b(?:aufschub|verlängerung|fristverlängerung)(?: (?:von|um|für|über))? {DURATION}", step("+"), timed=False),
    rule(rf"\b{_WISH}(?: (?:ich|noch|bitte|da|dafür|etwa|mindestens|so|eher|wohl|circa|ca\.?))* (?P<what>{DURATION})(?! vorher)", step("+"), timed=False),
    rule(rf"(?<!nach )(?<!von )(?<!binnen )(?P<what>{DURATION}) (?:brauche?n?|bräuchten?|benötigen?) (?:ich|wir)\b(?! (?:nicht|keine?)\b)",
         step("+"), timed=False),
    # Ende des Monats, Ende nächsten Monats, Ende Januar, Ende der Woche, Jahresende
    rule(r"\b(?:bis |zum |am )?(?:ende|end) (?:des )?nächste (?:Um|monats|monat)\b", constant("month-end+1")),
    rule(r"\b(?:bis |bis zum |zum |am )?(?:(?:ende|end) (?:des |diese |dieses |vom )?(?:Um|monats|monat)|monatsende)\b", constant("month-end")),
    rule(rf"\b(?:bis )?(?:ende|end) (?:im )?{MONTH}", month_end),
    rule(rf"\b(?:bis )?mitte {MONTH}", in_month(15)),
    rule(rf"\b(?:bis )?anfang {MONTH}", in_month(1)),
    rule(r"\b(?:bis )?mitte des (?:monats|Um)\b", constant("day:15")),
    rule(r"\b(?:bis |zum |am )?ende (?:der )?nächste Uw\b", constant(_week_end(1))),
    rule(r"\b(?:bis |zum |am )?ende (?:der )?übernächste Uw\b", constant(_week_end(2))),
    rule(r"\b(?:bis |zum |am )?ende (?:der|diese) Uw\b", constant(_week_end(0))),
    rule(r"\b(?:bis )?anfang nächste Uw\b", constant("week+1:monday")),
    rule(r"\b(?:bis )?mitte nächste Uw\b", constant("week+1:wednesday")),
    rule(r"\b(?:bis|in der|auf|im laufe der) nächste Uw\b|^\s*nächste Uw\s*[.!?]*\s*$", constant(_week_end(1))),
    rule(r"\b(?:bis |bis zum |zum )?(?:jahresende|ende (?:des|diese) jahres|ende diese jahr)\b", constant("12-31")),
    rule(r"\b(?:bis |an |am )?(?:heiligabend|heilig abend)\b", constant("12-24")),
    rule(r"\b(?:bis|vor|zu|an) weihnachten\b", constant("12-24")),
    rule(r"\b(?:bis |an |zu )?silvester\b", constant("12-31")),
    rule(r"\b(?:bis |an |zu )?neujahr\b", constant("01-01")),
    rule(r"\b(?:bis|zum|am|an) nikolaus\b", constant("12-06")),
    # am 14., zum 30., den 20.
    rule(r"\b(?:am|zum|bis|den|der|dem|vom|ab) (?P<dom>\d{1,2})(?:\.|ten\b|te\b)(?!\s?[\d§])(?! (?:mal|seite|entwurf|auftrag|bestellung|kapitel|stelle)\b)",
         day_of_month),
)  # fmt: skip

#: What makes a match of the grammar the past, a habit or a lateness, when it stands before the match.
PAST = re.compile(
    r"(?:\b(?:seit|letzte[nrsm]?|vergangene[nrm]?|vorige[nrm]?|jede[nrm]?|vor|gestern)\s+(?:de[mnr]\s+)?)$"
)

_UHR = re.compile(r",?\s*(?:(?:um|gegen|bis|ab)\s+)?(\d{1,2})(?:[:.](\d\d))?\s?(?:uhr|Uh)\b(?:\s(\d\d)\b)?")
_BARE = re.compile(r",?\s*(?:um|gegen)\s+(\d{1,2})(?:[:.](\d\d))?(?!\d|\s?[U.%€])")
_NOON = re.compile(r",?\s*(?:um\s+|bis\s+)?(?:12\s+uhr\s+)?(mittags?|mitternacht)\b")


def time_after(text: str, at: int) -> tuple[str, int] | None:
    """A time of day that begins at ``text[at]``: ``T15:00`` and where it ends."""
    for pattern in (_UHR, _BARE):
        if match := pattern.match(text, at):
            minute = match[2] or (match.group(3) if pattern is _UHR else None)
            value = clock(int(match[1]), int(minute or 0), None)
            return (value, match.end()) if value else None
    if match := _NOON.match(text, at):
        return ("T23:59" if match[1] == "mitternacht" else "T12:00"), match.end()
    return None
