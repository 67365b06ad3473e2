"""Networks for ONNX Runtime: the few kinds of protocol-buffer messages that its files need (onnx.proto).

The package `onnx` would do the same, and pulls in more than it saves: a file is a list of operators and of arrays.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Shape = Sequence[int | str]

_IR, _OPSET, _CONTRIBUTED = 9, 18, "com.microsoft"
_KINDS = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7}
_NUMBER, _BYTES, _FLOAT = 0, 2, 5  # kinds of fields
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT = 1, 2


class Network:
    """Operators in the order in which they run; `add` and `keep` give names that later operators take."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._arrays: list[bytes] = []

    def keep(self, array: NDArray[Any]) -> str:
        """An array (of a kind in `_KINDS`) that is part of the network."""
        name = f"w{len(self._arrays)}"
        data = np.ascontiguousarray(array)
        fields = [*(_number(1, size) for size in data.shape), _number(2, _KINDS[data.dtype.name])]
        self._arrays.append(b"".join([*fields, _bytes(8, name.encode()), _bytes(9, data.tobytes())]))
        return name

    def add(self, operator: str, inputs: Sequence[str], outputs: int = 1, /, **attributes: float) -> list[str]:
        """One of ONNX's operators; one that it lacks is ONNX Runtime's own if its name begins with a dot.

        An input without a name is left out.
        """
        names = [f"x{len(self._nodes)}_{i}" for i in range(outputs)]
        fields = [_bytes(1, name.encode()) for name in inputs] + [_bytes(2, name.encode()) for name in names]
        fields.append(_bytes(4, operator.lstrip(".").encode()))
        fields += [_bytes(5, attribute) for attribute in _attributes(attributes)]
        if operator.startswith("."):
            fields.append(_bytes(7, _CONTRIBUTED.encode()))
        self._nodes.append(b"".join(fields))
        return names

    def session(self, given: Mapping[str, Shape], found: str, shape: Shape) -> onnxruntime.InferenceSession:
        """Ready to run, on the thread of whoever runs it, so that a process may fork after it. ``given``, ``found``:
        names of arrays of float32 that go in and come out, and their shapes; a size that varies is a name."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it would keep what the longest message ever needed
        with NamedTemporaryFile(
            suffix=".onnx"
        ) as file:  # what is given as bytes, a session keeps beside what it makes of it
            file.write(self._file(given, found, shape))
            file.flush()
            return onnxruntime.InferenceSession(file.name, options, providers=["CPUExecutionProvider"])

    def _file(self, given: Mapping[str, Shape], found: str, shape: Shape) -> bytes:
        graph = [_bytes(1, node) for node in self._nodes] + [_bytes(2, b"lotse")]
        graph += [_bytes(5, array) for array in self._arrays]
        graph += [_bytes(11, _described(name, its_shape)) for name, its_shape in given.items()]
        graph.append(_bytes(12, _described(found, shape)))
        sets = ((b"", _OPSET), (_CONTRIBUTED.encode(), 1))
        opsets = [_bytes(8, _bytes(1, domain) + _number(2, version)) for domain, version in sets]
        return b"".join([_number(1, _IR), _bytes(7, b"".join(graph)), *opsets])


def _attributes(values: Mapping[str, float]) -> list[bytes]:
    return [
        _bytes(1, name.encode()) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
        if isinstance(value, int)
        else _bytes(1, name.encode()) + _key(2, _FLOAT) + struct.pack("<f", value) + _number(20, _ATTRIBUTE_FLOAT)
        for name, value in values.items()
    ]


def _described(name: str, shape: Shape) -> bytes:
    sizes = [_bytes(2, size.encode()) if isinstance(size, str) else _number(1, size) for size in shape]
    tensor = _number(1, _KINDS["float32"]) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _number(field: int, value: int) -> bytes:
    return _key(field, _NUMBER) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """A number of at least 0, seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
