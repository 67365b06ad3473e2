"""`make run`: checks settings and ports, trains, migrates, loads demo data; then hands over to `bot.engine.watch`."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from bot.engine import absent, model, ports
from bot.engine.watch import Plan, say

ROOT = Path(__file__).resolve().parents[2]
_WORKERS = 2  # of Rasa; with them two cores are busy, and a third one costs memory


class PreparationError(Exception):
    """Something that must be done before the start failed; the message is for the person who typed `make run`."""


def child_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of all processes: ours, with a secret that they share, new at each start unless one is set."""
    # One thread for linear algebra, few memory arenas: the processes are many and the sentences short.
    frugal = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    made = {**frugal, **env, "PYTHONUNBUFFERED": "1", "RASA_TELEMETRY_ENABLED": "false"}
    if not made.get("LOTSE_INTERNAL_SECRET"):
        made["LOTSE_INTERNAL_SECRET"] = secrets.token_urlsafe(32)
    # Whoever says where Rasa is says how many there are; and beside TensorFlow's threads nothing can be forked.
    if not (made.get("LOTSE_RASA_WORKERS") or made.get("LOTSE_RASA_URL") or absent.is_installed("tensorflow")):
        made["LOTSE_RASA_WORKERS"] = str(min(_WORKERS, cores()))
    return made


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_ports(settings: Settings) -> None:
    """Say in one line which port is taken, instead of processes that keep dying."""
    listening = [("LOTSE_PORT", settings.host, settings.port)]
    listening += [("LOTSE_RASA_PORT", "127.0.0.1", port) for port in settings.rasa_ports]
    if settings.own_action_server:
        listening.append(("LOTSE_ACTIONS_PORT", "127.0.0.1", settings.actions_port))
    for name, host, port in listening:
        if found := ports.trouble(host, port):
            raise PreparationError(
                f"{name}: {found}. Is another Lotse running? "
                f"Choose another one: make run LOTSE_PORT={settings.port + 1000}"
            )


def run_step(what: str, module: str, env: Mapping[str, str]) -> str:
    """Run a module of ours to its end; what it printed."""
    say(what)
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", module], cwd=ROOT, env=env, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise PreparationError(f"{what} failed:\n{(done.stderr or done.stdout).strip()[-3000:]}")
    return done.stdout.strip()


def prepare(settings: Settings, env: Mapping[str, str]) -> str:
    """Everything that must be there before the start; what the demo data says about itself."""
    check_ports(settings)
    (settings.data_dir / "log").mkdir(parents=True, exist_ok=True)
    model.ensure(say)
    run_step("Migrating the database", "actions.backend.migrate", env)
    return "" if settings.production else run_step("Loading the demo data", "bot.demo", env)


def main() -> None:
    os.chdir(ROOT)
    env = child_environment(os.environ)
    try:
        settings = Settings.from_env(env)
        demo = prepare(settings, env)
    except (SettingsError, PreparationError, model.TrainingError) as error:
        sys.exit(f"Lotse ends: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    plan = Plan(settings.host, settings.port, str(settings.data_dir / "log"), demo, settings.own_action_server)
    os.execve(sys.executable, plan.command(), env)  # noqa: S606 - the second half of ourselves


if __name__ == "__main__":
    main()
