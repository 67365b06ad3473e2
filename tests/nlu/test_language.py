"""The language of a message; none rather than a wrong one."""

# ruff: noqa: E501 - a row of a table is easier to read on one line

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.code_digest import digest
from bot.nlu.intents import SentenceIntentClassifier
from bot.nlu.language import Language, detect
from bot.nlu.language_grams import LanguageGrams, _parts
from bot.nlu.language_words import ENGLISH, GERMAN, GERMAN_FRAME

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


def test_what_holds_a_german_sentence_together_is_no_english_word() -> None:
    assert GERMAN_FRAME <= GERMAN
    assert not GERMAN_FRAME & {"die", "hat", "um", "den", "er"}


SAID = [
    "ich will meinen auftrag stornieren", "wo bleibt das paket", "der verkäufer antwortet nicht", "rechnung und lieferschein",
    "i want to cancel my order", "where is the parcel", "the seller does not answer", "invoice and delivery note",
]  # fmt: skip


@pytest.fixture(scope="module")
def grams() -> LanguageGrams:
    return LanguageGrams.learn(SAID * 3, (["de"] * 4 + ["en"] * 4) * 3)


def test_letters_tell_words_that_are_in_no_list(grams: LanguageGrams) -> None:
    assert detect("lieferschein rechnung", grams) == "de"
    assert detect("delivery invoice", grams) == "en"


@pytest.mark.parametrize("text", ["ok", "👍", "FO-48213", "hm", "Status", ""])
def test_letters_do_not_tell_what_both_languages_say(grams: LanguageGrams, text: str) -> None:
    assert detect(text, grams) is None


def test_a_german_sentence_with_english_words_is_german(grams: LanguageGrams) -> None:
    assert detect("pls update zu mein order", grams) == "de"
    assert detect("please tell the Verkäufer to hurry", grams) == "en"


class Letters(LanguageGrams):
    """Letters that say the same of every text."""

    def __init__(self, odds: float) -> None:
        self._odds = odds

    def log_odds(self, text: str) -> float:
        return self._odds


def test_one_word_that_holds_a_german_sentence_together_outweighs_an_english_one() -> None:
    assert detect("cancel mein zzz", Letters(-1.2)) == "de"
    assert detect("cancel tage zzz", Letters(-1.2)) == "en"
    assert detect("my die zzz", Letters(-0.3)) == "en"


def test_what_both_languages_write_makes_no_english_sentence_german(grams: LanguageGrams) -> None:
    assert detect("my die cut stickers", grams) == "en"


@pytest.mark.parametrize(("text", "least"), [("zzz", 0.87), ("zzz zzy", 0.55), ("angebot my", 0.55)])
def test_a_single_unknown_word_takes_more_to_be_told(text: str, least: float) -> None:
    odds = math.log(least / (1 - least))
    assert detect(text, Letters(odds + 0.05)) == "de"
    assert detect(text, Letters(-odds - 0.05)) == "en"
    assert detect(text, Letters(odds - 0.05)) is None is detect(text, Letters(0.05 - odds))


def test_some_words_of_a_sentence_are_learned_as_well() -> None:
    told = [("eins zwei drei vier", "de"), ("one", "en")] * 20
    parts = _parts(told, random.Random(1))
    assert {language for _, language in parts} == {"de"}, "one word has no parts"
    assert {len(text.split()) for text, _ in parts} == {1, 2, 3}
    assert all(text in told[0][0] for text, _ in parts)


def test_rasas_cache_sees_when_the_code_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {Component.get_default_config()["code"] for Component in (Language, SentenceIntentClassifier)} == {digest()}
    read = Path.read_bytes
    for module in ("language.py", "language_words.py", "language_grams.py", "typos.py", "softmax.py"):
        changed = lambda path, m=module: read(path) + b"#" * (path.name == m)  # noqa: E731
        monkeypatch.setattr(Path, "read_bytes", changed)
        assert digest.__wrapped__() != digest()


def test_what_is_learned_is_saved_and_loaded(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage.create(tmp_path), Resource("language")
    context = ExecutionContext(GraphSchema({}))
    learner = Language.create({}, storage, resource, context)
    learner.train(TrainingData([Message({"text": text, "intent": "inform"}) for text in SAID]))
    loaded = Language.load({}, storage, resource, context)
    for text in (*SAID, "lieferschein", "cancel it", "FO-48213"):
        messages = [component.process([Message({"text": text})])[0] for component in (learner, loaded)]
        assert messages[0].get("language") == messages[1].get("language")


def test_one_language_alone_is_nothing_to_learn_from(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage.create(tmp_path), Resource("language")
    context = ExecutionContext(GraphSchema({}))
    Language.create({}, storage, resource, context).train(
        TrainingData([Message({"text": SAID[0], "intent": "inform"})])
    )
    loaded = Language.load({}, storage, resource, context)
    assert loaded.process([Message({"text": "wo bleibt mein logo"})])[0].get("language") == "de"
