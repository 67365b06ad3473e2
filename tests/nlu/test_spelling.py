"""Slips of the keyboard are repaired, real words are left alone."""

from __future__ import annotations

import random

import pytest

from bot.nlu.spelling import Speller, count_words
from bot.nlu.typos import misspelled

pytestmark = pytest.mark.unit

SENTENCES = (
    ["ich will stornieren"] * 5
    + ["der widerspruch läuft noch"] * 3
    + ["der verkäufer antwortet nicht"] * 2
    + ["einmalig"]
)


@pytest.fixture
def speller() -> Speller:
    return Speller(count_words(SENTENCES), common=lambda word: word in {"wecker", "stern", "stell", "den"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ich wil sotrnieren", "ich will stornieren"),
        ("Widersprcuh", "widerspruch"),
        ("verkaufer", "verkäufer"),
        ("stell den Wecker", "stell den wecker"),
        ("Stern", "stern"),
        ("xyzxyz", "xyzxyz"),
        ("", ""),
        ("14.12.!", "14.12.!"),
    ],
)
def test_repair(speller: Speller, typed: str, meant: str) -> None:
    assert speller.repair(typed) == meant


def test_a_word_seen_once_is_left_alone_and_not_suggested(speller: Speller) -> None:
    assert speller.repair("einmalig einmalik") == "einmalig einmalik"


def test_many_at_once_are_repaired_like_one_by_one(speller: Speller) -> None:
    typed = [misspelled(sentence, 0.15, random.Random(i)) for i, sentence in enumerate(SENTENCES)]
    assert speller.repair_all(typed) == [
        Speller(count_words(SENTENCES), lambda _: False).repair(text) for text in typed
    ]


def test_misspellings_repeat_themselves_and_keep_digits() -> None:
    first, again = (misspelled("Auftrag FO-48213 stornieren", 0.4, random.Random(1)) for _ in range(2))
    assert first == again != "Auftrag FO-48213 stornieren"
    assert "48213" in first
    assert misspelled("Auftrag", 0.0, random.Random(1)) == "Auftrag"
