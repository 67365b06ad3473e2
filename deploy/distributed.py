"""A distributed Lotse on one machine, without containers: `python -m deploy.distributed` (`make distributed`).

PostgreSQL, Valkey, two gateways, two of Rasa's servers, two action servers, Caddy before each pair; all from wheels,
on free loopback ports, with secrets of this run. `--check` plays the conversation tests against it and ends with their
result; what follows goes to pytest. Everything lies in a temporary folder that is removed at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from actions.backend.migrate import upgrade
from bot.engine import model
from bot.engine.processes import Keeper, KeepsDyingError, Program, keep_alive
from bot.engine.watch import fetch_ready, say
from deploy.servers import free_ports, postgres, valkey

ROOT = Path(__file__).resolve().parents[1]
CADDY = Path(sys.executable).with_name("caddy")
READY_WITHIN = 240.0  # seconds; two of Rasa's servers load their models, on a machine that may be small
COPIES = 2
DESK = "Kundenservice"  # as the conversation tests name it
KINDS = {"actions": "bot.engine.action_server", "rasa": "bot.engine.rasa_server", "gateway": "bot.gateway"}


@dataclass
class Site:
    """Addresses and secrets of one run. ``folder`` holds the databases' data, evidence, logs, process ids."""

    folder: Path
    database_url: str
    tracker_url: str
    redis_url: str
    operator_key: str = field(default_factory=secrets.token_urlsafe, repr=False)
    jwt_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    internal_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    balanced: dict[str, int] = field(init=False)
    own: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        names = [f"{kind}-{n}" for kind in KINDS for n in range(1, COPIES + 1)]
        ports = free_ports(len(KINDS) + len(names))
        self.balanced = dict(zip(KINDS, ports, strict=False))
        self.own = dict(zip(names, ports[len(KINDS) :], strict=True))

    @property
    def port(self) -> int:
        """Where people come in."""
        return self.balanced["gateway"]

    def environment(self, name: str) -> dict[str, str]:
        """The settings of one of our processes, on top of what the machine has."""
        kind, own = name.split("-")[0], self.own[name]
        # Of its three ports a process uses only its own.
        ports = {other: own if other == kind else self.balanced[other] for other in KINDS}
        return {
            **_machine(),
            "LOTSE_PORT": str(ports["gateway"]),
            "LOTSE_RASA_PORT": str(ports["rasa"]),
            "LOTSE_ACTIONS_PORT": str(ports["actions"]),
            "LOTSE_RASA_URL": f"http://127.0.0.1:{self.balanced['rasa']}",
            "LOTSE_ACTIONS_URL": f"http://127.0.0.1:{self.balanced['actions']}",
            "LOTSE_DATABASE_URL": self.database_url,
            "LOTSE_TRACKER_DATABASE_URL": self.tracker_url,
            "LOTSE_REDIS_URL": self.redis_url,
            "LOTSE_DATA_DIR": str(self.folder),
            "LOTSE_DESK_NAME": DESK,
            "LOTSE_TRUSTED_PROXIES": "127.0.0.1/32",
            "LOTSE_RATE_ADDRESS": "0",  # everybody comes from this machine
            "LOTSE_OPERATOR_KEY": self.operator_key,
            "LOTSE_JWT_SECRET": self.jwt_secret,
            "LOTSE_INTERNAL_SECRET": self.internal_secret,
        }

    def balancer(self) -> dict[str, str]:
        """The environment of Caddy."""
        made = {**_machine(), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        for kind, site, behind in (
            ("gateway", "LOTSE_SITE", "LOTSE_GATEWAYS"),
            ("rasa", "LOTSE_RASA_SITE", "LOTSE_RASAS"),
            ("actions", "LOTSE_ACTIONS_SITE", "LOTSE_ACTIONS"),
        ):
            made[site] = f"http://127.0.0.1:{self.balanced[kind]}"
            made[behind] = " ".join(f"127.0.0.1:{port}" for name, port in self.own.items() if name.startswith(kind))
        return made

    def keepers(self) -> list[Keeper]:
        """Everything that is kept alive, our processes by their names."""
        logs = self.folder / "log"
        logs.mkdir()
        caddy = Program("balancer", (str(CADDY), "run", "--adapter", "caddyfile", "--config", "deploy/Caddyfile"))
        ours = [
            Keeper(
                Program(name, (sys.executable, "-m", KINDS[name.split("-")[0]])), self.environment(name), logs, _hush
            )
            for name in self.own
        ]
        return [*ours, Keeper(caddy, self.balancer(), logs, _hush)]


def _machine() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOTSE_")}
    frugal = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return {**frugal, **inherited, "PYTHONUNBUFFERED": "1", "RASA_TELEMETRY_ENABLED": "false"}


def _hush(_line: str) -> None:
    """What the processes say is in their logs."""


async def _ready(site: Site) -> None:
    """Return once every gateway, and the balancer before them, says that all parts answer. Raises TimeoutError."""
    for port in (*(port for name, port in site.own.items() if name.startswith("gateway")), site.port):
        async with asyncio.timeout(READY_WITHIN):
            while not (await asyncio.to_thread(fetch_ready, "127.0.0.1", port))[0]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.3)


