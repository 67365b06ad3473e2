"""Workers forked from one parent: replaced when they die, ended with it, never forked beside another thread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot.engine.forking import ThreadsAliveError, Workers, check_single_threaded

pytestmark = pytest.mark.integration

PARENT = """
import os, signal, sys, time
from bot import logs
from bot.engine.forking import Workers
from bot.engine.processes import Patience

logs.configure("INFO", "rasa")
loaded = {"by": os.getpid()}

def say(line):
    os.write(1, f"{line}\\n".encode())  # in one go: several processes write

def end(number):
    time.sleep(0.05)  # what it has begun
    say(f"ends {number} {os.getpid()}")
    sys.exit()

def serve(number):
    signal.signal(signal.SIGTERM, lambda *_: end(number))
    say(f"serves {number} {os.getpid()} {loaded['by']}")
    if "broken" in sys.argv:
        sys.stdout.close()  # what is left to say cannot be said: it must end all the same
        raise ValueError("words of a person")
    while True:  # pause() would sleep on after a signal that came just before it
        time.sleep(0.05)

def fork(real=os.fork, calls=iter(range(1000))):
    if next(calls) == 2:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return real()

if "full" in sys.argv:
    os.fork = fork

patience = Patience(quick=30, deaths=4, first_pause=0.05, longest_pause=0.3, grace=5)
sys.exit(Workers(2, serve, patience).run())
"""


@contextmanager
def parent(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A parent of two workers, with what they print."""
    command = [sys.executable, "-c", PARENT, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()


def said(process: subprocess.Popen[str], count: int) -> dict[tuple[str, str], int]:
    """The next lines: what a worker did, and its process id."""
    assert process.stdout is not None
    lines = [process.stdout.readline().split() for _ in range(count)]
    return {(line[0], line[1]): int(line[2]) for line in lines}


def test_a_worker_that_died_is_replaced_at_once_and_all_end_gracefully() -> None:
    with parent() as process:
        serving = said(process, 2)
        assert set(serving) == {("serves", "0"), ("serves", "1")}
        began = time.monotonic()
        os.kill(serving["serves", "1"], signal.SIGKILL)
        again = said(process, 1)
        assert time.monotonic() - began < 2
        assert set(again) == {("serves", "1")}
        assert again["serves", "1"] not in (process.pid, serving["serves", "1"])
        process.send_signal(signal.SIGTERM)
        ended = said(process, 2)
        assert ended == {("ends", "0"): serving["serves", "0"], ("ends", "1"): again["serves", "1"]}
        assert process.wait(10) == 0


def test_a_fork_that_fails_is_tried_again_and_the_other_worker_goes_on() -> None:
    with parent("full") as process:
        serving = said(process, 2)
        os.kill(serving["serves", "1"], signal.SIGKILL)
        again = said(process, 1)
        assert set(again) == {("serves", "1")}
        process.send_signal(signal.SIGTERM)
        ended = said(process, 2)
        assert ended == {("ends", "0"): serving["serves", "0"], ("ends", "1"): again["serves", "1"]}
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read().count("worker.not_forked") == 1


def test_the_end_of_a_pause_does_not_cut_their_grace_short() -> None:
    with parent() as process:
        assert len(said(process, 2)) == 2
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGALRM)  # a pause is over at the moment
        process.send_signal(signal.SIGINT)  # in which we are asked to end
        process.send_signal(signal.SIGCONT)
        assert set(said(process, 2)) == {("ends", "0"), ("ends", "1")}
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert "does_not_end" not in process.stderr.read()


def test_workers_that_keep_dying_end_the_parent_and_say_nothing_of_people() -> None:
    with parent("broken") as process:
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert 4 <= out.count("serves") <= 8
    assert "worker.failed" in err
    assert "words of a person" not in err
    assert out.count("serves") - err.count("worker.died") in (0, 1)  # the last may end with the others


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent is gone")
def test_workers_end_with_a_parent_that_was_killed() -> None:
    with parent() as process:
        pids = said(process, 2).values()
        process.kill()
        assert set(said(process, 2)) == {("ends", "0"), ("ends", "1")}
        deadline = time.monotonic() + 5
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_nothing_is_forked_beside_another_thread() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="left-over")
    thread.start()
    try:
        with pytest.raises(ThreadsAliveError, match=r"left-over.*LOTSE_RASA_WORKERS=1"):
            check_single_threaded()
        with pytest.raises(ThreadsAliveError):
            Workers(1, lambda number: pytest.fail(f"{number} was forked")).run()
    finally:
        done.set()
        thread.join()
