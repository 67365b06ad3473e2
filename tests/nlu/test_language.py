"""The language of a message; none rather than a wrong one."""

# ruff: noqa: E501 - a row of a table is easier to read on one line

from __future__ import annotations

import pytest

from bot.nlu.language import detect
from bot.nlu.language_words import ENGLISH, GERMAN

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    ["wo bleibt mein Logo", "ich will stornieren", "cancel mein order pls", "nein danke", "Verlängerung bis Freitag bitte",
     "sry wollte eig nicht stornieren nur fragn wie weit der is", "i mecht gegen die Straf Einspruch erheben", "wer sieht das"],
)  # fmt: skip
def test_german(text: str) -> None:
    assert detect(text) == "de"


@pytest.mark.parametrize(
    "text",
    ["where is my logo", "I want to cancel", "no thanks", "extend it until Friday please", "its been 2 weks and i herd nothing",
     "make a Stornierung for me", "who can see this", "I'm so tired"],
)  # fmt: skip
def test_english(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize("text", ["", "ok", "👍", "FO-48213", "14.12.", "hm", "asdfgh", "Status"])
def test_neither_where_it_cannot_be_told(text: str) -> None:
    assert detect(text) is None


def test_no_word_speaks_for_both() -> None:
    assert not GERMAN & ENGLISH
