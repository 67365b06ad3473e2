"""The trained model: whether it is there and fits what it is made from, and training it if not.

`python -m bot.engine.model` does that and nothing else (`make train`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Everything that training reads. (Folders with all files below them, but for what Python leaves behind.)
SOURCES = ("config.yml", "domain.yml", "data", "bot/nlu", "requirements/runtime.lock")

_COMPONENT = re.compile(r"Starting to train component '(\w+)'")


class TrainingError(Exception):
    """Rasa could not train; the message has the end of what it said."""


def fingerprint(root: Path = ROOT) -> str:
    """A hash over all sources, names and contents."""
    digest = hashlib.sha256()
    for source in SOURCES:
        for path in _files(root / source):
            digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    return sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def newest(root: Path = ROOT) -> Path | None:
    """The model that was trained last."""
    models = sorted((root / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return models[-1] if models else None


def is_fresh(root: Path = ROOT) -> bool:
    """Whether our model was made from the sources as they are."""
    marker = root / "models" / "lotse.fingerprint"
    return (
        (root / "models" / "lotse.tar.gz").is_file()
        and marker.is_file()
        and marker.read_text(encoding="utf-8") == fingerprint(root)
    )


def ensure(say: Callable[[str], None] = print, root: Path = ROOT) -> bool:
    """Train if needed; whether it was. Of several that ask at once, one trains and the others wait for it."""
    if is_fresh(root):
        return False
    (root / "models").mkdir(exist_ok=True)
    with _alone(root / "models" / ".lock"):
        if is_fresh(root):
            return False
        _train(say, root)
    return True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _train(say: Callable[[str], None], root: Path) -> None:
    say("Training the model: it is missing, or what it is made from has changed")
    began, wanted, models = time.monotonic(), fingerprint(root), root / "models"
    command = [sys.executable, "-m", "rasa", "train", "--out", "models/.training", "--fixed-model-name", "lotse"]
    env = {**os.environ, "PYTHONWARNINGS": "ignore", "RASA_TELEMETRY_ENABLED": "false"}
    last: deque[str] = deque(maxlen=25)
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=root, env=env, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.rstrip())
            if component := _COMPONENT.search(line):
                say(f"  {component[1]}")
    if process.returncode or not (models / ".training" / "lotse.tar.gz").is_file():
        raise TrainingError("Rasa could not train the model:\n" + "\n".join(last))
    # First the model, then the word that it fits: an interruption between the two only trains once more.
    (models / ".training" / "lotse.tar.gz").replace(models / "lotse.tar.gz")
    (models / "lotse.fingerprint").write_text(wanted, encoding="utf-8")
    say(f"Trained in {time.monotonic() - began:.0f} s")


def main() -> int:
    try:
        if not ensure():
            print("The model is up to date")
    except TrainingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
