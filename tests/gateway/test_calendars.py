"""Deadlines as calendar files: what a calendar reads out of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from aiohttp import ClientResponse

from actions.policy import Limits
from tests.gateway.conftest import NOW, Gateway, Start, both_databases, problem
from tests.gateway.penalties import DAY, act, decide, drafted, get, goods, infraction, refund


async def events_in(response: ClientResponse) -> list[Any]:
    """What another library's calendar would show."""
    assert response.status == 200, await response.text()
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    read = icalendar.Calendar.from_ical(await response.read())
    assert (read["VERSION"], read["METHOD"]) == ("2.0", "PUBLISH")
    return list(read.walk("VEVENT"))


async def of_appeal(gateway: Gateway, appeal_id: str, sub: str = "mona", role: str = "seller", **claims: Any) -> Any:
    return await get(gateway.person(sub, role, **claims), f"/v1/chat/appeals/{appeal_id}/deadlines.ics")


@both_databases
@pytest.mark.rule("W-03", "W-20")
async def test_both_deadlines_of_an_appeal(frozen: Gateway) -> None:
    await infraction(frozen)  # issued on 28 February
    made = await drafted(frozen)
    response = await of_appeal(frozen, made["id"])
    assert response.headers["Content-Disposition"] == f'attachment; filename="{made["id"]}.ics"'
    first, last = await events_in(response)
    assert (first.decoded("dtstart"), first.decoded("dtend")) == (date(2026, 5, 22), date(2026, 5, 23))
    assert (last.decoded("dtstart"), last.decoded("dtend")) == (date(2026, 5, 29), date(2026, 5, 30))
    assert last["summary"] == f"Letzter Tag für Widerspruch {made['id']}: V-1 (Irreführende Sendungsverfolgung)"
    assert first["summary"].startswith(f"Widerspruch {made['id']} einreichen")
    assert "30. Mai, 02:00 Uhr (UTC+2)" in last["description"]
    assert "auch bestätigt" in last["description"]
    assert "Ihrer Zeitzone" in last["description"]
    assert first["uid"] != last["uid"]


async def test_a_filed_one_in_english_far_away(frozen: Gateway) -> None:
    await infraction(frozen)
    made = await drafted(frozen)
    await act(frozen, made["id"], "submit")
    tokyo = {"locale": "en", "zoneinfo": "Asia/Tokyo"}
    first, last = await events_in(await of_appeal(frozen, made["id"], **tokyo))
    assert first["summary"].startswith(f"Has appeal {made['id']} been confirmed?")
    assert "30 May, 09:00 (UTC+9)" in last["description"]
    again = await events_in(await of_appeal(frozen, made["id"], **tokyo))
    assert [event["uid"] for event in again] == [first["uid"], last["uid"]], "the same entries when fetched again"


async def test_the_limits_count(start: Start) -> None:
    limits = Limits(review_lead_days=14, late_confirmation="honour_if_filed_in_time")
    async with start(limits) as gateway:
        await gateway.freeze(NOW)
        await infraction(gateway)
        made = await drafted(gateway)
        first, last = await events_in(await of_appeal(gateway, made["id"]))
        assert last.decoded("dtstart") - first.decoded("dtstart") == timedelta(days=14)
        assert "bestätigt werden kann er auch danach" in last["description"]


@pytest.mark.rule("W-05", "W-13")
async def test_whose_and_whether_there_is_one(frozen: Gateway) -> None:
    await infraction(frozen)
    await goods(frozen, refunds=[refund()])
    made, back = await drafted(frozen), await drafted(frozen, "WO-1", "refund")
    for sub, role in (("eve", "seller"), ("mona", "customer")):
        assert problem(await (await of_appeal(frozen, made["id"], sub, role)).json()) == (404, "appeal_not_found")
    assert problem(await (await of_appeal(frozen, "A-0")).json()) == (404, "appeal_not_found")
    assert problem(await (await of_appeal(frozen, back["id"])).json()) == (404, "no_deadline"), "a refund has none"
    await act(frozen, made["id"], "submit")
    await decide(frozen, made["id"], "rejected")
    assert problem(await (await of_appeal(frozen, made["id"])).json()) == (404, "no_deadline"), "it is decided"
    path = f"/v1/chat/appeals/{made['id']}/deadlines.ics"
    assert (await frozen.client.get(path)).status == 401
    assert (await frozen.operate("GET", path)).status == 401, "for people only"


async def test_everything_of_a_person(frozen: Gateway) -> None:
    vera, kim, mona = frozen.person("vera", "seller"), frozen.person("kim"), frozen.person("mona", "seller")
    for person in (vera, kim, mona):
        assert problem(await (await get(person, "/v1/chat/deadlines.ics")).json()) == (404, "no_deadline")
    await frozen.order("FO-1")
    await frozen.command("FO-1", "request_update", by="kim")
    await frozen.order("FO-2")
    await frozen.command("FO-2", "request_extension", by="vera", new_delivery_at=(NOW + 9 * DAY).isoformat())
    (asked,) = await events_in(await get(vera, "/v1/chat/deadlines.ics"))
    assert asked.decoded("dtstart") == datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
    assert "dtend" not in asked
    assert asked["summary"] == "Antwortfrist zu FO-1: Bitte um ein Update"
    assert asked["description"].startswith("Sie können bis Donnerstag, 12. März, 13:00 Uhr antworten")
    (own,) = await events_in(await get(kim, "/v1/chat/deadlines.ics"))
    assert own["description"].startswith("Die andere Seite kann bis")
    assert own["uid"] == asked["uid"]
    await infraction(frozen, "V-1")
    await infraction(frozen, "V-2", issued_at=NOW.isoformat())
    for subject in ("V-1", "V-2"):
        await drafted(frozen, subject)
    assert len(await events_in(await get(mona, "/v1/chat/deadlines.ics"))) == 4
    assert len(await events_in(await get(vera, "/v1/chat/deadlines.ics"))) == 1
    await frozen.freeze(NOW + timedelta(hours=49))
    assert (await get(vera, "/v1/chat/deadlines.ics")).status == 404
