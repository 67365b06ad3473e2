"""Starting a side's processes, and what they take: CPU time and memory of each, whatever they started included."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

STOP_WITHIN = 20.0  # seconds


@dataclass
class Running:
    """Processes that were started together. ``logs``: a file for each."""

    logs: Path
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        """Start one; what it says goes into ``<name>.log``."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(  # noqa: S603 - our own command
                list(command),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def died(self) -> list[str]:
        """The names of those that ended by themselves."""
        return [name for name, process in self.started.items() if process.poll() is not None]

    def tails(self) -> str:
        """The end of what each said."""
        said = {
            path.stem: path.read_text(encoding="utf-8", errors="replace")[-2000:] for path in self.logs.glob("*.log")
        }
        return "\n".join(f"--- {name}\n{text}" for name, text in said.items())

    def all(self) -> dict[str, psutil.Process]:
        """Every process by a name that tells it apart: those started here, and their descendants."""
        found: dict[str, psutil.Process] = {}
        for name, process in self.started.items():
            if process.poll() is not None:
                continue
            parent = psutil.Process(process.pid)
            found[name] = parent
            for child in parent.children(recursive=True):
                found[_told_apart(f"{name}/{_what(child)}", found)] = child
        return found

    def cpu_seconds(self) -> dict[str, float]:
        """User and system CPU time of each process so far."""
        return {name: sum(process.cpu_times()[:2]) for name, process in self.all().items()}

    def memory_mib(self) -> dict[str, dict[str, float]]:
        """Proportional and whole resident memory of each process: PSS shares out what several use, RSS does not."""
        taken = {}
        for name, process in self.all().items():
            info = process.memory_full_info()
            taken[name] = {"pss": round(info.pss / 2**20, 1), "rss": round(info.rss / 2**20, 1)}
        return taken

    def stop(self) -> None:
        """Ask each to end, the last one first; insist where that does not help."""
        for process in reversed(self.started.values()):
            if process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=STOP_WITHIN)


def _what(process: psutil.Process) -> str:
    """The module that a Python process runs, else the program's name."""
    command = process.cmdline()
    if "-m" in command[:-1]:
        return command[command.index("-m") + 1]
    return process.name()


def _told_apart(name: str, taken: Mapping[str, object]) -> str:
    number = 2
    wanted = name
    while wanted in taken:
        wanted, number = f"{name} {number}", number + 1
    return wanted


def clean_environment() -> dict[str, str]:
    """Our environment without settings of Lotse and of Python, which a measurement shall not depend on."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LOTSE_", "PYTHON"))}
