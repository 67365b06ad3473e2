"""Keeping processes alive, shown with tiny programs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.processes import Keeper, KeepsDyingError, Patience, Program, keep_alive

pytestmark = pytest.mark.integration

PATIENCE = Patience(quick=5, deaths=3, first_pause=0.01, longest_pause=0.02, grace=1)


class Said(list[str]):
    """What was said, and waiting for something to be."""

    async def until(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(20):
            while sum(text in line for line in self) < times:
                await asyncio.sleep(0.01)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def keeper(tmp_path: Path, said: Said) -> Callable[..., Keeper]:
    def make(code: str, name: str = "dummy", patience: Patience = PATIENCE) -> Keeper:
        program = Program(name, (sys.executable, "-S", "-u", "-c", code))
        return Keeper(program, {"PATH": os.environ["PATH"]}, tmp_path, said.append, patience)

    return make


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


SLEEP = "import time; print('up'); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"


async def test_output_is_prefixed_and_kept(keeper: Callable[..., Keeper], said: Said, tmp_path: Path) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(keep_alive([keeper(SLEEP)], stop))
    await said.until("dummy   | up")
    stop.set()
    await running
    assert (tmp_path / "dummy.log").read_text() == "up\n"


async def test_what_dies_is_started_again(keeper: Callable[..., Keeper], said: Said, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    die_once = f"import pathlib, sys; m = pathlib.Path({str(marker)!r})\nif not m.exists(): m.touch(); sys.exit(3)"
    code = f"{die_once}\n{SLEEP}"
    stop = asyncio.Event()
    running = asyncio.create_task(keep_alive([keeper(code)], stop))
    await said.until("| up")
    stop.set()
    await running
    assert any("ended with exit code 3; starting it again" in line for line in said)


async def test_what_was_killed_is_started_again(keeper: Callable[..., Keeper], said: Said) -> None:
    child = keeper(SLEEP)
    stop = asyncio.Event()
    running = asyncio.create_task(keep_alive([child], stop))
    await said.until("| up")
    assert child.pid is not None
    os.kill(child.pid, 9)
    await said.until("| up", times=2)
    stop.set()
    await running


async def test_what_keeps_dying_ends_everything(keeper: Callable[..., Keeper], said: Said) -> None:
    healthy = keeper(SLEEP, "healthy")
    with pytest.raises(KeepsDyingError, match=r"broken died 3 times .*last exit code 7.*broken\.log"):
        await keep_alive([healthy, keeper("print('no'); raise SystemExit(7)", "broken")], asyncio.Event())
    assert healthy.pid is None
    assert sum("broken  | no" in line for line in said) == 3


async def test_what_does_not_want_to_end_is_ended(keeper: Callable[..., Keeper], said: Said) -> None:
    child = keeper(STUBBORN)
    stop = asyncio.Event()
    running = asyncio.create_task(keep_alive([child], stop))
    await said.until("| up")
    pid = child.pid
    assert pid is not None
    stop.set()
    async with asyncio.timeout(5):
        await running
    assert not alive(pid)


async def test_children_of_a_process_end_with_it(keeper: Callable[..., Keeper], said: Said) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])\n"
        "print('child', child.pid); time.sleep(60)"
    )
    stop = asyncio.Event()
    running = asyncio.create_task(keep_alive([keeper(code)], stop))
    await said.until("child")
    pid = int(said[0].split()[-1])
    stop.set()
    await running
    async with asyncio.timeout(5):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_all_end_at_the_same_time(keeper: Callable[..., Keeper], said: Said) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(keep_alive([keeper(STUBBORN, f"p{n}") for n in range(3)], stop))
    await said.until("| up", times=3)
    stop.set()
    async with asyncio.timeout(2.5):  # each takes its second of grace
        await running


async def test_much_output_arrives_whole_and_in_order(
    keeper: Callable[..., Keeper], said: Said, tmp_path: Path
) -> None:
    code = "for n in range(60000): print(f'line {n} ' + 'ü' * 20)\nprint('half', end='')\nraise SystemExit(9)"
    with pytest.raises(KeepsDyingError):
        await keep_alive([keeper(code, patience=Patience(quick=30, deaths=1))], asyncio.Event())
    lines = (tmp_path / "dummy.log").read_text().split("\n")
    assert [line.split()[1] for line in lines[:-1]] == [str(n) for n in range(60000)]
    assert lines[-1] == "half"
    passed_on = "\n".join(said).split("\n")
    assert passed_on == [f"dummy   | {line}" for line in lines]
