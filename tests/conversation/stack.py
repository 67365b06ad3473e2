"""The whole of Lotse as real processes on free loopback ports, with a database of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from actions.backend.migrate import upgrade
from bot.engine import model
from deploy.servers import free_ports
from tests.conversation.http import Unreachable, call

ROOT = Path(__file__).resolve().parents[2]
# What `python -m deploy.distributed --check` started, or what is started here.
ELSEWHERE = os.environ.get("LOTSE_TEST_PORT")
OPERATOR_KEY = os.environ.get("LOTSE_TEST_OPERATOR_KEY", "operator-key-of-the-conversation-tests")
JWT_SECRET = os.environ.get("LOTSE_TEST_JWT_SECRET", "signing-secret-of-the-conversation-tests-long-enough")
DESK = "Kundenservice"  # LOTSE_DESK_NAME, wherever the set-up runs
INTERNAL_SECRET = "internal-secret-of-the-conversation-tests"
MODULES = {"rasa": "bot.engine.rasa_server", "gateway": "bot.gateway"}
APART = {"actions": "bot.engine.action_server", **MODULES}
WORKERS = 2  # processes of Rasa, as `make run` has them on two cores
READY_WITHIN = 180.0  # seconds; Rasa loads its model, on a machine that may be busy with other things
STOP_WITHIN = 20.0
TAIL = 6000  # characters of a log that are worth showing


class NotReady(Exception):
    """The stack did not come up; the message has what its parts said last."""


@dataclass
class Stack:
    """Processes and where they are. ``folder`` holds the databases and one log file for each process.

    With a port for ``actions`` these have a process of their own; otherwise they run inside Rasa, as `make run` has it.
    """

    folder: Path
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def elsewhere(cls, port: int) -> Stack:
        """A set-up that runs already and is not ours to end; people come in at this port."""
        return cls(Path(), {"gateway": port})

    @classmethod
    def start(cls, folder: Path, modules: Mapping[str, str] = MODULES) -> Stack:
        """Train if the model is stale, migrate, start everything and wait until it is ready."""
        model.ensure()
        stack = cls(folder, dict(zip(modules, free_ports(len(modules), row=WORKERS), strict=True)))
        upgrade(f"sqlite:///{folder}/lotse.db")
        for name in modules:
            stack.run(name)
        try:
            stack.wait_ready()
        except BaseException:
            stack.stop()
            raise
        return stack

    @property
    def port(self) -> int:
        """The gateway's port, the only public one."""
        return self.ports["gateway"]

    def run(self, name: str) -> None:
        """Start one process; what it says goes to the end of its log."""
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", APART[name]],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, name: str) -> None:
        """End one process at once, with those it forked, without asking them (SIGKILL)."""
        process = self.processes[name]
        forked = self.forked(name)
        process.send_signal(signal.SIGKILL)
        for child in forked:
            child.kill()
        process.wait(timeout=STOP_WITHIN)
        psutil.wait_procs(forked, timeout=STOP_WITHIN)

    def forked(self, name: str) -> list[psutil.Process]:
        """What a process has forked: of Rasa's, those that answer."""
        return psutil.Process(self.processes[name].pid).children()

    def stop(self) -> None:
        """Ask every process to end, the gateway first; insist where that does not help."""
        for name in reversed(self.ports):
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(timeout=STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=STOP_WITHIN)

    def wait_ready(self, within: float = READY_WITHIN) -> None:
        """Return once the gateway says that every part is ready. Raises ``NotReady``."""
        end = time.monotonic() + within
        said: object = "nothing"
        while time.monotonic() < end:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise NotReady(f"{name} ended with {process.returncode}\n{self.tails()}")
            try:
                answer = call("GET", self.port, "/ready")
                if answer.status == 200:
                    return
                said = answer.body
            except Unreachable as error:
                said = error
            time.sleep(0.2)
        raise NotReady(f"not ready after {within:.0f} s: {said}\n{self.tails()}")

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self.folder / f"{name}.log"

    def log_sizes(self) -> dict[str, int]:
        """How long each log is now, in bytes."""
        return {name: self.log(name).stat().st_size for name in self.processes if self.log(name).exists()}

    def logs_since(self, sizes: dict[str, int]) -> dict[str, str]:
        """What each process has said since ``log_sizes`` was asked, its end if that is much."""
        said = {}
        for name in self.processes:
            with self.log(name).open("rb") as log:
                log.seek(sizes.get(name, 0))
                said[name] = log.read().decode(errors="replace")[-TAIL:]
        return said

    def tails(self) -> str:
        """The end of every log."""
        return "\n".join(f"--- {name}\n{text}" for name, text in self.logs_since({}).items())

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOTSE_")}
        actions = self.ports.get("actions")
        apart = {"LOTSE_ACTIONS_PORT": str(actions), "LOTSE_ACTIONS_URL": f"http://127.0.0.1:{actions}"}
        return {
            **inherited,
            **(apart if actions else {}),
            "LOTSE_PORT": str(self.ports["gateway"]),
            "LOTSE_RASA_PORT": str(self.ports["rasa"]),
            "LOTSE_RASA_WORKERS": str(WORKERS),
            "LOTSE_DATA_DIR": str(self.folder),
            "LOTSE_DATABASE_URL": f"sqlite:///{self.folder}/lotse.db",
            "LOTSE_DESK_NAME": DESK,
            "LOTSE_OPERATOR_KEY": OPERATOR_KEY,
            "LOTSE_JWT_SECRET": JWT_SECRET,
            "LOTSE_INTERNAL_SECRET": INTERNAL_SECRET,
            "PYTHONUNBUFFERED": "1",
            "RASA_TELEMETRY_ENABLED": "false",
        }