async def _write_pids(path: Path, keepers: Sequence[Keeper]) -> None:
    """Keep a file with the process ids of now, for tests that end one of them."""
    while True:
        made = path.with_suffix(".new")
        made.write_text(json.dumps({keeper.program.name: keeper.pid for keeper in keepers}), encoding="utf-8")
        made.replace(path)
        await asyncio.sleep(0.1)


async def _meanwhile(site: Site, keepers: Sequence[Keeper], check: Sequence[str] | None, stop: asyncio.Event) -> int:
    """Wait until all is ready, then run the tests, if any; their exit code."""
    writing = asyncio.create_task(_write_pids(site.folder / "pids.json", keepers))
    try:
        await _ready(site)
        say(f"Lotse is ready: http://127.0.0.1:{site.port}/  (logs: {site.folder}/log)")
        if check is None:
            say("Ctrl-C ends everything.")
            await stop.wait()
            return 0
        return await _test(site, check)
    finally:
        writing.cancel()
        stop.set()


async def _test(site: Site, arguments: Sequence[str]) -> int:
    env: Mapping[str, str] = {
        **_machine(),
        "LOTSE_TEST_FOLDER": str(site.folder),
        "LOTSE_TEST_PORT": str(site.port),
        "LOTSE_TEST_OPERATOR_KEY": site.operator_key,
        "LOTSE_TEST_JWT_SECRET": site.jwt_secret,
    }
    tests = ("tests/conversation/test_conversations.py", "tests/deploy/test_one_of_two.py")
    command = (sys.executable, "-m", "pytest", "-q", *tests, *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()


async def run(site: Site, check: Sequence[str] | None) -> int:
    """Start everything, and end everything; the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    keepers = site.keepers()
    work = asyncio.create_task(_meanwhile(site, keepers, check, stop))
    try:
        await keep_alive(keepers, stop)
    finally:
        if not work.done():
            work.cancel()
    with suppress(asyncio.CancelledError):
        return await work
    return 130


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="run the conversation tests against it, then end")
    parser.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    arguments, rest = parser.parse_known_args()
    os.chdir(ROOT)
    model.ensure(say)
    folder = Path(tempfile.mkdtemp(prefix="lotse-"))
    try:
        with ExitStack() as servers:
            say("Starting PostgreSQL and Valkey")
            database = servers.enter_context(postgres(folder / "postgres", ("lotse", "conversations")))
            site = Site(
                folder,
                database("lotse"),
                database("conversations"),
                servers.enter_context(valkey(folder / "valkey")),
            )
            upgrade(site.database_url)
            say(f"Starting {COPIES} each of {', '.join(KINDS)}, and the balancer")
            return asyncio.run(run(site, rest if arguments.check else None))
    except (KeepsDyingError, TimeoutError, model.TrainingError, subprocess.SubprocessError) as error:
        print(f"The distributed Lotse ends: {error or type(error).__name__}", file=sys.stderr)
        arguments.keep = True
        return 1
    finally:
        if arguments.keep:
            say(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
