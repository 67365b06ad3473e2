"""Plain Rasa's own environment: real TensorFlow, as `pip install rasa` gives it, in bench/.stock/venv."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench import kept

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / ".stock"
VENV = FOLDER / "venv"
LOCK = HERE / "requirements.lock"
UV = kept.ROOT / ".tools" / "uv" / "bin" / "uv"
NOTED = FOLDER / "environment.json"


def ensure(say: Callable[[str], None], *, fresh: bool = False) -> None:
    """Install what the lock names, unless that was done. Raises CalledProcessError."""
    wanted = kept.fingerprint([LOCK])
    noted = kept.read(NOTED)
    if not fresh and noted and noted["fingerprint"] == wanted and (VENV / "bin" / "rasa").exists():
        say("stock environment: kept")
        return
    say("stock environment: installing (2.5 GB)")
    FOLDER.mkdir(exist_ok=True)
    env = {**os.environ, "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "1"), "VIRTUAL_ENV": str(VENV)}
    base = getattr(sys, "_base_executable", sys.executable)
    for command in (
        ["venv", "--quiet", "--clear", "--python", base, str(VENV)],
        # With bytecode, as pip would: otherwise each start compiles everything again where nothing may be written.
        ["pip", "sync", "--quiet", "--no-config", "--compile-bytecode", "--require-hashes", str(LOCK)],
    ):
        subprocess.run([str(UV), *command], env=env, check=True)  # noqa: S603 - our own command
    kept.note(NOTED, {"fingerprint": wanted})


def package(name: str) -> Path:
    """The folder of an installed package."""
    return next((VENV / "lib").glob("python3.*")) / "site-packages" / name


def environment(**more: str) -> dict[str, str]:
    """The environment variables of its processes: nobody's but what Rasa reads anyway, and no telemetry."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LOTSE_", "PYTHON"))}
    return {**inherited, "RASA_TELEMETRY_ENABLED": "false", "PYTHONWARNINGS": "ignore", **more}
