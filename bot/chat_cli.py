"""``python -m bot.chat_cli [--as seller]``: a chat in the terminal against a running gateway, in development only.

Numbers press the buttons shown last; an empty line looks for news, ``/quit`` ends. Notices appear while waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from actions.backend.setting_fields import SettingsError
from actions.backend.settings import Settings
from bot.gateway.tokens import mint

PEOPLE = {"customer": "demo-kunde", "seller": "demo-verkaeufer"}
_POLL = 1.5
_SIGNS = {"assistant": "Lotse", "notice": "Nachricht", "agent": "Support", "person": "Du"}


@dataclass(slots=True)
class Chat:
    """One person's chat; ``seen`` is the last message on the screen."""

    http: aiohttp.ClientSession
    seen: int = 0
    buttons: list[dict[str, str]] = field(default_factory=list)
    own: set[str] = field(default_factory=set)

    async def send(self, line: str) -> None:
        """Send what was typed, or the button of that number; the same message again until it is stored."""
        content: dict[str, Any] = {"text": line}
        if line.isdecimal() and 1 <= int(line) <= len(self.buttons):
            content = {"payload": self.buttons[int(line) - 1]["payload"]}
        message = {"id": str(uuid.uuid4()), "last_seen_seq": self.seen, **content}
        self.own.add(message["id"])
        while True:
            try:
                async with self.http.post("/v1/chat/messages", json=message) as response:
                    answer = await response.json()
                    if response.status != 503:
                        break
                    pause = float(response.headers.get("Retry-After", "3"))
            except aiohttp.ClientError:
                pause = 3.0
            print("  … gerade nicht erreichbar, ich sende es gleich noch einmal", flush=True)
            await asyncio.sleep(pause)
        if response.status != 200:
            print(f"  ! {answer.get('detail', answer)}")
        await self.news()

    async def news(self, *, show: bool = True) -> int:
        """Show what is new; how many messages of others that were."""
        count = 0
        while True:
            params = {"after": str(self.seen), "limit": "100"}
            try:
                async with self.http.get("/v1/chat/messages", params=params) as response:
                    if response.status == 401:
                        sys.exit("The gateway does not accept this token: is LOTSE_JWT_SECRET the same for both?")
                    page = await response.json() if response.status == 200 else {"messages": []}
            except aiohttp.ClientError:
                return count
            for message in page["messages"]:
                self.seen = max(self.seen, message["seq"])
                if message["id"] not in self.own:
                    count += message["author"] != "person"
                    if show:
                        self.print(message)
            if len(page["messages"]) < 100:
                return count

    def print(self, message: dict[str, Any]) -> None:
        """Show one message; its buttons take the numbers from 1."""
        who = message.get("agent", {}).get("name") or _SIGNS[message["author"]]
        print(f"\n{who}: {message['text']}")
        if message["author"] != "person":
            self.buttons = message["buttons"]
            for number, button in enumerate(self.buttons, start=1):
                print(f"   [{number}] {button['title']}")
        sys.stdout.flush()


def _read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str | None]) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line.strip())
    loop.call_soon_threadsafe(lines.put_nowait, None)


async def talk(url: str, token: str, role: str) -> None:
    """Chat until the input ends."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(url, headers=headers) as http:
        chat = Chat(http)
        try:
            async with http.get("/health", raise_for_status=True):
                pass
        except aiohttp.ClientError:
            sys.exit(f"Unter {url} antwortet kein Lotse. Läuft `make run`, mit demselben LOTSE_PORT?")
        print(f"Du bist {PEOPLE.get(role, role)} ({role}). Zahlen drücken Knöpfe, /quit beendet.")
        await chat.news()
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        reader = threading.Thread(target=_read_lines, args=(asyncio.get_running_loop(), lines), daemon=True)
        reader.start()
        while True:
            print("> ", end="", flush=True)
            line = await _next(chat, lines)
            if line is None or line == "/quit":
                return
            if line:
                await chat.send(line)
            else:
                await chat.news()


async def _next(chat: Chat, lines: asyncio.Queue[str | None]) -> str | None:
    while True:
        try:
            async with asyncio.timeout(_POLL):
                return await lines.get()
        except TimeoutError:
            if await chat.news():
                print("> ", end="", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and chat."""
    parser = argparse.ArgumentParser(prog="bot.chat_cli", description=__doc__.splitlines()[0] if __doc__ else None)
    role = os.environ.get("AS") or "customer"
    parser.add_argument("--as", dest="role", choices=sorted(PEOPLE), default=role, help="whom to be")
    parser.add_argument("--sub", help="somebody else than the demo person")
    parser.add_argument("--locale", choices=("de", "de-formal", "en"), help="the language the token asks for")
    parser.add_argument("--url", help="the gateway, if not the one of the settings")
    given = parser.parse_args(arguments)
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        sys.exit(str(error))
    if settings.production:
        sys.exit("the terminal chat mints its own tokens, which works in development only")
    token = mint(
        settings.jwt_secret,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        role=given.role,
        sub=given.sub or PEOPLE[given.role],
        locale=given.locale,
    )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        asyncio.run(talk(given.url or f"http://{host}:{settings.port}", token, given.role))
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
