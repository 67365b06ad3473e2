"""Stages that take long are kept with a fingerprint of what they were made from, and made again when that changes."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def fingerprint(sources: Iterable[Path]) -> str:
    """A hash over files, and over all files below folders, names and contents."""
    digest = hashlib.sha256()
    for source in sources:
        for path in files(source):
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def files(source: Path) -> list[Path]:
    """A file itself, or all files below a folder in order."""
    if source.is_file():
        return [source]
    return sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def read(path: Path) -> dict[str, Any] | None:
    """What was noted about a stage; None when it was never made."""
    if not path.is_file():
        return None
    noted: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return noted


def note(path: Path, about: dict[str, Any]) -> None:
    """Note that a stage was made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def size_mib(*paths: Path) -> float:
    """What the files take up on the disk, in MiB; a file that has several names counts once."""
    seen: set[tuple[int, int]] = set()
    blocks = 0
    for path in paths:
        for file in [path, *path.rglob("*")] if path.is_dir() else [path]:
            status = file.lstat()
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                blocks += status.st_blocks
    return round(blocks * 512 / 2**20, 1)


def commit() -> str:
    """The commit of the working copy, with a plus when what is trained or served was changed since."""
    head = _git("rev-parse", "--short", "HEAD")
    return head + (
        "+" if _git("status", "--porcelain", "--", "actions", "bot", "data", "config.yml", "domain.yml") else ""
    )


def _git(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        ["git", *arguments],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    return done.stdout.strip()
