"""The classifier's parts: masking, folding, concepts, softmax, and that what is saved is what is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from bot.nlu.concepts import concepts
from bot.nlu.intents import SentenceIntentClassifier
from bot.nlu.order_numbers import NumberFinder
from bot.nlu.softmax import fit
from bot.nlu.text import folded, masked

SENTENCES = {
    "request_cancellation": [
        "bitte stornieren",
        "storniere meinen auftrag",
        "please cancel my order",
        "cancel it",
        "auftrag stornieren",
    ],
    "request_order_update": [
        "wo bleibt mein logo",
        "wie weit ist der auftrag",
        "where is my logo",
        "any news on my order",
        "status bitte",
    ],
    "greet": ["hallo", "guten tag", "hello there", "good morning", "hi"],
}


def message(text: str) -> Message:
    return Message({"text": text})


@pytest.mark.unit
def test_numbers_and_links_say_nothing_but_their_kind() -> None:
    finder = NumberFinder()
    one, other = "storniere FO-48213, siehe https://a.example.de/1", "storniere fo 11111, siehe www.dhl.de/2"
    assert masked(one, finder.find(one)) == masked(other, finder.find(other))
    assert folded(masked("wegen V-5531", finder.find("wegen V-5531"))) == "wegen xcasex"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "one_spelling"),
    [
        ("Übermorgen!", "uebermorgen!"),
        ("sooooo", "soo"),
        ("um 15  Uhr", "um 0 uhr"),
        ("don’t", "don't"),
        ("ＡＢＣ", "abc"),
        ("", ""),
    ],
)
def test_folding(text: str, one_spelling: str) -> None:
    assert folded(text) == one_spelling


@pytest.mark.unit
def test_both_languages_have_the_same_concepts() -> None:
    german, english = (
        concepts(folded("ich will die anfrage nicht zurückziehen")),
        concepts(folded("I do not want to withdraw the request")),
    )
    assert set(german.split()) == set(english.split()) == {"i", "want", "request", "not", "withdraw"}


@pytest.mark.unit
def test_softmax_learns_what_can_be_told_apart_and_is_sure_of_no_more() -> None:
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(300, 4)).astype(np.float32)
    labels = ["yes" if row[0] > 0 else "no" for row in dense]
    sparse = csr_matrix((300, 2), dtype=np.float32)
    model = fit(sparse, dense, labels, penalty=1e-3, rounds=100)
    found = model.probabilities(sparse, dense)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert np.mean([model.classes[i] for i in found.argmax(axis=1)] == np.array(labels)) > 0.97
    cooler = model.probabilities(sparse, dense, temperature=5.0)
    assert (cooler.max(axis=1) <= found.max(axis=1) + 1e-6).all()


@pytest.mark.slow
def test_a_trained_classifier_is_saved_and_loaded_whole(tmp_path: Path) -> None:
    storage, resource = LocalModelStorage.create(tmp_path), Resource("intents")
    context = ExecutionContext(GraphSchema({}))
    config = {"penalty": 1e-4, "rounds": 60}
    untrained = SentenceIntentClassifier.create(config, storage, resource, context)
    assert untrained.process([message("hallo")])[0].get("intent") is None
    data = TrainingData(
        [
            Message({"text": text + end, "intent": name})
            for name, texts in SENTENCES.items()
            for text in texts
            for end in ("", " bitte", " please", " danke", "!")
        ]
    )
    untrained.train(data)
    loaded = SentenceIntentClassifier.load(config, storage, resource, context)
    for text in ("hallo", "where is my order", "stornieren bitte FO-48213", "", "🙏"):
        here, there = untrained.process([message(text)])[0], loaded.process([message(text)])[0]
        assert [r["name"] for r in here.get("intent_ranking")] == [r["name"] for r in there.get("intent_ranking")]
        assert here.get("intent")["confidence"] == pytest.approx(there.get("intent")["confidence"], abs=1e-4)
        assert sum(r["confidence"] for r in there.get("intent_ranking")) == pytest.approx(1, abs=1e-4)
    assert loaded.process([message("hallo")])[0].get("intent")["name"] == "greet"
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".json", ".npy", ".npz"}, (
        "nothing pickled"
    )
