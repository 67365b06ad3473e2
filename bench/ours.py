"""What Lotse takes before it serves: the environment it needs, and its training."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import kept, usage
from bench.processes import clean_environment
from bench.stock import environment, training

FOLDER = kept.ROOT / "bench" / ".run"
VENV = FOLDER / "venv"
PYTHON = VENV / "bin" / "python"
LOCK = kept.ROOT / "requirements" / "runtime.lock"
NOTED = FOLDER / "environment.json"
CODE = ("actions", "bot", "data", "config.yml", "domain.yml")
MODEL = kept.ROOT / "models" / "lotse.tar.gz"


def ensure_environment(say: Callable[[str], None], *, fresh: bool = False) -> None:
    """Install what running needs, and nothing a developer needs besides, to see how large that is."""
    wanted = kept.fingerprint([LOCK])
    noted = kept.read(NOTED)
    if not fresh and noted and noted["fingerprint"] == wanted:
        say("Lotse's environment: kept")
        return
    say("Lotse's environment: installing requirements/runtime.lock")
    FOLDER.mkdir(exist_ok=True)
    env = {**os.environ, "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1"), "VIRTUAL_ENV": str(VENV)}
    base = getattr(sys, "_base_executable", sys.executable)
    for command in (
        ["venv", "--quiet", "--clear", "--python", base, str(VENV)],
        ["pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", str(LOCK)],
    ):
        subprocess.run([str(environment.UV), *command], env=env, check=True)  # noqa: S603 - our own command
    subprocess.run([str(PYTHON), "-m", "bot.engine.absent"], cwd=kept.ROOT, check=True, capture_output=True)  # noqa: S603
    kept.note(NOTED, {"fingerprint": wanted})


def sizes() -> dict[str, dict[str, float]]:
    """Installed on the disk, in MiB: packages, their bytecode, code and data, the packed model; of both sides."""
    code = [kept.ROOT / name for name in CODE]
    return {
        "stock": {
            **_packages(environment.VENV),
            "code": kept.size_mib(kept.ROOT / "actions", training.PROJECT / "data", training.PROJECT / "domain.yml"),
            "model": kept.size_mib(training.MODEL),
        },
        "lotse": {**_packages(VENV), "code": kept.size_mib(*code), "model": kept.size_mib(MODEL)},
    }


def _packages(venv: Path) -> dict[str, float]:
    bytecode = kept.size_mib(*venv.rglob("__pycache__"))
    return {"packages": round(kept.size_mib(venv) - bytecode, 1), "bytecode": bytecode}


def train(say: Callable[[str], None]) -> dict[str, Any]:
    """Train Lotse on the sentences that plain Rasa was trained on, in a folder of its own; what it took."""
    with tempfile.TemporaryDirectory(prefix="lotse-training-") as name:
        folder = Path(name)
        for source in ("bot", "actions"):
            shutil.copytree(kept.ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(training.TRAINED_ON / "data", folder / "data")
        for source in ("domain.yml", "config.yml", "requirements/runtime.lock"):
            (folder / source).parent.mkdir(exist_ok=True)
            origin = training.TRAINED_ON if source == "domain.yml" else kept.ROOT
            shutil.copyfile(origin / source, folder / source)
        say("Lotse's model: training on the same sentences")
        used = usage.run(
            # The folder comes first on the path, so that nothing of the working copy is read or replaced.
            [str(PYTHON), "-m", "bot.engine.model"],
            cwd=folder,
            log=FOLDER / "log" / "train.log",
            env={**clean_environment(), "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(folder)},
        )
        if used["code"]:
            raise training.TrainingError(f"Lotse could not be trained: see {FOLDER}/log/train.log")
        return {**used, "commit": kept.commit()}
