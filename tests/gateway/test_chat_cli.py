"""Who speaks in the terminal chat."""

from __future__ import annotations

from typing import Any, cast

import pytest
from aiohttp import ClientSession

from bot.chat_cli import Chat

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("message", "who"),
    [
        ({"author": "agent", "agent": {"name": "Jana"}}, "Jana"),
        ({"author": "agent"}, "Support"),
        ({"author": "assistant"}, "Lotse"),
        ({"author": "notice"}, "Nachricht"),
    ],
)
def test_each_message_says_who_wrote_it(message: dict[str, Any], who: str, capsys: pytest.CaptureFixture[str]) -> None:
    Chat(cast(ClientSession, None)).print({"text": "Guten Tag", "buttons": [], **message})
    assert capsys.readouterr().out == f"\n{who}: Guten Tag\n"
