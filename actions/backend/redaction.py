"""Taking personal data out of a message before it is stored for review: placeholders stand for what was there.

What is left is a sentence that says how people ask. It is a matter of care, not of proof: a name that nobody told us,
in the middle of a sentence, stays. Hence the review also has a short time of keeping and goes with the person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PLACEHOLDERS = ("name", "email", "url", "iban", "order", "infraction", "case", "tracking", "phone", "number")
MOST = 500
"""Longer messages are cut."""

_NUMBERED = r"[-–—_#.:/]?\s?"
_EMAIL = re.compile(r"[\w.+-]+(?:@|\s?\(at\)\s?|\s?\[at\]\s?)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[a-z]{2,})+/\S*", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.])@[\w.]{2,}")
_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?\b")
_CASE = re.compile(r"\b[A-Z]{1,2}-[A-Z2-7]{12,}\b")
_ORDER = re.compile(rf"(?<![\w@])#?(?:FO|WO|BK)(?:-\d{{1,14}}|{_NUMBERED}\d{{3,14}})\b", re.IGNORECASE)
_INFRACTION = re.compile(rf"(?<![\w@])#?(?:VS|V)(?:-\d{{1,14}}|{_NUMBERED}\d{{3,14}})\b", re.IGNORECASE)
_MIXED = re.compile(r"(?<![\w@])#?(?=[A-Za-z0-9/_-]*[A-Za-z])(?=[A-Za-z0-9/_-]*\d)[A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)?\d[\d ()/.-]{5,}\d(?!\w)")
_DIGITS = re.compile(r"#?\d{4,}")
_DATE = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})?|\d{4}-\d{1,2}-\d{1,2})(?:[ ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)?\.?"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_WEEK = re.compile(r"(?:kw|cw|q)\d{1,2}", re.IGNORECASE)
_CAPITAL = r"[A-ZÄÖÜ][\w'’-]+"
_ADDRESSED = re.compile(rf"\b((?i:(?:herrn?|frau|mr|mrs|ms|dr|prof)\.?\s+)+){_CAPITAL}(?:\s+{_CAPITAL})?")
_INTRODUCED = re.compile(
    r"\b(?i:(ich hei(?:ß|ss)e|mein name ist|my name is|i am called"
    r"|(?:viele|liebe|beste|mit freundlichen) gr(?:ü|ue)(?:ß|ss)en?"
    rf"|gruß|gruss|lg|mfg|vg|(?:best|kind) regards|regards|cheers))([,:\s]+){_CAPITAL}(?:\s+{_CAPITAL})?"
)
_LEAST_NAME = 3
_LEAST_IN_MIXED = 3
_LEAST_TRACKING = 9


def redact(text: str, names: Iterable[str] = (), order_pattern: str | None = None) -> str:
    """The message on one line with placeholders such as <order>; `names` are those of whoever may be meant.

    `order_pattern`: what order numbers look like, where it is configured.
    """
    text = " ".join(text.split())[:MOST]
    text = _EMAIL.sub("<email>", text)
    text = _URL.sub("<url>", text)
    text = _HANDLE.sub("<name>", text)
    for name in sorted(_parts(names), key=len, reverse=True):
        text = re.sub(rf"(?<![\w<]){re.escape(name)}(?:s|'s|’s)?(?!\w)", "<name>", text, flags=re.IGNORECASE)
    text = _ADDRESSED.sub(r"\1<name>", text)
    text = _INTRODUCED.sub(r"\1\2<name>", text)
    text = _CASE.sub("<case>", text)
    if order_pattern:
        text = re.sub(rf"(?<![\w<])(?:{order_pattern})(?![\w>])", "<order>", text, flags=re.IGNORECASE)
    text = _INFRACTION.sub("<infraction>", _ORDER.sub("<order>", text))
    text = _IBAN.sub(_iban, text)
    text = _PHONE.sub(_phone, text)
    text = _MIXED.sub(_mixed, text)
    text = _DIGITS.sub(lambda found: found[0] if _YEAR.fullmatch(found[0]) else "<number>", text)
    return re.sub(r"<name>(?: <name>)+", "<name>", text)


def _parts(names: Iterable[str]) -> set[str]:
    """Each name as a whole and word by word."""
    whole = {name.strip() for name in names if name and name.strip()}
    words = {word.strip(".,") for name in whole for word in re.split(r"[\s@-]+", name)}
    return {name for name in whole | words if len(name) >= _LEAST_NAME}


def _iban(found: re.Match[str]) -> str:
    """Only what its check digits say is one: parcels have numbers of the same kind."""
    bare = re.sub(r"[ -]", "", found[0]).upper()
    digits = "".join(str(int(letter, 36)) for letter in bare[4:] + bare[:4])
    return "<iban>" if int(digits) % 97 == 1 else found[0]


def _phone(found: re.Match[str]) -> str:
    """With a leading 0 or +, unless it is a day."""
    return "<phone>" if found[0][0] in "+0" and not _DATE.match(found[0]) else found[0]


def _mixed(found: re.Match[str]) -> str:
    """Letters and digits in one: a number of something, unless there are very few digits."""
    digits = sum(letter.isdigit() for letter in found[0])
    if digits < _LEAST_IN_MIXED or _WEEK.fullmatch(found[0]):
        return found[0]
    return "<tracking>" if len(found[0]) >= _LEAST_TRACKING else "<order>"
