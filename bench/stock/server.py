"""Plain Rasa serving: `rasa run` with its REST channel and SQL tracker store, and the SDK's own action server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.processes import Running
from bench.stock import environment, project, training
from deploy.servers import free_ports


@dataclass
class StockSide:
    """Plain Rasa with its databases in ``folder``."""

    folder: Path
    running: Running
    port: int

    @property
    def database(self) -> Path:
        """Orders, disputes; Rasa's conversations lie in a file beside it."""
        return database(self.folder)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def database(folder: Path) -> Path:
    """Where our actions keep the orders."""
    return folder / "lotse.db"


def start(folder: Path, model: Path) -> StockSide:
    """Start both processes; the database must be there. Both listen on loopback only, which is not Rasa's default."""
    port, actions = free_ports(2)
    folder.mkdir(parents=True, exist_ok=True)
    endpoints = folder / "endpoints.yml"
    endpoints.write_text(yaml.safe_dump(project.endpoints(folder / "rasa.db", actions)), encoding="utf-8")
    credentials = training.PROJECT / "credentials.yml"
    running = Running(folder / "log")
    python = str(environment.VENV / "bin" / "python")
    actions_env = environment.environment(
        PYTHONPATH=str(project.ROOT),
        SANIC_HOST="127.0.0.1",
        LOTSE_DATA_DIR=str(folder),
        LOTSE_DATABASE_URL=f"sqlite:///{database(folder)}",
    )
    running.start(
        "actions",
        # Not the whole package: the SDK imports every module below, and the migrations' scripts want a database.
        [python, "-m", "rasa_sdk", "--port", str(actions), "--actions", "actions.handlers"],
        cwd=folder,
        env=actions_env,
    )
    running.start(
        "rasa",
        [
            *(python, "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", str(port)),
            *("--model", str(model), "--endpoints", str(endpoints), "--credentials", str(credentials)),
        ],
        cwd=folder,
        env=environment.environment(),
    )
    return StockSide(folder, running, port)
