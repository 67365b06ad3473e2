"""The evidence storage: images under the digest of their content, in a local folder or wherever fsspec reaches.

A file is written before the row that names it, as a whole or not at all; one without a row is removed later.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Any

import fsspec
import structlog
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backend import evidence_images
from actions.backend.appeal_tables import AppealRow, EvidenceRow
from actions.backend.appeal_views import EvidenceFile, StoredImage
from actions.backend.database import Database
from actions.backend.errors import StorageUnavailable
from actions.policy import Actor, Role

log = structlog.get_logger(__name__)

FOLDERS = tuple(f"{number:02x}" for number in range(256))
_DIGEST = re.compile(r"[0-9a-f]{64}")
_AT_ONCE = 2
"""Images that are unpacked at the same time: each may take some hundred megabytes."""


class EvidenceStore:
    """Checks images and keeps them; only their owner and the platform get them back."""

    def __init__(self, database: Database, url: str | None) -> None:
        self._database, self._url = database, url
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def store(self, data: bytes) -> StoredImage:
        """Check an image, draw it anew and keep it; `Appeals.attach` makes it evidence.

        EvidenceRefused with a code of evidence_images, StorageUnavailable when it cannot be kept.
        """
        async with self._places:
            image = await asyncio.to_thread(evidence_images.clean, data)
        digest = hashlib.sha256(image.content).hexdigest()
        try:
            await asyncio.to_thread(self._write, digest, image.content)
        except OSError as error:
            raise StorageUnavailable(str(error)) from error
        return StoredImage(digest, image.media_type, len(image.content), image.width, image.height)

    async def get(self, evidence_id: str, actor: Actor) -> EvidenceFile | None:
        """An image for its owner or the platform; None for anybody else, for a link, and for what does not exist."""
        query = (
            select(EvidenceRow.digest, EvidenceRow.media_type, AppealRow.seller_id)
            .join(AppealRow, AppealRow.id == EvidenceRow.appeal_id)
            .where(EvidenceRow.id == evidence_id)
        )

        def work(session: Session) -> tuple[str, str] | None:
            found = session.execute(query).first()
            if found is None or found.digest is None:
                return None
            allowed = actor.role is Role.PLATFORM or actor == Actor(Role.SELLER, found.seller_id)
            return (found.digest, found.media_type) if allowed else None

        found = await self._database.read(work)
        if found is None:
            return None
        digest, media_type = found
        try:
            content = await asyncio.to_thread(self._read, digest)
        except OSError as error:
            log.error("evidence not readable", evidence_id=evidence_id, digest=digest, error=str(error))
            raise StorageUnavailable(str(error)) from error
        return EvidenceFile(evidence_id, media_type, content)

    async def discard(self, digests: Collection[str]) -> int:
        """Remove images that no evidence names (any more); how many it were. StorageUnavailable: some may be left."""
        wanted = set(digests)
        if not wanted:
            return 0
        named = select(EvidenceRow.digest).where(EvidenceRow.digest.in_(wanted))
        wanted -= set(await self._database.read(lambda session: session.scalars(named).all()))
        try:
            return sum([await asyncio.to_thread(self._remove, digest) for digest in sorted(wanted)])
        except OSError as error:
            raise StorageUnavailable(str(error)) from error

    async def discard_unattached(self, folder: str, before: datetime) -> int:
        """Remove images stored before an instant that no evidence names; `folder`: those of FOLDERS, one at a time."""
        if self._url is None:
            return 0
        try:
            return await self.discard(await asyncio.to_thread(self._stored_before, folder, before))
        except OSError as error:
            raise StorageUnavailable(str(error)) from error

    def _stored_before(self, folder: str, before: datetime) -> list[str]:
        system, path = self._place(folder)
        try:
            found = system.ls(str(PurePosixPath(path).parent), detail=True)
        except FileNotFoundError:
            return []
        return [
            name
            for entry in found
            if _DIGEST.fullmatch(name := PurePosixPath(entry["name"]).name)
            and (stored_at := _stored_at(entry)) is not None
            and stored_at < before
        ]

    def _remove(self, digest: str) -> bool:
        system, path = self._place(digest)
        try:
            system.rm_file(path)
        except FileNotFoundError:
            return False
        return True

    def _write(self, digest: str, content: bytes) -> None:
        system, path = self._place(digest)
        if not isinstance(system, LocalFileSystem):
            system.pipe_file(path, content)  # an object is there as a whole or not at all, and is new again
        elif system.exists(path):
            Path(path).touch()  # new again: what nothing names is removed after a while
        else:
            _write_whole(Path(path), content)

    def _read(self, digest: str) -> bytes:
        system, path = self._place(digest)
        content: bytes = system.cat_file(path)
        return content

    def _place(self, digest: str) -> tuple[Any, str]:
        if self._url is None:
            raise StorageUnavailable("no evidence storage is configured (LOTSE_EVIDENCE_URL)")
        system, root = fsspec.url_to_fs(self._url)
        return system, f"{root.rstrip('/')}/{digest[:2]}/{digest}"


def _stored_at(entry: Mapping[str, Any]) -> datetime | None:
    """When a file was written last, as the different storages say it."""
    for name in ("mtime", "LastModified", "last_modified", "updated"):
        value = entry.get(name)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
    return None


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, make sure that the disk has it, and only then give it its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise
