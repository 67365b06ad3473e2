"""What `make run` does around the processes: checks, steps, and waiting until all is ready."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from actions.backend.settings import Settings
from bot.engine import supervisor, watch
from bot.engine.processes import Keeper
from bot.engine.supervisor import PreparationError
from bot.engine.watch import Plan

pytestmark = pytest.mark.integration


def settings(tmp_path: Path, **env: str) -> Settings:
    return Settings.from_env({"LOTSE_DATA_DIR": str(tmp_path), **env})


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PreparationError, match=rf"LOTSE_RASA_PORT: port {port} .* make run LOTSE_PORT=") as refused:
            supervisor.check_ports(settings(tmp_path, LOTSE_PORT=str(unused_port()), LOTSE_RASA_PORT=str(port)))
    assert "\n" not in str(refused.value)


def test_the_processes_share_a_secret_that_is_new_each_time_unless_it_is_set() -> None:
    first, second = supervisor.child_environment({}), supervisor.child_environment({})
    assert len(first["LOTSE_INTERNAL_SECRET"]) > 30
    assert first["LOTSE_INTERNAL_SECRET"] != second["LOTSE_INTERNAL_SECRET"]
    assert supervisor.child_environment({"LOTSE_INTERNAL_SECRET": "mine"})["LOTSE_INTERNAL_SECRET"] == "mine"


def test_rasa_has_as_many_workers_as_cores_are_of_use_unless_somebody_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def workers(**env: str) -> str | None:
        return supervisor.child_environment(env).get("LOTSE_RASA_WORKERS")

    monkeypatch.setattr(supervisor.absent, "is_installed", lambda package: False)
    for cores, expected in ((1, "1"), (2, "2"), (16, "2")):
        monkeypatch.setattr(supervisor, "cores", lambda cores=cores: cores)
        assert workers() == expected
        assert workers(LOTSE_RASA_WORKERS="") == expected
    assert workers(LOTSE_RASA_WORKERS="3") == "3"
    assert workers(LOTSE_RASA_URL="http://127.0.0.1:8081") is None
    monkeypatch.setattr(supervisor.absent, "is_installed", lambda package: package == "tensorflow")
    assert workers() is None


def test_a_step_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match=r"Trying failed:\n.*no_such_module"):
        supervisor.run_step("Trying", "no_such_module", os.environ)


def test_the_procfile_names_the_same_programs() -> None:
    lines = (supervisor.ROOT / "Procfile").read_text().splitlines()
    listed = {line.split(": ")[0]: line.split(": ")[1].split()[1:] for line in lines}
    assert listed == {program.name: list(program.command[1:]) for program in watch.PROGRAMS}


@pytest.mark.parametrize("own", [False, True])
async def test_the_action_server_runs_where_its_address_is_ours(monkeypatch: pytest.MonkeyPatch, own: bool) -> None:
    kept: list[str] = []

    async def keep(keepers: list[Keeper], stop: asyncio.Event, meanwhile: asyncio.Task[None]) -> None:
        kept.extend(keeper.program.name for keeper in keepers)
        meanwhile.cancel()

    monkeypatch.setattr(watch, "keep_alive", keep)
    await watch.watch(Plan("127.0.0.1", 1, "", action_server=own), {})
    assert kept == [*(["actions"] if own else []), "rasa", "gateway"]


async def test_the_address_is_told_when_everything_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter([503, 503, 200])

    async def ready(_request: web.Request) -> web.Response:
        return web.json_response({"ready": False}, status=next(answers))

    app = web.Application()
    app.router.add_get("/ready", ready)
    server = TestServer(app)
    await server.start_server()
    url = server.make_url("/")
    await watch.announce(Plan("127.0.0.1", url.port or 0, "", "Kunde demo-kunde"))
    await server.close()
    said = capsys.readouterr().out
    assert f"Lotse is ready: {url}" in said
    assert "Kunde demo-kunde" in said
    assert "make chat AS=seller" in said


async def test_what_is_missing_is_told_when_it_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "READY_WITHIN", 0.1)
    waiting = asyncio.create_task(watch.announce(Plan("127.0.0.1", unused_port(), "")))
    await asyncio.sleep(1)
    waiting.cancel()
    assert "Still not ready: the gateway does not answer" in capsys.readouterr().out


def test_production_without_secrets_ends_with_one_line() -> None:
    env = {"PATH": os.environ["PATH"], "LOTSE_ENV": "production"}
    command = [sys.executable, "-m", "bot.engine.supervisor"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == ("Lotse ends: production needs secrets of its own: set LOTSE_OPERATOR_KEY")


RUN = """
import sys
from bot.engine import watch
from bot.engine.processes import Program
watch.PROGRAMS = tuple(
    Program(name, (sys.executable, "-S", "-u", "-c", "import os, time; print('pid', os.getpid()); time.sleep(60)"))
    for name in ("one", "two")
)
sys.exit(watch.main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    if number == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells children that their parent is gone")
    plan = Plan("127.0.0.1", unused_port(), str(tmp_path)).command()[-1]
    with subprocess.Popen([sys.executable, "-c", RUN, plan], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(process.stdout.readline().split()[-1]) for _ in range(2)]
        process.send_signal(number)
        process.wait(10)
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() or not _gone(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
