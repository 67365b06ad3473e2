"""The second half of `make run`: keeps the processes of the Procfile alive until Ctrl-C, and says when all is ready.

It replaces the first half (`bot.engine.supervisor`) and needs the standard library only, so that what watches over the
processes is small and has nothing of its own that could fail.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.engine.processes import Keeper, KeepsDyingError, Patience, Program, keep_alive

#: How long the parts may take to be ready before it is said what is missing; seconds.
READY_WITHIN = 90.0

PROGRAMS = (
    Program("rasa", (sys.executable, "-m", "bot.engine.rasa_server")),
    Program("gateway", (sys.executable, "-m", "bot.gateway")),
)
#: Only with LOTSE_ACTIONS_URL: otherwise the actions run inside Rasa's processes.
ACTION_SERVER = Program("actions", (sys.executable, "-m", "bot.engine.action_server"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What the first half found out: where the gateway will listen, where logs go, what the demo data says.

    `action_server`: whether the actions have a process of their own.
    """

    host: str
    port: int
    logs: str
    demo: str = ""
    action_server: bool = False

    def command(self) -> list[str]:
        return [sys.executable, "-m", "bot.engine.watch", json.dumps(asdict(self))]


def say(line: str) -> None:
    print(line, flush=True)


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


async def announce(plan: Plan) -> None:
    """Wait until all is ready, then say where it is and who can try it."""
    host = "127.0.0.1" if plan.host in ("0.0.0.0", "::") else plan.host  # noqa: S104 - only compared
    loop = asyncio.get_running_loop()
    late = loop.time() + READY_WITHIN
    while True:
        ready, body = await asyncio.to_thread(fetch_ready, host, plan.port)
        if ready:
            break
        if loop.time() > late:
            say(f"Still not ready: {body}")
            late += READY_WITHIN
        await asyncio.sleep(0.3)
    shown = f"[{host}]" if ":" in host else host
    say("")
    say(f"Lotse is ready: http://{shown}:{plan.port}/")
    if plan.demo:
        say(plan.demo)
        say("Chat in another terminal: make chat (the customer) or make chat AS=seller")
    say("Ctrl-C ends everything.")


async def watch(plan: Plan, env: Mapping[str, str], patience: Patience | None = None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    programs = (ACTION_SERVER, *PROGRAMS) if plan.action_server else PROGRAMS
    keepers = [Keeper(program, env, Path(plan.logs), say, patience) for program in programs]
    await keep_alive(keepers, stop, asyncio.create_task(announce(plan)))
    say("Everything has ended.")


def main() -> int:
    try:
        asyncio.run(watch(Plan(**json.loads(sys.argv[1])), os.environ))
    except KeepsDyingError as error:
        print(f"Lotse ends: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
