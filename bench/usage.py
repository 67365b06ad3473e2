"""Running a command to its end and saying what it took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict


class Usage(TypedDict):
    """Seconds of wall clock and of CPU (user + system, children included); the largest process's memory in MiB."""

    wall_s: float
    cpu_s: float
    max_rss_mib: float
    code: int


def run(command: Sequence[str], *, cwd: Path, log: Path, env: Mapping[str, str] | None = None, nice: int = 0) -> Usage:
    """Run a command with its output in ``log``. Raises nothing for a failed command: see ``code``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            ["nice", "-n", str(nice), *command] if nice else list(command),
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # it was waited for here
    return Usage(
        wall_s=round(time.monotonic() - began, 2),
        cpu_s=round(used.ru_utime + used.ru_stime, 2),
        max_rss_mib=round(used.ru_maxrss / 1024, 1),
        code=process.returncode,
    )
