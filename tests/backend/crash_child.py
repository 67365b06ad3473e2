"""Processes that do one thing to the database and die at a chosen step: driven by test_crash.py.

Reads lines of JSON: {url, scenario, step, proposal, dispute}. For each it forks a process that kills itself at that
step (0: never), and answers with {status, steps}. A step is the instant before a statement, before the commit, or after
it. Forking saves the second that Python needs to import everything.

SQLite itself says what it is about to execute, since not all of it passes SQLAlchemy; after a commit comes the next
statement, or the end.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import os
import signal
import sqlite3
import sys
from typing import Any

import psycopg  # noqa: F401 - else imported in each fork anew
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import configure_mappers

from actions.backend import Backend, IdempotencyKey, Reply, ReplyButton
from actions.policy import Accept, Command, ForceCancel, OrderState, RequestCancellation
from tests.backend.world import CUSTOMER, NOW, ORDER, SELLER, deliver, push

# How often these come depends on how many threads read, and on how long a lock is waited for.
_UNCOUNTED = ("PRAGMA", "BEGIN")


class Reaper:
    """Counts steps and kills the process, without any goodbye, at the chosen one."""

    def __init__(self, step: int) -> None:
        self.step, self.count, self.armed = step, 0, False

    def __call__(self, *_: Any) -> None:
        if self.armed:
            self.count += 1
            if self.count == self.step:
                os.kill(os.getpid(), signal.SIGKILL)


async def scenario(backend: Backend, task: dict[str, Any]) -> None:
    name, key = task["scenario"], IdempotencyKey("crash", "command", ORDER)
    chat = task["chat"]
    commands: dict[str, Command] = {
        "accept": Accept(task["dispute"]),
        "withdraw_then_cancel": RequestCancellation(text="Weg", withdraw_dispute_id=task["dispute"]),
        "force": ForceCancel(),
    }
    if name in commands:
        actor = SELLER if name == "accept" else CUSTOMER
        outcome = await backend.commands.execute(ORDER, commands[name], actor, key=key)
        assert outcome.allowed
    elif name == "confirm":
        confirmed = await backend.proposals.confirm(task["proposal"], chat, CUSTOMER, "M-CRASH")
        assert confirmed.outcome is not None
    elif name == "push":
        await backend.orders.put(push(updated_at=NOW, state=OrderState.COMPLETED))
    elif name == "sweep":
        await backend.sweeper.sweep()
    elif name == "deliver":
        for row in await backend.outbox.pending():
            await deliver(backend, row, "Hallo", [ReplyButton("Ja", "/affirm")])
    elif name == "turn":
        received = await backend.conversations.add_person_message(chat, "u-1", text="Hallo", owner="a", seconds=0)
        if received.turn is not None:
            await backend.conversations.complete(received.turn, [Reply("Hallo!"), Reply("Ja?")], owner="a")
    else:
        raise ValueError(name)


def trace(reaper: Reaper, connection: Any, _: Any) -> None:
    """A new connection, of whatever kind."""
    if isinstance(connection, sqlite3.Connection):
        connection.set_trace_callback(lambda statement: None if statement.startswith(_UNCOUNTED) else reaper())


async def live(task: dict[str, Any]) -> int:
    reaper = Reaper(task["step"])
    event.listen(Engine, "connect", functools.partial(trace, reaper))
    backend = await Backend.open(task["url"])
    if task["url"].startswith("postgresql"):
        engine = backend.database.engine
        event.listen(engine, "before_cursor_execute", reaper)
        event.listen(engine, "commit", reaper)  # before the commit reaches the database
        event.listen(engine.pool, "checkin", reaper)  # after it
    reaper.armed = True
    await scenario(backend, task)
    reaper()
    reaper.armed = False
    await backend.close()
    return reaper.count


def main() -> None:
    # What is there before the first fork is there in all of them.
    configure_mappers()
    for url in ("sqlite://", "postgresql+psycopg://nobody@localhost/"):
        create_engine(url)
    gc.freeze()
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)  # the log must not come between the answers
            try:
                os.write(writer, json.dumps(asyncio.run(live(json.loads(line)))).encode())
            finally:
                os._exit(0)
        os.close(writer)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reader, "rb") as pipe:
            steps = pipe.read()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": killed, "steps": json.loads(steps) if steps else None}), flush=True)


if __name__ == "__main__":
    main()
