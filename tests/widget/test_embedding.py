"""Every snippet of docs/embedding.md does what the page says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from bot.widget import assets
from tests.gateway.conftest import JWT_SECRET, OPERATOR
from tests.widget.conftest import Open, Site

PAGE = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text(encoding="utf-8")
SNIPPETS: dict[str, list[str]] = {}
for language, code in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL):
    SNIPPETS.setdefault(language, []).append(code)
ELSEWHERE = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'"


def test_all_snippets_are_known() -> None:
    assert {language: len(codes) for language, codes in SNIPPETS.items()} == {
        "html": 3,
        "js": 1,
        "css": 1,
        "python": 2,
        "sh": 3,
    }


def here(html: str, site: Site) -> str:
    """A snippet with this gateway in place of the example's."""
    return html.replace("https://lotse.example", site.url).replace("/lotse-token", "/token/NAME")


@pytest.mark.browser
async def test_one_line_is_enough(shop: Open, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.widget.conftest.SHOP", "<!doctype html><title>x</title>{body}<!-- {data} {lang} -->")
    kim = await shop(body=here(SNIPPETS["html"][0], site), csp=ELSEWHERE)
    await kim.open()
    await kim.say("Hallo")
    await expect(kim.messages("assistant")).to_have_text(re.compile("Du sagst: Hallo"))
    assert await kim.page.evaluate("document.querySelector('lotse-chat').shadowRoot.mode") == "open"
    assert [said for said in kim.complaints if "favicon" not in said and "404" not in said] == []


@pytest.mark.browser
async def test_the_element_in_the_page_its_script_and_its_style(
    shop: Open, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.widget.conftest.SHOP", "<!doctype html><title>x</title>{body}<!-- {data} {lang} -->")
    snippets = [here(SNIPPETS["html"][1], site), SNIPPETS["html"][2]]
    body = '<link rel="stylesheet" href="/shop.css">' + "".join(snippets)

    async def prepare(page: Any) -> None:
        async def serve(route: Route) -> None:
            kind = "js" if route.request.url.endswith("js") else "css"
            content_type = "text/javascript" if kind == "js" else "text/css"
            await route.fulfill(body=SNIPPETS[kind][0], content_type=content_type)

        await page.route("**/shop.*", serve)

    kim = await shop(body=body, csp=ELSEWHERE, prepare=prepare)
    await kim.page.get_by_role("button", name="Problem with this order?").click()
    await expect(kim.input).to_have_value("It is about order FO-2001: ")
    await expect(kim.input).to_have_attribute("aria-label", "Your message")
    assert await kim.chat.locator(".mark").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(106, 27, 93)"
    await site.say("neu")
    await expect(kim.messages("assistant")).to_have_count(1)


async def run(code: str, site: Site) -> Any:
    """What a shell snippet prints, as JSON."""
    bash = shutil.which("bash")
    if bash is None or shutil.which("curl") is None:
        pytest.skip("there is no bash or no curl on this machine")
    env = {**os.environ, "LOTSE": site.url, "LOTSE_OPERATOR_KEY": OPERATOR, "no_proxy": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(bash, "-c", code, env=env, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


@pytest.mark.integration
async def test_orders_commands_events_and_a_client_of_ones_own(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTSE_JWT_SECRET", JWT_SECRET)
    monkeypatch.setenv("LOTSE", site.url)
    names: dict[str, Any] = {}
    for code in SNIPPETS["python"]:
        exec(compile(code, "docs/embedding.md", "exec"), names)
    order, command, events = SNIPPETS["sh"]
    assert (await run(order, site))["applied"] is True
    following = asyncio.create_task(names["follow"](names["lotse_token"]("s-4", "seller")))
    assert (await run(command, site))["order"]["disputes"][0]["status"] == "open"
    notice = await asyncio.wait_for(following, 10)
    assert (notice["author"], "How far is it?" in notice["text"]) == ("notice", True)
    kinds = [event["kind"] for event in (await run(events, site))["events"]]
    assert {"change", "notice"} <= set(kinds)


def test_everything_public_is_documented() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in assets.FOLDER.glob("*.js")}
    public = set(re.findall(r'(?:get|has)Attribute\("([a-z-]+)"\)', "".join(sources.values()))) - {
        "aria-disabled",
        "aria-live",
    }
    public |= set(re.findall(r'"(lotse-(?:token|open|close|unread|message|status|error))"', "".join(sources.values())))
    public |= set(re.findall(r"var\((--lotse-[a-z-]+?)(?:-dark)?,", (assets.FOLDER / "styles.css").read_text("utf-8")))
    element = sources["lotse.js"].split("attributeChangedCallback")[1]
    public |= {f"{name}(" for name in re.findall(r"^  (\w+)\(", element, re.MULTILINE)} - {"attributeChangedCallback("}
    missing = {name for name in public if not re.search(rf"(?<![\w-]){re.escape(name)}", PAGE)} - {"data-manual"}
    assert missing == set()
