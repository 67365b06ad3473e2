"""A message's words in the one spelling that the date grammar knows, with the way back to the original characters.

Weekdays become ``W1`` (Monday) to ``W7``, months ``M01`` to ``M12``, number words ``N3``, ordinal words ``O3``, units
``Ud Uw Um Uh``; everything else stays, in lower case. So one grammar serves both languages, umlauts or not, and small
slips of the keyboard are repaired here and nowhere else.
"""

# ruff: noqa: E501, SIM905 - a rule, or a list of words, is easier to read on one line

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_WEEKDAY_WORDS = {
    1: "montag monday",
    2: "dienstag tuesday tues zischtig ziischtig",
    3: "mittwoch wednesday mittwuch",
    4: "donnerstag thursday thurs thur thu dunschtig donnschtig",
    5: "freitag friday fri friitig",
    6: "samstag sonnabend saturday samschtig samstig",
    7: "sonntag sunday sunntig",
}
# Abbreviations that are also words ("so nicht", "the sun"): the grammar takes them only beside a preposition or a date.
SHORT_WEEKDAYS = {
    "mo": 1, "mon": 1, "di": 2, "tue": 2, "mi": 3, "wed": 3, "weds": 3, "do": 4, "fr": 5, "sa": 6, "sat": 6, "so": 7, "sun": 7,
}  # fmt: skip
_MONTH_WORDS = {
    1: "januar jänner jaenner january jan",
    2: "februar feber february feb",
    3: "märz maerz marz march mär mrz mar",
    4: "april apr",
    5: "mai may",
    6: "juni june jun",
    7: "juli july jul",
    8: "august aug",
    9: "september sept sep",
    10: "oktober october okt oct",
    11: "november nov",
    12: "dezember december dez dec",
}
_NUMBER_WORDS = {
    1: "ein eine einen einem einer eines ne nen nem ner one a an",
    2: "zwei zwo zwoa zwöi two",
    3: "drei drü three",
    4: "vier four",
    5: "fünf fuenf funf five",
    6: "sechs six",
    7: "sieben seven",
    8: "acht eight",
    9: "neun nine",
    10: "zehn zehen ten",
    11: "elf eleven",
    12: "zwölf zwoelf zwolf twelve",
    13: "dreizehn thirteen",
    14: "vierzehn fourteen",
    15: "fünfzehn fuenfzehn fifteen",
    20: "zwanzig twenty",
    21: "einundzwanzig",
    30: "dreißig dreissig thirty",
}
_ORDINAL_STEMS = {
    1: "erst first", 2: "zweit second", 3: "dritt third", 4: "viert fourth", 5: "fünft fuenft fifth", 6: "sechst sixth",
    7: "siebt siebent seventh", 8: "acht eighth", 9: "neunt ninth", 10: "zehnt tenth", 11: "elft eleventh",
    12: "zwölft zwoelft twelfth", 13: "dreizehnt thirteenth", 14: "vierzehnt fourteenth", 15: "fünfzehnt fifteenth",
    20: "zwanzigst twentieth", 30: "dreißigst dreissigst thirtieth",
}  # fmt: skip
_UNIT_WORDS = {
    "Ud": "tag tage tagen tg day days täg däg",
    "Uw": "woche wochen week weeks wk wks wuche wuchen",
    "Um": "monat monate monaten month months mt",
    "Uh": "stunde stunden std stdn hour hours hr hrs h",
}
_PLAIN = {
    "uebermorgen": "übermorgen", "ubermorgen": "übermorgen", "übermorn": "übermorgen",
    "tommorow": "tomorrow", "tommorrow": "tomorrow", "tomorow": "tomorrow", "tmrw": "tomorrow", "tmr": "tomorrow", "2moro": "tomorrow",
    "laenger": "länger", "langer": "länger", "lenger": "länger", "spaeter": "später", "spater": "später",
    "naechste": "nächste", "nachste": "nächste", "nächst": "nächste", "nexte": "nächste", "nägschte": "nächste", "nöchste": "nächste",
    "moin": "moin", "morn": "morgen", "hüt": "heute", "hüüt": "heute",
    "verlaengern": "verlängern", "verlaengerung": "verlängerung",
}  # fmt: skip
_STEMS = ("nächste", "übernächste", "kommende", "diese", "dieser", "naechste", "uebernaechste", "weitere")

