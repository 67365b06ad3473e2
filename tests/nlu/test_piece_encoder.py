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
