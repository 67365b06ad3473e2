"""Each process killed under traffic, again and again: shown to the person, recovered, nothing lost, nothing doubled.

``LOTSE_TEST_KILLS`` says how often each is killed: 1 here, 20 in `make soak`.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
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


# Straight to the page's own functions: with hundreds of messages Playwright's search through shadow roots, done all the
# time, would keep the page busier than the widget does.
SAY = """text => { const chat = document.querySelector("lotse-chat");
  chat.compose(text); chat.shadowRoot.querySelector("form").requestSubmit(); }"""
COUNT = "selector => document.querySelector('lotse-chat').shadowRoot.querySelectorAll(selector).length"
TOKEN = "async sub => (await (await fetch(`/demo/token?role=customer&sub=${sub}`)).json()).token"


async def opened(stack: Stack, browser: Browser, sub: str) -> Page:
    """The demo's shop page with the widget open, for a person of this test's own."""
    page = await browser.new_page(locale="de-DE")
    await page.goto(f"http://127.0.0.1:{stack.port}/demo/shop")
    token = await page.evaluate(TOKEN, sub)
    await page.evaluate(
        """token => { document.addEventListener("lotse-token", ({detail}) => detail.respond(token));
        const chat = document.querySelector("lotse-chat"); chat.setToken(token); chat.open(); }""",
        token,
    )
    await page.wait_for_selector('lotse-chat[data-status="live"]', state="attached")
    return page


async def replay(stack: Stack, sub: str) -> list[dict[str, Any]]:
    """The whole conversation, as the gateway has it."""
    base = f"http://127.0.0.1:{stack.port}"
    async with aiohttp.ClientSession(base) as http:
        async with http.get(f"/demo/token?role=customer&sub={sub}") as response:
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
async def test_a_killed_process_loses_and_doubles_nothing(stack: Stack, browser: Browser, name: str) -> None:
    sub = f"kunde-{name}"
    page = await opened(stack, browser, sub)
    sent: list[str] = []
    writing = True

    async def write() -> None:
        while writing:
            text = f"Hallo, {name} Nummer {len(sent)}"
            await page.evaluate(SAY, text)
            sent.append(text)
            await asyncio.sleep(1.0)

    shown = {"gateway": '.banner[data-tone="offline"]'}.get(name, '[data-kind="pending"]')
    writer = asyncio.create_task(write())
    try:
        for _ in range(KILLS):
            await asyncio.sleep(1.0)
            before = await page.evaluate(COUNT, shown)
            await asyncio.to_thread(stack.kill, name)

            async def told(before: int = before) -> bool:
                await asyncio.sleep(0.4)
                return bool(await page.evaluate(COUNT, shown) > before)

            await until(told, 40)
            stack.run(name)
            await asyncio.to_thread(stack.wait_ready)
            if name == "gateway":  # connected again, before the next blow
                await page.wait_for_selector('lotse-chat[data-status="live"]', state="attached", timeout=40_000)
    finally:
        writing = False
        await writer

    async def all_answered() -> bool:
        await asyncio.sleep(0.5)
        messages = await replay(stack, sub)
        answered = {message["in_reply_to"] for message in messages if message.get("kind") != "pending"}
        own = [message for message in messages if message["author"] == "person"]
        return {message["text"] for message in own} >= set(sent) and all(message["id"] in answered for message in own)

    await until(all_answered, ANSWERED_WITHIN)
    messages = await replay(stack, sub)
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    own = [message["text"] for message in messages if message["author"] == "person"]
    assert own == sent  # each once, in the order in which they were written
    replies = Counter(message["in_reply_to"] for message in messages if message.get("kind") != "pending")
    replies.pop(None, None)
    assert set(replies.values()) == {1}

    async def same_on_the_screen() -> bool:
        await asyncio.sleep(0.5)
        return await page.evaluate(COUNT, ".message") == len(messages) and not await page.evaluate(COUNT, ".waiting")

    await until(same_on_the_screen, 30)
    assert await page.evaluate(COUNT, ".message time") == len(messages)  # everything on the screen has its number
    await page.close()
