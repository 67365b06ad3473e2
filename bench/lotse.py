"""Starting Lotse as `make run` does: the processes of the Procfile and the one that watches over them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from actions.backend.settings import Settings
from bench.processes import Running, clean_environment
from bot.engine.supervisor import child_environment
from bot.engine.watch import Plan
from deploy.servers import free_ports

ROOT = Path(__file__).resolve().parents[1]
JWT_SECRET = "signing-secret-of-the-measurements-long-enough"  # noqa: S105 - signs nothing but these people's tokens
OPERATOR_KEY = "operator-key-of-the-measurements-long-enough"
# All people come from one address here, which no marketplace's do: the limits per address and person are off.
NO_LIMITS = {f"LOTSE_RATE_{name}": "0" for name in ("MESSAGES", "PERSON", "ADDRESS", "FAILED")}


@dataclass
class LotseSide:
    """Lotse with its databases in ``folder``."""

    folder: Path
    running: Running
    port: int

    @property
    def database(self) -> Path:
        """Orders, disputes, messages."""
        return database(self.folder)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def database(folder: Path) -> Path:
    """Where Lotse keeps its orders below LOTSE_DATA_DIR."""
    return folder / "lotse.db"


def start(folder: Path, *, python: Path | None = None, whole: bool = False, **more: str) -> LotseSide:
    """Start; the database must be there. ``more`` are settings (environment variables).

    ``python``: another environment's. ``whole``: with everything that `make run` does before (looking at
    the model, migrating, demo data). With LOTSE_ACTIONS_URL the actions are a process of their own, as anywhere.
    """
    port, rasa, actions = free_ports(3, row=2)  # one more for Rasa's second process
    env = child_environment(
        {
            **clean_environment(),
            **NO_LIMITS,
            "LOTSE_PORT": str(port),
            "LOTSE_RASA_PORT": str(rasa),
            "LOTSE_ACTIONS_PORT": str(actions),
            "LOTSE_DATA_DIR": str(folder),
            "LOTSE_DATABASE_URL": f"sqlite:///{database(folder)}",
            "LOTSE_JWT_SECRET": JWT_SECRET,
            "LOTSE_OPERATOR_KEY": OPERATOR_KEY,
            "PYTHONWARNINGS": "ignore",
            **more,
        }
    )
    logs = folder / "log"
    logs.mkdir(parents=True, exist_ok=True)
    running = Running(logs)
    plan = Plan("127.0.0.1", port, str(logs), action_server=Settings.from_env(env).own_action_server)
    command = ["-m", "bot.engine.supervisor"] if whole else plan.command()[1:]
    running.start("lotse", [str(python or sys.executable), *command], cwd=ROOT, env=env)
    return LotseSide(folder, running, port)
