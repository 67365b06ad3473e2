"""One sentence encoded from remembered pieces: the same vector as the encoder's own, remembered or not."""

import numpy as np
import pytest

from bot.nlu.piece_encoder import PieceEncoder
from bot.nlu.sentence_vectors import encoder

pytestmark = pytest.mark.unit

TEXTS = (
    "",
    "?",
    "ja",
    "wie weit ist denn mein Logo, und wann kommt es?",
    "I'd like to cancel FO-1, the seller never answered …",
    "grüezi, händ ihr de uftrag scho agfange? 🙂 ÄÖÜ ß ﬁ",
    "wort " * 120,
)


def test_words_are_cut_one_by_one_as_in_the_whole_text() -> None:
    pieces, tokenizer = PieceEncoder(encoder()), encoder()._tokenizer
    assert not any("\u2581" in piece[1:] for piece in tokenizer._pieces)
    for text in (*TEXTS, " \t\u2581 ", "e-mail\u2581adresse", "ﬁ\u00a0x  漢字 مرحبا"):
        assert pieces._pieces(text) == tokenizer.encode(text, out_type=int, add_bos=True, add_eos=True), text


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_same_vector_at_first_and_once_remembered(text: str) -> None:
    pieces, whole = PieceEncoder(encoder()), encoder().encode(text)
    for _ in range(2):
        assert np.abs(pieces.encode(text) - whole).max() < 2e-6


def test_what_no_longer_fits_is_forgotten() -> None:
    pieces = PieceEncoder(encoder(), remembered=16)
    for _ in range(2):
        for text in TEXTS:
            assert np.abs(pieces.encode(text) - encoder().encode(text)).max() < 2e-6
    assert len(pieces._slots) <= 16


def test_neighbouring_sentences_do_not_touch() -> None:
    pieces = PieceEncoder(encoder())
    before = pieces.encode("stornieren")
    pieces.encode("etwas ganz anderes und viel länger als der Satz davor")
    assert np.array_equal(pieces.encode("stornieren"), before)