_GERMAN_ENDINGS = ("", "e", "en", "er", "es", "em")
_CANONICAL: dict[str, str] = dict(_PLAIN)
for _number, _words in _WEEKDAY_WORDS.items():
    _CANONICAL.update(dict.fromkeys(_words.split(), f"W{_number}"))
for _number, _words in _MONTH_WORDS.items():
    _CANONICAL.update(dict.fromkeys(_words.split(), f"M{_number:02}"))
for _number, _words in _ORDINAL_STEMS.items():
    german, english = _words.split()[:-1], _words.split()[-1]
    _CANONICAL.update({stem + ending: f"O{_number}" for stem in german for ending in ("e", "en", "er", "em", "es")})
    _CANONICAL[english] = f"O{_number}"
for _number, _words in _NUMBER_WORDS.items():
    _CANONICAL.update(dict.fromkeys(_words.split(), f"N{_number}"))
for _unit, _words in _UNIT_WORDS.items():
    _CANONICAL.update(dict.fromkeys(_words.split(), _unit))
for _prefix in ("nächst", "naechst", "nachst", "übernächst", "uebernächst", "uebernaechst", "ubernachst", "kommend"):
    _plain = "übernächste" if _prefix.startswith(("ü", "u")) else "nächste"
    _CANONICAL.update({_prefix + ending: _plain for ending in ("e", "en", "er", "es", "em")})
for _prefix in ("dies", "weiter", "zusätzlich", "zusaetzlich"):
    _CANONICAL.update(
        {_prefix + e: {"d": "diese", "w": "weitere", "z": "weitere"}[_prefix[0]] for e in _GERMAN_ENDINGS[1:]}
    )

# Only long, unmistakable words are guessed from a misspelling; each of these must be left alone though it looks like one.
_GUESSABLE = {
    word: token
    for word, token in {
        **_CANONICAL,
        "übermorgen": "übermorgen", "tomorrow": "tomorrow", "länger": "länger", "später": "später", "longer": "longer",
        "verlängern": "verlängern", "verlängerung": "verlängerung", "verschieben": "verschieben", "monatsende": "monatsende",
        "heiligabend": "heiligabend", "silvester": "silvester", "additional": "additional", "another": "another",
        "calendar": "calendar", "kalenderwoche": "kalenderwoche",
    }.items()
    if len(word) >= 6 and token[0] not in "N"
}  # fmt: skip
_LEFT_ALONE = frozenset(
    "montage montagen montags freitags sonntags samstags dienstags mittwochs donnerstags mondays fridays sundays augustus augustin "
    "augustiner wecken wachen kochen machen suchen wochentag worker danger later langen finger hanger anger lange langes lauter "
    "speter water stunden minuten konto dieser diesen wieder weiter weiten breitere hunter hundert moment montiert monitor ziehen "
    "sieben sender senden sunder neunter nunmehr janitor remember members senators rechte letzte letzten letzter echte nacht nachts "
    "nachtrag juniper julia apropos marz marsch märzen monarch mouth mouths decent freight lottery loner louder wonder anderer andere "
    "mother others brother other aufschub verstößen verstossen verschoben überzogen überlegen übertragen übernommen überall überhaupt".split()
)

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Words:
    """``text`` in the grammar's spelling; ``origin[i]`` is the place of its i-th character in the message."""

    text: str
    origin: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the message that ``text[start:end]`` stands for."""
        return self.origin[start], self.origin[end]


def words_of(message: str) -> Words:
    """The message in the spelling of the grammar."""
    out: list[str] = []
    origin: list[int] = []
    done = 0
    for match in _WORD.finditer(message):
        out.append(message[done : match.start()])
        origin.extend(range(done, match.start()))
        word = canonical(match.group().lower())
        out.append(word)
        last = match.end() - 1
        origin.extend(min(match.start() + i, last) for i in range(len(word)))
        done = match.end()
    out.append(message[done:])
    origin.extend(range(done, len(message) + 1))
    return Words("".join(out), tuple(origin))


@lru_cache(maxsize=8192)
def canonical(word: str) -> str:
    """The grammar's spelling of one word in lower case."""
    known = _CANONICAL.get(word)
    if known is not None:
        return known
    if len(word) < 6 or word in _LEFT_ALONE or word in _GUESSABLE:
        return word
    for candidate, token in _GUESSABLE.items():
        limit = 2 if len(candidate) >= 9 else 1
        if abs(len(candidate) - len(word)) > limit or (candidate[0] != word[0] and candidate[1] != word[0]):
            continue
        if OSA.distance(word, candidate, score_cutoff=limit) <= limit:
            return token
    return word
