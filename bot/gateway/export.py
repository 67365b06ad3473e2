"""An export as a ZIP file that is written while it is sent: what it takes in memory does not grow with the history."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from actions.backend import Backend
from actions.backend.personal_data import PARTS
from actions.policy import PLATFORM, Role
from bot.gateway import encoding

FORMAT = "lotse-export-1"
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class _Pipe:
    """What the ZIP writer takes for a file that cannot be wound back; the bytes are taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Keep it until it is taken."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to close."""

    def take(self) -> bytes:
        """What was written since."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


async def archive(backend: Backend, role: Role, person_id: str) -> AsyncIterator[bytes]:
    """The ZIP file of a person: export.json with one list a part, and the images of their appeals in evidence/."""
    pipe, images = _Pipe(), list[str]()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("export.json", "w") as document:
            async for piece in _document(backend, role, person_id, images):
                await asyncio.to_thread(document.write, piece)
                yield pipe.take()
        for evidence_id in images:
            found = await backend.evidence.get(evidence_id, PLATFORM)
            if found is not None:
                name = f"evidence/{found.id}.{_ENDINGS.get(found.media_type, 'bin')}"
                await asyncio.to_thread(file.writestr, zipfile.ZipInfo(name), found.content)  # compressed already
                yield pipe.take()
    yield pipe.take()


async def _document(backend: Backend, role: Role, person_id: str, images: list[str]) -> AsyncIterator[bytes]:
    """The JSON document: pages of a part come one after the other, the parts in their order; those without are []."""
    about = {"format": FORMAT, "exported_at": datetime.now(UTC), "person": {"role": role.value, "id": person_id}}
    yield encoding.encode(about)[:-1]
    missing, begun = list(PARTS), ""
    async for part, rows in backend.personal_data.pages(role, person_id, backend.erasures.memory):
        if part != begun:
            end, begun = b"]" if begun else b"", part
            empty = [missing.pop(0) for _ in range(missing.index(part))]
            yield end + b"".join(_named(name) + b"[]" for name in empty) + _named(missing.pop(0)) + b"["
        else:
            yield b","
        images += images_of(rows)
        yield encoding.encode(rows)[1:-1]
    yield (b"]" if begun else b"") + b"".join(_named(name) + b"[]" for name in missing) + b"}"


def _named(part: str) -> bytes:
    return b"," + encoding.encode(part) + b":"


def images_of(rows: list[dict[str, Any]]) -> list[str]:
    """The ids of images among the evidence of these appeals."""
    return [item["id"] for row in rows for item in row.get("evidence", ()) if item.get("digest")]
