"""The training sentences: no doubles, no sentence with two meanings, none that is held out, all intents in both languages."""

# ruff: noqa: E501 - a row of a table is easier to read on one line

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
import yaml

from bot.engine.model import ROOT
from bot.nlu.evaluate import HELDOUT, LANGUAGES, TRAINING, examples, heldout, noisy, normalised
from bot.nlu.scores import Example

pytestmark = pytest.mark.unit

#: A phrase so short is what everybody says ("ja gern", "wie spät ist es"); whoever writes sentences writes it as well.
SET_PHRASE = 4


@pytest.fixture(scope="module")
def training() -> list[Example]:
    return [example for language in LANGUAGES for example in examples(TRAINING, language)]


def test_no_sentence_has_two_intents(training: list[Example]) -> None:
    intents: defaultdict[str, set[str]] = defaultdict(set)
    for example in training:
        intents[normalised(example.text)].add(example.intent)
    assert {text: found for text, found in intents.items() if len(found) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stands_twice(language: str) -> None:
    counts = Counter(normalised(example.text) for example in examples(TRAINING, language))
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_heldout_sentence_is_trained_on(training: list[Example]) -> None:
    trained = {normalised(example.text) for example in training}
    held = [normalised(e.text) for language in LANGUAGES for e in examples(HELDOUT, language)]
    assert [text for text in held if text in trained and len(text.split()) > SET_PHRASE] == []
    assert not {normalised(e.text) for e in heldout()} & trained, "what is measured was never seen"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_of_the_domain_has_many_examples(language: str) -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    intents = {name if isinstance(name, str) else next(iter(name)) for name in domain["intents"]} - {"nlu_fallback"}
    counts = Counter(example.intent for example in examples(TRAINING, language))
    assert set(counts) == intents
    assert {intent: n for intent, n in counts.items() if n < 60} == {}


def test_noise_disturbs_letters_and_leaves_numbers_alone() -> None:
    sentence = Example("Bitte stornieren Sie FO-48213 am 14.12.", "de", "request_cancellation", frozenset())
    (disturbed,) = noisy([sentence], 0.5, seed=3)
    assert disturbed.text != sentence.text
    assert "FO-48213" in disturbed.text and "14.12." in disturbed.text
    assert noisy([sentence], 0.5, seed=3) == [disturbed], "the same for the same seed"
    assert noisy([sentence], 0.0, seed=3) == [sentence]
