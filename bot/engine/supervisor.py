"""`make run`: everything from a trained model to a ready address, and all processes kept alive until Ctrl-C.

The supervisor itself stays small: what needs the database or Rasa (migration, demo data, training) runs in processes
that end again. The processes that stay are those of the Procfile.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from actions.backend.settings import Settings, SettingsError
from bot.engine import model
from bot.engine.processes import Keeper, KeepsDyingError, Patience, Program, keep_alive

ROOT = Path(__file__).resolve().parents[2]

#: How long the parts may take to be ready before the supervisor says what is missing; seconds.
READY_WITHIN = 90.0

PROGRAMS = (
    Program("actions", (sys.executable, "-m", "bot.engine.action_server")),
    Program("rasa", (sys.executable, "-m", "bot.engine.rasa_server")),
    Program("gateway", (sys.executable, "-m", "bot.gateway")),
)


class PreparationError(Exception):
    """Something that must be done before the start failed; the message is for the person who typed `make run`."""


def say(line: str) -> None:
    print(line, flush=True)


def child_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of all processes: ours, with a secret that they share, new at each start unless one is set."""
    made = {**env, "PYTHONUNBUFFERED": "1", "RASA_TELEMETRY_ENABLED": "false"}
    if not made.get("LOTSE_INTERNAL_SECRET"):
        made["LOTSE_INTERNAL_SECRET"] = secrets.token_urlsafe(32)
    return made


def check_ports(settings: Settings) -> None:
    """Say in one line which port is taken, instead of three processes that keep dying."""
    for name, host, port in (
        ("LOTSE_PORT", settings.host, settings.port),
        ("LOTSE_RASA_PORT", "127.0.0.1", settings.rasa_port),
        ("LOTSE_ACTIONS_PORT", "127.0.0.1", settings.actions_port),
    ):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise PreparationError(
                    f"{name}: port {port} on {host} cannot be used ({error.strerror}). Is another Lotse running? "
                    f"Choose another one: make run LOTSE_PORT={settings.port + 1000}"
                ) from error


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


def fetch_ready(host: str, port: int) -> tuple[bool, str]:
    """Whether the gateway says that every part is ready; what it says otherwise."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/ready")
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    except OSError as error:
        return False, f"the gateway does not answer ({type(error).__name__})"
    finally:
        connection.close()
    try:
        body = json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        pass
    return response.status == http.client.OK, body


async def announce(settings: Settings, demo: str) -> None:
    """Wait until all is ready, then say where it is and who can try it."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - only compared
    loop = asyncio.get_running_loop()
    late = loop.time() + READY_WITHIN
    while True:
        ready, body = await asyncio.to_thread(fetch_ready, host, settings.port)
        if ready:
            break
        if loop.time() > late:
            say(f"Still not ready: {body}")
            late += READY_WITHIN
        await asyncio.sleep(0.3)
    shown = f"[{host}]" if ":" in host else host
    say("")
    say(f"Lotse is ready: http://{shown}:{settings.port}/")
    if demo:
        say(demo)
        say("Chat in another terminal: make chat (the customer) or make chat AS=seller")
    say("Ctrl-C ends everything.")


async def supervise(settings: Settings, env: Mapping[str, str], demo: str, patience: Patience | None = None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    logs = settings.data_dir / "log"
    keepers = [Keeper(program, env, logs, say, patience) for program in PROGRAMS]
    await keep_alive(keepers, stop, asyncio.create_task(announce(settings, demo)))
    say("Everything has ended.")


def main() -> int:
    os.chdir(ROOT)
    env = child_environment(os.environ)
    try:
        settings = Settings.from_env(env)
        demo = prepare(settings, env)
        asyncio.run(supervise(settings, env, demo))
    except (SettingsError, PreparationError, model.TrainingError, KeepsDyingError) as error:
        print(f"Lotse ends: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
