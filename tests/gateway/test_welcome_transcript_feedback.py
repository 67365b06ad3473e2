"""What stands before the first message, the conversation as a file, and what people said about settled cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.backend import Desk, Rating, Settled, SettledCase
from actions.policy import Actor, Role
from tests.backend.world import asked
from tests.gateway.conftest import Gateway, Start
from tests.gateway.fakes import FakeEngine

NOTICE = "https://laden.example/datenschutz"


async def get(gateway: Gateway, path: str, sub: str = "kim", role: str = "customer", **claims: Any) -> Any:
    token = gateway.person(sub, role, **claims).token
    return await gateway.client.get(path, headers={"Authorization": f"Bearer {token}"})


async def test_the_welcome_says_that_it_is_a_machine_and_what_becomes_of_words(start: Start) -> None:
    async with start(privacy_url=NOTICE, desk=Desk("Kundenservice", timedelta(minutes=30))) as gateway:
        customer = await (await get(gateway, "/v1/chat/welcome")).json()
        seller = await (await get(gateway, "/v1/chat/welcome", "vera", "seller")).json()
        english = await (await get(gateway, "/v1/chat/welcome", locale="en")).json()
        assert await gateway.person("kim").messages() == [], "reading it begins nothing"
    assert customer["automated"] is True and customer["text"].startswith("Ich bin ein Programm")
    assert "Was du hier schreibst, wird gespeichert" in customer["privacy"]["text"]
    assert customer["privacy"]["url"] == NOTICE and customer["desk"] == "Kundenservice"
    assert (customer["locale"], seller["locale"], english["locale"]) == ("de", "de-formal", "en")
    assert "Was Sie hier schreiben" in seller["privacy"]["text"] and len(seller["starts"]) == 3
    assert english["text"].startswith("I am a program")


async def test_without_a_notice_or_a_desk(gateway: Gateway) -> None:
    answer = await (await get(gateway, "/v1/chat/welcome")).json()
    assert answer["privacy"]["url"] is None and answer["desk"] is None
    assert (await gateway.client.get("/v1/chat/welcome")).status == 401


async def test_the_whole_conversation_in_ones_own_language_and_zone(frozen: Gateway, engine: FakeEngine) -> None:
    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"text": "Erste Zeile\nZweite <b>Zeile</b>"}]

    engine.script = script
    kim = frozen.person("kim", zoneinfo="Asia/Tokyo")
    await kim.say("Hallo & <script>alert(1)</script>")
    for _ in range(2):
        await kim.say("weiter")
    response = await get(frozen, "/v1/chat/transcript", zoneinfo="Asia/Tokyo")
    assert response.content_type == "text/plain" and "attachment" in response.headers["Content-Disposition"]
    text = await response.text()
    assert text.startswith("Dein Gespräch mit Lotse\n") and "Zeitzone Asia/Tokyo" in text
    assert "Du\n    Hallo & <script>alert(1)</script>\n" in text
    assert "Lotse (Programm)\n    Erste Zeile\n    Zweite <b>Zeile</b>\n" in text
    page = await get(frozen, "/v1/chat/transcript?format=html", zoneinfo="Asia/Tokyo")
    html = await page.text()
    assert page.content_type == "text/html" and '<html lang="de">' in html
    assert "<script" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;" in html and "<b>" not in html
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert html.count("<dt>") == 6


async def test_a_transcript_has_every_author_and_only_ones_own_conversation(frozen: Gateway) -> None:
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_update", by="kim", text="Wie weit ist es?")
    await frozen.services_settle()
    vera = await (await get(frozen, "/v1/chat/transcript", "vera", "seller")).text()
    assert "Ihr Gespräch mit Lotse" in vera and "Neues zu einem Auftrag\n" in vera and "Wie weit ist es?" in vera
    other = await (await get(frozen, "/v1/chat/transcript", "mo")).text()
    assert "Wie weit" not in other and other.startswith("Dein Gespräch mit Lotse")
    english = await (await get(frozen, "/v1/chat/transcript", "vera", "seller", locale="en")).text()
    assert english.startswith("Your conversation with Lotse") and "News about an order" in english
    assert (await get(frozen, "/v1/chat/transcript?format=pdf")).status == 422


async def test_a_long_conversation_is_there_from_its_beginning(gateway: Gateway) -> None:
    conversation = await gateway.backend.conversations.open("", Role.CUSTOMER, "kim")
    for number in range(205):
        await gateway.backend.conversations.add_person_message(
            conversation.id, f"m{number}", text=f"Nummer {number}.", owner="test"
        )
    text = await (await get(gateway, "/v1/chat/transcript")).text()
    assert all(f"    Nummer {number}.\n" in text for number in (0, 199, 200, 204))


async def rated(gateway: Gateway, sub: str, role: Role, case: SettledCase, rating: Rating, words: str = "") -> None:
    conversation = await gateway.backend.conversations.open("", role, sub)
    actor = Actor(role, sub)
    question = await asked(gateway.backend, conversation.id, actor, case, case.id)
    assert question is not None
    assert await gateway.backend.feedback.rate(question, actor, rating)
    if words:
        assert await gateway.backend.feedback.comment(question, actor, words)


async def test_ratings_are_listed_and_counted_for_the_marketplace(gateway: Gateway) -> None:
    await rated(gateway, "kim", Role.CUSTOMER, SettledCase("dispute", "D-1", Settled.WITHDRAWN, "FO-1"), Rating.UP)
    appeal = SettledCase("appeal", "A-1", Settled.FILED)
    await rated(gateway, "vera", Role.SELLER, appeal, Rating.DOWN, "Zu viele Fragen")
    answer = await (await gateway.operate("GET", "/v1/feedback")).json()
    assert [(f["rating"], f["outcome"], f["comment"]) for f in answer["feedback"]] == [
        ("up", "withdrawn", None),
        ("down", "filed", "Zu viele Fragen"),
    ]
    assert answer["feedback"][0]["case"] == {"kind": "dispute", "id": "D-1", "order_id": "FO-1"}
    assert answer["total"] == {"asked": 2, "up": 1, "down": 1, "comments": 1} and answer["next"] == 2
    filed = await (await gateway.operate("GET", "/v1/feedback?outcome=filed&role=seller&after=1")).json()
    assert [f["id"] for f in filed["feedback"]] == [answer["feedback"][1]["id"]]
    assert filed["by_outcome"] == {"filed": {"asked": 1, "up": 0, "down": 1, "comments": 1}}
    events = (await (await gateway.operate("GET", "/v1/events")).json())["events"]
    assert [event["type"] for event in events] == ["feedback.given", "feedback.given", "feedback.commented"]
    assert "Zu viele Fragen" not in str(events)
    assert (await get(gateway, "/v1/feedback")).status == 401


@pytest.mark.parametrize("query", ["outcome=lost", "role=agent", "limit=0", "after=-1"])
async def test_what_cannot_be_asked_about_feedback(gateway: Gateway, query: str) -> None:
    assert (await gateway.operate("GET", f"/v1/feedback?{query}")).status == 422
