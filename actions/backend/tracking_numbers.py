"""Tracking numbers by their form: what large carriers write, with their check digits.

Sources: UPU S10-12 (letters, nine digits, letters), GS1 SSCC (20 digits beginning with 00), UPS 1Z, DHL JD/JJD,
USPS (22 digits), DPD and Hermes (14 digits), Amazon TBA, Cainiao LP, Swiss Post 99.
"""

from __future__ import annotations

import re

from stdnum import luhn

_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_UPS = re.compile(r"1Z[A-Z0-9]{16}")
_FEWEST_DIGITS = 3  # different ones; "00000000000000000000" is no number of anybody's
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def normalized(number: str) -> str:
    """The number as carriers print it in one piece: upper case, without blanks, dots and hyphens."""
    return re.sub(r"[\s.\-]", "", number).upper()


def is_doubtful(number: str) -> bool:
    """Whether the number has no large carrier's form or a wrong check digit. There are other carriers: ask, only."""
    return not is_tracking_number(normalized(number))


def looks_like_one(number: str, *, about_parcels: bool = True) -> bool:
    """Whether ``number`` (upper case, no blanks) is one, or would be but for its check digit: most likely mistyped.

    Only formats that nothing else has count without a right check digit, and plain digits where parcels are spoken of.
    """
    if is_tracking_number(number, about_parcels=about_parcels):
        return True
    if _S10.fullmatch(number) or _UPS.fullmatch(number):
        return True
    if not number.isascii() or not number.isdigit() or len(set(number)) < _FEWEST_DIGITS:
        return False
    return (len(number) == 20 and number.startswith("00")) or (
        about_parcels and len(number) == 22 and number.startswith("9")
    )


def is_tracking_number(number: str, *, about_parcels: bool = True) -> bool:
    """Whether ``number`` (upper case, no blanks) is one of a large carrier's formats and its check digit holds.

    ``about_parcels``: formats of plain digits that could also be a phone number count only where parcels are spoken of.
    """
    if _S10.fullmatch(number):
        return _s10(number)
    if _UPS.fullmatch(number):
        return _ups(number)
    if re.fullmatch(r"J?JD[0-9]{12,20}|TBA[0-9]{12}|LP[0-9]{14}|C[0-9]{14}|H[0-9]{19}", number):
        return True
    if not number.isascii() or not number.isdigit() or len(set(number)) < _FEWEST_DIGITS:
        return False
    if len(number) == 20 and number.startswith("00"):
        return _gs1(number)
    if len(number) == 22 and number.startswith("9"):
        return _gs1(number)
    if len(number) == 18 and number.startswith("99"):
        return True
    if len(number) in (14, 15, 16) and not number.startswith("00"):
        return about_parcels and not (len(number) == 16 and luhn.is_valid(number))  # rather a payment card
    return len(number) in (11, 12) and about_parcels and not number.startswith("0")


def _s10(number: str) -> bool:
    rest = 11 - sum(w * int(d) for w, d in zip(_S10_WEIGHTS, number[2:10], strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest) == int(number[10])


def _ups(number: str) -> bool:
    digits = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number[2:]]
    total = sum(digits[0:15:2]) + 2 * sum(digits[1:15:2])
    return (10 - total % 10) % 10 == digits[15]


def _gs1(number: str) -> bool:
    weighted = (int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(number[:-1])))
    return (10 - sum(weighted) % 10) % 10 == int(number[-1])
