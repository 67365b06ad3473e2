"""Slips of the fingers are repaired by what was probably meant; real words are left alone."""

from __future__ import annotations

import math
import random

import pytest

from bot.nlu.slips import log_likelihood
from bot.nlu.spelling import Speller, count_pairs, count_words
from bot.nlu.typos import misspelled

pytestmark = pytest.mark.unit

SENTENCES = (
    ["ich will stornieren", "ich will nicht mehr stornieren"] * 5
    + ["der widerspruch läuft noch", "the buyer has not answered", "sein auftrag läuft"] * 4
    + ["der verkäufer antwortet nicht"] * 3
    + ["einmalig"]
)
AT_LARGE = {"wecker": -12.0, "stern": -12.0, "stell": -11.0, "den": -8.0, "es": -7.0}


def at_large(word: str) -> float:
    return AT_LARGE.get(word, -5.0 * max(4, len(word)))


@pytest.fixture
def speller() -> Speller:
    return Speller(count_words(SENTENCES), count_pairs(SENTENCES), at_large)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ich wil sotrnieren", "ich will stornieren"),
        ("Widersprcuh", "widerspruch"),
        ("verkaufer", "verkäufer"),
        ("verkaeufer", "verkäufer"),
        ("teh buyer", "the buyer"),
        ("ichwill stornieren", "ich will stornieren"),
        ("stell den Wecker", "stell den wecker"),
        ("Stern", "stern"),
        ("xyzxyz", "xyzxyz"),
        ("", ""),
        ("14.12.!", "14.12.!"),
    ],
)
def test_repair(speller: Speller, typed: str, meant: str) -> None:
    assert speller.repair(typed) == meant


def test_the_words_around_decide_between_two_that_are_as_near(speller: Speller) -> None:
    assert speller.repair("der verkäufer antwortet icht") == "der verkäufer antwortet nicht"
    assert speller.repair("icht will stornieren") == "ich will stornieren"


def test_a_word_that_fits_is_not_made_another(speller: Speller) -> None:
    for sentence in SENTENCES:
        assert speller.repair(sentence) == sentence


def test_what_was_repaired_can_be_told(speller: Speller) -> None:
    assert speller.read("Ich wil Stornieren") == ("ich will stornieren", {"wil": "will"})
    assert speller.read("ichwill stornieren") == ("ich will stornieren", {"ichwill": "ich will"})
    assert speller.read("ich will") == ("ich will", {})


def test_many_at_once_are_repaired_like_one_by_one(speller: Speller) -> None:
    typed = [misspelled(sentence, 0.15, random.Random(i)) for i, sentence in enumerate(SENTENCES)]
    alone = Speller(count_words(SENTENCES), count_pairs(SENTENCES), at_large)
    assert speller.repair_all(typed) == [alone.repair(text) for text in typed]


def test_most_misspelled_sentences_become_what_they_were(speller: Speller) -> None:
    rng = random.Random(5)
    typed = [misspelled(sentence, 0.1, rng) for sentence in SENTENCES for _ in range(20)]
    damaged = [(text, SENTENCES[i // 20]) for i, text in enumerate(typed) if text != SENTENCES[i // 20]]
    repaired = [speller.repair(text) == sentence for text, sentence in damaged]
    assert sum(repaired) / len(repaired) > 0.75


def test_slips_of_the_fingers_are_likelier_than_other_changes() -> None:
    def of(typed: str) -> float:
        return log_likelihood("auftrag", typed, 0.05)

    assert of("auftrag") == pytest.approx(7 * math.log(0.95))
    assert of("auftrag") > of("aufttag") > of("aufqtag"), "r and t are neighbours"
    assert of("auftrga") > of("auqtrxg"), "two letters exchanged are one slip"
    assert of("aufttrag") > of("aufxtrag"), "a letter doubled"
    assert log_likelihood("verkäufer", "verkaufer", 0.01) > log_likelihood("verkäufer", "verkoufer", 0.01)


def test_misspellings_repeat_themselves_and_keep_digits() -> None:
    first, again = (misspelled("Auftrag FO-48213 stornieren", 0.4, random.Random(1)) for _ in range(2))
    assert first == again != "Auftrag FO-48213 stornieren"
    assert "48213" in first
    assert misspelled("Auftrag", 0.0, random.Random(1)) == "Auftrag"
