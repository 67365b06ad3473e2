"""Appeals for the marketplace: infractions, the scan, drafts, commands, the queue, decisions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.conftest import NOW, Gateway, both_databases, problem
from tests.gateway.penalties import CARRIER, DAY, GROUND, act, appeal, begin, decide, drafted, goods, infraction, refund


async def test_an_infraction_and_older_pushes(frozen: Gateway) -> None:
    pushed = await (await infraction(frozen, listing="Tasse", order_id="WO-1")).json()
    assert pushed["applied"] is True
    assert pushed["infraction"] == await (await frozen.operate("GET", "/v1/infractions/V-1")).json()
    assert (pushed["infraction"]["status"], pushed["infraction"]["issued_at"]) == ("active", "2026-02-28T12:00:00Z")
    older = await (await infraction(frozen, seller_id="eve", updated_at=(NOW - DAY).isoformat())).json()
    assert (older["applied"], older["infraction"]["seller_id"]) == (False, "mona")
    unknown = await frozen.operate("GET", "/v1/infractions/V-2")
    assert problem(await unknown.json()) == (404, "infraction_not_found")
    assert (await infraction(frozen, issued_at="2026-02-28")).status == 422
    assert (await infraction(frozen, status="reversed")).status == 422, "only an appeal reverses"


async def scan(gateway: Gateway, seller: str = "mona", **query: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    response = await gateway.operate("GET", f"/v1/sellers/{seller}/appealable?{asked}")
    assert response.status == 200, await response.text()
    return await response.json()


@pytest.mark.rule("W-03", "W-13", "W-20", "W-24")
async def test_the_scan_says_what_can_be_done_and_until_when(frozen: Gateway) -> None:
    await infraction(frozen, "V-1", issued_at=(NOW - 85 * DAY).isoformat())
    await infraction(frozen, "V-2")
    await infraction(frozen, "V-3", issued_at=(NOW - 91 * DAY).isoformat())
    await infraction(frozen, "V-4", type="repeat_ip_infringement")
    await infraction(frozen, "V-5", issued_at=None)
    await goods(frozen, refunds=[refund(rejected_appeals=2)])
    found = await scan(frozen)
    assert (found["seller_id"], found["at"]) == ("mona", "2026-03-10T12:00:00Z")
    by_id = {entry["subject"]["id"]: entry for entry in found["subjects"] if entry["type"] != "valid_tracking_rate"}
    first = found["subjects"][0]
    assert (first["subject"], first["standing"], first["verdict"]) == (
        {"kind": "infraction", "id": "V-1"},
        "possible",
        "allowed",
    )
    assert (first["last_day"], first["days_left"], first["is_urgent"]) == ("2026-03-15", 5, True)
    assert (first["anchor"], first["closes_at"], first["needs"]) == ("issued", "2026-03-16T00:00:00Z", ["ground"])
    lost = by_id["V-3"]
    assert (lost["standing"], lost["days_left"], [r["code"] for r in lost["reasons"]]) == ("lost", -1, ["expired"])
    assert [reason["code"] for reason in by_id["V-4"]["reasons"]] == ["repeat_ip"]
    assert (by_id["V-5"]["verdict"], by_id["V-5"]["missing"]) == ("undetermined", ["issued_at"])
    back = by_id["WO-1"]
    assert (back["type"], back["attempt"], back["attempts_limit"], back["last_day"]) == ("refund", 3, 3, None)
    later = await scan(frozen, at="2026-03-16T00:00:00Z")
    standing = {entry["subject"]["id"]: entry["standing"] for entry in later["subjects"]}
    assert (standing["V-1"], standing["V-2"]) == ("lost", "possible")
    assert (await scan(frozen, "eve"))["subjects"] == []


@both_databases
@pytest.mark.rule("W-26")
async def test_a_second_attempt_leads_to_the_open_one(frozen: Gateway) -> None:
    await infraction(frozen)
    answers = await asyncio.gather(*(begin(frozen) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
    bodies = [await answer.json() for answer in answers]
    assert len({body["id"] for body in bodies}) == 1
    made = bodies[0]
    assert (made["status"], made["ground"], made["subject"]) == ("draft", GROUND, {"kind": "infraction", "id": "V-1"})
    assert (made["last_day"], made["attempt"], made["attempts_limit"]) == ("2026-05-29", 1, None)
    assert (await scan(frozen))["subjects"][0]["appeal"]["id"] == made["id"]
    assert (await act(frozen, made["id"], "submit")).status == 200
    again = await begin(frozen)
    assert (again.status, (await again.json())["status"]) == (200, "submitted")


async def test_a_draft_with_a_key(frozen: Gateway) -> None:
    await infraction(frozen)
    first = await begin(frozen, key="k-1")
    again = await begin(frozen, key="k-1")
    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json()
    other = await begin(frozen, key="k-1", ground="Anders")
    assert problem(await other.json()) == (409, "idempotency_conflict")


@pytest.mark.rule("W-02", "W-05", "W-12", "W-24")
async def test_what_gets_no_draft(frozen: Gateway) -> None:
    await infraction(frozen)
    await infraction(frozen, "V-2", type="repeat_ip_infringement")
    await infraction(frozen, "V-3", type="late_replies")
    await infraction(frozen, "V-4", issued_at=None)
    await goods(frozen)
    for subject, kind, code in (
        ("V-2", "repeat_ip_infringement", "repeat_ip"),
        ("V-3", "late_replies", "not_appealable"),
        ("WO-1", "fulfilment_rate", "fr_not_merchant"),
        ("WO-1", "confirmed_fulfilment_speed", "cfs_no_date"),
    ):
        response = await begin(frozen, subject, kind)
        body = await response.json()
        assert problem(body) == (409, code)
        assert [reason["code"] for reason in body["reasons"]] == [code]
        assert body["reasons"][0]["params"]["subject_id"] == subject
    body = await (await begin(frozen, "V-4")).json()
    assert (problem(body), body["missing"]) == ((409, "undetermined"), ["issued_at"])
    for subject, seller in (("V-9", "mona"), ("V-1", "eve"), ("WO-9", "mona"), ("WO-1", "eve")):
        response = await begin(frozen, subject, seller_id=seller)
        assert problem(await response.json()) == (404, "subject_not_found"), "foreign and unknown look the same"
    assert (await (await frozen.operate("GET", "/v1/appeals")).json())["appeals"] == []


@both_databases
@pytest.mark.rule("W-11")
async def test_from_the_draft_to_the_number(frozen: Gateway) -> None:
    await goods(frozen)
    made = await drafted(frozen, "WO-1", "valid_tracking_rate", ground="")
    refused = await (await act(frozen, made["id"], "submit")).json()
    codes = {reason["code"] for reason in refused["reasons"]}
    assert (refused["status"], codes) == (409, {"vtr_no_tracking", "vtr_no_proof", "ground_missing"})
    edited = await (await act(frozen, made["id"], "edit", ground="Ging raus", tracking_number="RR123456785DE")).json()
    assert (edited["appeal"]["ground"], edited["appeal"]["tracking_doubtful"]) == ("Ging raus", False)
    assert (edited["command"], edited["replayed"], edited["effects"]) == ("edit", None, [])
    linked = await (await act(frozen, made["id"], "attach_evidence", url=CARRIER)).json()
    (evidence,) = linked["appeal"]["evidence"]
    assert (evidence["kind"], evidence["url"], evidence["carrier_listed"]) == ("link", CARRIER, True)
    done = await (await act(frozen, made["id"], "submit", key="s-1", ground="Ging am 1. raus")).json()
    assert (done["status"], done["command"], done["replayed"]) == ("executed", "submit", False)
    assert [effect["effect"] for effect in done["effects"]] == ["file_appeal"]
    assert (done["appeal"]["status"], done["appeal"]["ground"]) == ("submitted", "Ging am 1. raus")
    assert done["appeal"]["last_day"] == "2026-05-29"
    again = await (await act(frozen, made["id"], "submit", key="s-1", ground="Ging am 1. raus")).json()
    assert again == {**done, "replayed": True}
    other = await (await act(frozen, made["id"], "submit", key="s-1", ground="Etwas anderes")).json()
    assert problem(other) == (409, "idempotency_conflict")
    for late in (
        await act(frozen, made["id"], "edit", ground="Neu"),
        await act(frozen, made["id"], "attach_evidence", url=CARRIER),
    ):
        assert problem(await late.json()) == (409, "appeal_open")
    trail = await (await frozen.operate("GET", f"/v1/appeals/{made['id']}/events")).json()
    assert [event["command"] for event in trail["events"]] == ["draft", "edit", "attach_evidence", "submit"]
    assert all(event["actor"] == {"role": "seller", "id": "mona"} for event in trail["events"])
    assert await appeal(frozen, made["id"]) == done["appeal"]


async def test_links_that_are_no_evidence(frozen: Gateway) -> None:
    await infraction(frozen)
    made = await drafted(frozen)
    for url, code in (
        ("http://www.dhl.de/1", "link_not_https"),
        ("https://127.0.0.1/1", "link_not_public"),
        ("https://parcels.internal/1", "link_not_public"),
        ("https://mona:pw@dhl.de/1", "link_invalid"),
    ):
        assert problem(await (await act(frozen, made["id"], "attach_evidence", url=url)).json()) == (409, code), url
    assert (await act(frozen, made["id"], "attach_evidence", url="")).status == 422
    assert (await act(frozen, made["id"], "attach_evidence")).status == 422
    assert (await appeal(frozen, made["id"]))["evidence"] == []


async def test_requests_that_cannot_be_read(frozen: Gateway) -> None:
    await infraction(frozen)
    made = await drafted(frozen)
    for command in ("approve", "draft", ""):
        assert (await act(frozen, made["id"], command)).status == 422
    bare = await frozen.operate("POST", f"/v1/appeals/{made['id']}/commands", {"command": "submit"})
    assert problem(await bare.json()) == (400, "invalid_request")
    for path, method in (("", "GET"), ("/events", "GET"), ("/commands", "POST"), ("/decision", "POST")):
        body = {"command": "submit"} if path == "/commands" else {"outcome": "approved"} if method == "POST" else None
        unknown = await frozen.operate(method, f"/v1/appeals/A-0{path}", body, **{"Idempotency-Key": "k"})
        assert problem(await unknown.json()) == (404, "appeal_not_found"), path
    assert (await begin(frozen, subject="V-1", type="x" * 101)).status == 422
    assert (await frozen.operate("GET", "/v1/appeals?status=open")).status == 422
    for at in ("0.5", "1773144000", "-1e3", "nan", "2026-03-10", ""):
        wrong = await frozen.operate("GET", f"/v1/sellers/mona/appealable?at={at}")
        assert (wrong.status, (await wrong.json())["errors"][0]["field"]) == (422, "at"), "an instant, and no number"
    for after in ("bm9uc2Vuc2U", "WzEsMiwzXQ"):
        unknown = await frozen.operate("GET", f"/v1/appeals?after={after}")
        assert problem(await unknown.json()) == (404, "cursor_unknown")


async def test_the_queue_has_the_most_urgent_first(frozen: Gateway) -> None:
    ids = {}
    for number, days in enumerate((10, 80, 40), start=1):
        await infraction(frozen, f"V-{number}", issued_at=(NOW - days * DAY).isoformat())
        ids[number] = (await drafted(frozen, f"V-{number}"))["id"]
        await act(frozen, ids[number], "submit")
    await infraction(frozen, "V-4", seller_id="nora", issued_at=(NOW - 88 * DAY).isoformat())
    draft = await drafted(frozen, "V-4", seller_id="nora")
    first = await (await frozen.operate("GET", "/v1/appeals?status=submitted&limit=2")).json()
    assert [entry["id"] for entry in first["appeals"]] == [ids[2], ids[3]]
    rest = await (await frozen.operate("GET", f"/v1/appeals?status=submitted&limit=2&after={first['next']}")).json()
    assert ([entry["id"] for entry in rest["appeals"]], rest["next"]) == ([ids[1]], None)
    every = await (await frozen.operate("GET", "/v1/appeals")).json()
    assert [entry["id"] for entry in every["appeals"]] == [ids[2], ids[3], ids[1], draft["id"]]
    of_nora = await (await frozen.operate("GET", "/v1/appeals?seller=nora")).json()
    assert [entry["id"] for entry in of_nora["appeals"]] == [draft["id"]]


@both_databases
@pytest.mark.rule("W-21")
async def test_approval_reverses_and_tells(frozen: Gateway) -> None:
    await infraction(frozen)
    made = await drafted(frozen)
    early = await (await decide(frozen, made["id"], "approved")).json()
    assert problem(early) == (409, "not_submitted")
    await act(frozen, made["id"], "submit")
    decided = await (await decide(frozen, made["id"], "approved", "Stimmt.", key="d-1")).json()
    assert {effect["effect"] for effect in decided["effects"]} >= {"close_appeal", "reverse_infraction"}
    assert (decided["appeal"]["status"], decided["appeal"]["decision_reason"]) == ("approved", "Stimmt.")
    assert (await (await decide(frozen, made["id"], "approved", "Stimmt.", key="d-1")).json())["replayed"] is True
    conflict = await (await decide(frozen, made["id"], "rejected", key="d-1")).json()
    assert problem(conflict) == (409, "idempotency_conflict")
    reversed_one = await (await frozen.operate("GET", "/v1/infractions/V-1")).json()
    assert (reversed_one["status"], reversed_one["reversed_by"]) == ("reversed", made["id"])
    await frozen.services_settle()
    notices = [m for m in await frozen.person("mona", "seller").messages() if m["author"] == "notice"]
    assert [made["id"] in notice["text"] for notice in notices] == [True, True], "filed by the api, and approved"
    assert [notice["appeal_id"] for notice in notices] == [made["id"]] * 2
    events = (await (await frozen.operate("GET", "/v1/events")).json())["events"]
    codes = [event["code"] for event in events if event["kind"] == "notice"]
    assert codes == ["own_appeal_submitted", "appeal_approved"]


@pytest.mark.rule("W-03")
async def test_the_last_days_the_end_and_what_is_heard_of_it(frozen: Gateway) -> None:
    await infraction(frozen)
    made = await drafted(frozen)
    await act(frozen, made["id"], "submit")
    for day in (83, 84, 90):
        await frozen.freeze(NOW + (day - 10) * DAY)
    assert (await appeal(frozen, made["id"]))["status"] == "submitted", "day 90 counts whole"
    await frozen.freeze(NOW + 81 * DAY)
    assert (await appeal(frozen, made["id"]))["status"] == "lapsed"
    late = await (await decide(frozen, made["id"], "approved")).json()
    assert problem(late) == (409, "appeal_lapsed")
    events = (await (await frozen.operate("GET", "/v1/events?limit=500")).json())["events"]
    codes = [event["code"] for event in events if event["kind"] == "notice"]
    assert codes == ["own_appeal_submitted", "appeal_warning", "appeal_lapsed"]
    assert all(event["recipient"] == {"role": "seller", "id": "mona"} for event in events if event["kind"] == "notice")
    lapsed = await (await frozen.operate("GET", "/v1/appeals?status=lapsed")).json()
    assert [entry["id"] for entry in lapsed["appeals"]] == [made["id"]]


async def test_only_the_marketplace(frozen: Gateway) -> None:
    await infraction(frozen)
    made = await drafted(frozen)
    mona = {"Authorization": f"Bearer {frozen.person('mona', 'seller').token}"}
    for path in ("/v1/appeals", f"/v1/appeals/{made['id']}", "/v1/infractions/V-1", "/v1/sellers/mona/appealable"):
        assert (await frozen.client.get(path, headers=mona)).status == 401
        assert (await frozen.client.get(path)).status == 401
