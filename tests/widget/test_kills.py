"""Each process killed under traffic, again and again: shown to the person, recovered, nothing lost, nothing doubled.

``LOTSE_TEST_KILLS`` says how often each is killed: 1 here, 20 in `make soak`.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page

from tests.conversation.stack import MODULES, Stack
from tests.widget.conftest import until

KILLS = int(os.environ.get("LOTSE_TEST_KILLS", "1"))
ANSWERED_WITHIN = 120.0  # seconds after the last process is back, on a busy machine

pytestmark = [
    pytest.mark.browser,
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(300 + 180 * KILLS),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    started = Stack.start(tmp_path_factory.mktemp("kills"))
    yield started
    started.stop()


@pytest.fixture
async def page(stack: Stack, browser: Browser) -> AsyncIterator[Page]:
    """The demo's shop page with the widget open."""
    page = await browser.new_page(locale="de-DE")
    await page.goto(f"http://127.0.0.1:{stack.port}/demo/shop")
    await page.locator("lotse-chat .launcher").click()
    await page.wait_for_selector('lotse-chat[data-status="live"]', state="attached")
    yield page
    await page.close()


async def replay(stack: Stack) -> list[dict[str, Any]]:
    """The whole conversation, as the gateway has it."""
    base = f"http://127.0.0.1:{stack.port}"
    async with aiohttp.ClientSession(base) as http:
        async with http.get("/demo/token?role=customer&sub=demo-kunde") as response:
            token = (await response.json())["token"]
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            path = f"/v1/chat/messages?after={after}&limit=200"
            async with http.get(path, headers={"Authorization": f"Bearer {token}"}) as response:
                messages = (await response.json())["messages"]
            found += messages
            if len(messages) < 200:
                return found


@pytest.mark.parametrize("name", MODULES)
async def test_a_killed_process_loses_and_doubles_nothing(stack: Stack, page: Page, name: str) -> None:
    sent: list[str] = []
    writing = True

    async def write() -> None:
        box = page.locator("lotse-chat textarea")
        while writing:
            text = f"Hallo, {name} Nummer {len(sent)}"
            await box.fill(text)
            await box.press("Enter")
            sent.append(text)
            await asyncio.sleep(0.7)

    shown = {
        "gateway": 'lotse-chat[data-status="offline"] .waiting',
        "rasa": 'lotse-chat [data-kind="pending"]',
        "actions": 'lotse-chat [data-kind="pending"]',
    }[name]
    writer = asyncio.create_task(write())
    try:
        for _ in range(KILLS):
            before = await page.locator(shown).count() if name != "gateway" else 0
            await asyncio.sleep(1.0)
            await asyncio.to_thread(stack.kill, name)

            async def told(before: int = before) -> bool:
                return await page.locator(shown).count() > before

            await until(told, 25)
            stack.run(name)
            await asyncio.to_thread(stack.wait_ready)
    finally:
        writing = False
        await writer

    async def all_answered() -> bool:
        messages = await replay(stack)
        answered = {message["in_reply_to"] for message in messages if message.get("kind") != "pending"}
        own = [message for message in messages if message["author"] == "person"]
        return {message["text"] for message in own} >= set(sent) and all(message["id"] in answered for message in own)

    await until(all_answered, ANSWERED_WITHIN)
    messages = await replay(stack)
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    own = [message["text"] for message in messages if message["author"] == "person" and name in message["text"]]
    assert own == sent  # each once, in the order in which they were written
    replies = Counter(message["in_reply_to"] for message in messages if message.get("kind") != "pending")
    replies.pop(None, None)
    assert set(replies.values()) == {1}

    async def same_on_the_screen() -> bool:
        bubbles = await page.locator("lotse-chat [role=log] .message").count()
        waiting = await page.locator("lotse-chat .waiting").count()
        return bubbles == len(messages) and waiting == 0

    await until(same_on_the_screen, 30)
    times = await page.locator("lotse-chat [role=log] .message time").count()
    assert times == len(messages)  # everything on the screen has its number
