"""Screenshots: attached once to what the conversation is about, and the conversation goes on; nobody else sees them."""

from __future__ import annotations

import asyncio
import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image

from actions.backend.evidence_images import MAX_BYTES
from tests.gateway.conftest import Gateway, Person, Start, both_databases, problem
from tests.gateway.fakes import FakeEngine, echo, slowly
from tests.gateway.penalties import (
    act,
    appeal,
    begin,
    drafted,
    get,
    goods,
    infraction,
    picture,
    send,
    talk_about,
    upload,
)
from tests.gateway.test_chat import eventually


@pytest.fixture
async def mona(frozen: Gateway) -> Person:
    """A merchant whose conversation is about a draft."""
    await infraction(frozen)
    person = frozen.person("mona", "seller")
    await talk_about(person, (await drafted(frozen))["id"])
    return person


async def draft_of(gateway: Gateway) -> Any:
    (only,) = (await (await gateway.operate("GET", "/v1/appeals")).json())["appeals"]
    return only


def evidence_turns(engine: FakeEngine) -> list[dict[str, Any]]:
    return [turn for turn in engine.turns if turn.get("payload", "").startswith("/inform")]


@both_databases
@pytest.mark.rule("W-12")
async def test_an_upload_is_attached_and_the_conversation_goes_on(
    frozen: Gateway, mona: Person, engine: FakeEngine
) -> None:
    response = await upload(mona, picture())
    assert response.status == 201, await response.text()
    body = await response.json()
    (attached,) = (await draft_of(frozen))["evidence"]
    assert body["evidence"] == attached
    assert (attached["kind"], attached["media_type"], attached["url"]) == ("image", "image/png", None)
    (turn,) = evidence_turns(engine)
    assert json.loads(turn["payload"].removeprefix("/inform")) == {"evidence_id": attached["id"]}
    assert turn["metadata"]["pressed"] is True
    assert "text" not in turn
    own, reply = (await mona.messages())[-2:]
    assert (own["author"], own["text"], own["status"]) == ("person", "Bild als Nachweis", "answered")
    assert (own["kind"], own["evidence_id"]) == ("evidence", attached["id"])
    assert "geheimer" not in json.dumps(await mona.messages()), "how the file was called is nobody's business"
    assert body["status"] == "answered"
    assert body["messages"] == [reply]
    assert reply["in_reply_to"] == own["id"]


@both_databases
async def test_the_same_image_again_does_nothing(frozen: Gateway, mona: Person, engine: FakeEngine) -> None:
    first = await upload(mona, picture())
    before = await mona.messages()
    again = await upload(mona, picture())
    assert (first.status, again.status) == (201, 200)
    assert await again.json() == await first.json()
    assert await mona.messages() == before
    assert len(evidence_turns(engine)) == 1
    other = await upload(mona, picture("blue"))
    assert other.status == 201
    assert len((await draft_of(frozen))["evidence"]) == 2


async def test_the_same_image_at_once(frozen: Gateway, mona: Person, engine: FakeEngine) -> None:
    engine.script = slowly(0.2)
    answers = await asyncio.gather(*(upload(mona, picture()) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
    assert len({json.dumps(await answer.json()) for answer in answers}) == 1
    assert len(evidence_turns(engine)) == 1
    assert len((await draft_of(frozen))["evidence"]) == 1


async def test_an_upload_waits_for_what_was_said_before(mona: Person, engine: FakeEngine) -> None:
    go_on = asyncio.Event()

    async def script(turn: dict[str, Any]) -> list[dict[str, Any]]:
        await go_on.wait()
        return await echo(turn)

    engine.script = script
    said = asyncio.create_task(mona.say("Moment, ich suche das Bild"))
    await eventually(lambda: asyncio.sleep(0, len(engine.turns) == 2))
    sent = asyncio.create_task(upload(mona, picture()))

    async def stored() -> bool:
        return (await mona.messages())[-1]["text"] == "Bild als Nachweis"

    await eventually(stored)
    assert evidence_turns(engine) == []
    go_on.set()
    assert (await said)["status"] == "answered"
    assert (await sent).status == 201
    assert [text.startswith("/inform") for text in engine.finished[-2:]] == [False, True]


@both_databases
async def test_the_engine_is_down_meanwhile(start: Start, engine: FakeEngine) -> None:
    async with start(answer_within=0.3) as gateway:
        await infraction(gateway, issued_at=None)
        await goods(gateway)
        await infraction(gateway, "V-2", issued_at="2026-03-01T00:00:00Z")
        await gateway.operate("PUT", "/v1/test-clock", {"now": "2026-03-10T12:00:00Z"})
        mona = gateway.person("mona", "seller", locale="en")
        await talk_about(mona, (await drafted(gateway, "V-2"))["id"])
        engine.failing = True
        body = await (await upload(mona, picture())).json()
        assert (body["status"], [message["kind"] for message in body["messages"]]) == ("pending", ["pending"])
        assert [m["text"] for m in await mona.messages() if m["author"] == "person"][-1] == "Image as evidence"
        assert len((await draft_of(gateway))["evidence"]) == 1, "it is kept all the same"
        engine.failing = False

        async def answered() -> bool:
            return len(evidence_turns(engine)) == 1 and (await mona.messages())[-1]["author"] == "assistant"

        await eventually(answered)
        again = await upload(mona, picture())
        assert (again.status, (await again.json())["status"]) == (200, "answered")


@both_databases
async def test_attached_but_the_message_was_lost(
    frozen: Gateway, mona: Person, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between both: sending it again brings what is missing, and nothing twice."""

    async def gone(*args: Any, **given: Any) -> Any:
        raise RuntimeError("the process ended here")

    with monkeypatch.context() as patched:
        patched.setattr(frozen.backend.conversations, "receive", gone)
        assert (await upload(mona, picture())).status == 500
    assert len((await draft_of(frozen))["evidence"]) == 1
    assert evidence_turns(engine) == []
    assert (await upload(mona, picture())).status == 201
    assert len((await draft_of(frozen))["evidence"]) == 1
    assert len(evidence_turns(engine)) == 1


async def test_without_something_to_attach_it_to(frozen: Gateway, engine: FakeEngine) -> None:
    await infraction(frozen)
    mona = frozen.person("mona", "seller")
    assert problem(await (await upload(mona, picture())).json()) == (409, "no_appeal_open")
    made = await drafted(frozen)
    await talk_about(mona, made["id"])
    eve = frozen.person("eve", "seller")
    await talk_about(eve, made["id"])
    assert problem(await (await upload(eve, picture())).json()) == (409, "no_appeal_open"), "it is not hers"
    customer = frozen.person("mona")
    assert problem(await (await upload(customer, picture())).json()) == (403, "seller_only")
    await act(frozen, made["id"], "submit")
    assert problem(await (await upload(mona, picture())).json()) == (409, "no_appeal_open"), "no draft any more"
    await talk_about(mona, None)
    assert problem(await (await upload(mona, picture())).json()) == (409, "no_appeal_open")
    assert (await appeal(frozen, made["id"]))["evidence"] == []
    assert evidence_turns(engine) == []


async def test_no_image(frozen: Gateway, mona: Person) -> None:
    damaged = picture()[:60]
    for content, expected in (
        (b"", (415, "evidence_type")),
        (b"%PDF-1.7 ...", (415, "evidence_type")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", (415, "evidence_type")),
        (damaged, (422, "evidence_unreadable")),
        (picture(size=(8000, 6000)), (413, "evidence_too_large")),
        (picture() + bytes(MAX_BYTES), (413, "evidence_too_large")),
    ):
        assert problem(await (await upload(mona, content)).json()) == expected
    assert (await draft_of(frozen))["evidence"] == []


async def test_an_image_larger_than_other_requests_may_be(frozen: Gateway, mona: Person) -> None:
    noise = BytesIO()
    Image.effect_noise((900, 900), 90).save(noise, "PNG")
    assert len(noise.getvalue()) > 5 * frozen.config.max_body
    assert (await upload(mona, noise.getvalue())).status == 201


async def test_too_large_is_noticed_while_it_arrives(mona: Person) -> None:
    """Without a length in advance, the rest of it is not read."""
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\n' + picture()
        while sent < 20 * MAX_BYTES:
            sent += 2**18
            yield bytes(2**18)

    response = await send(mona, data=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert problem(await response.json()) == (413, "evidence_too_large")
    assert sent < 3 * MAX_BYTES


async def test_forms_that_cannot_be_read(frozen: Gateway, mona: Person) -> None:
    header = {"Content-Type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n'
    nested = part.replace(b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n")
    twice = FormData()
    for _ in range(2):
        twice.add_field("file", picture(), filename="a.png")
    for request, expected in (
        ({"data": b"", "headers": header}, (400, "invalid_request")),
        ({"data": b"no form", "headers": header}, (400, "invalid_request")),
        ({"data": b"--b\r\nnonsense\r\n\r\nx", "headers": header}, (400, "invalid_request")),
        ({"data": b"--b--\r\n", "headers": header}, (422, "invalid_request")),
        ({"data": nested + b"--b--\r\n", "headers": header}, (422, "invalid_request")),
        ({"data": b"x", "headers": {"Content-Type": "multipart/form-data"}}, (400, "invalid_request")),
        ({"data": picture(), "headers": {"Content-Type": "image/png"}}, (415, "unsupported_media_type")),
        ({"json": {"file": "x"}}, (415, "unsupported_media_type")),
        ({}, (415, "unsupported_media_type")),
        ({"data": twice}, (422, "invalid_request")),
    ):
        response = await send(mona, **request)
        assert problem(await response.json()) == expected, request
    assert (await upload(mona, picture(), name="image")).status == 422
    assert (await frozen.client.post("/v1/chat/evidence")).status == 401
    assert (await draft_of(frozen))["evidence"] == []


async def test_an_upload_that_stalls_ends(start: Start) -> None:
    async with start(upload_within=0.3) as gateway:
        await gateway.operate("PUT", "/v1/test-clock", {"now": "2026-03-10T12:00:00Z"})
        await infraction(gateway)
        mona = gateway.person("mona", "seller")
        await talk_about(mona, (await drafted(gateway))["id"])

        async def stalled() -> Any:
            yield b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
            await asyncio.sleep(30)

        response = await send(mona, data=stalled(), headers={"Content-Type": "multipart/form-data; boundary=b"})
        assert problem(await response.json()) == (408, "body_too_slow")


async def test_more_than_an_appeal_takes(frozen: Gateway, mona: Person) -> None:
    for number in range(20):
        assert (await upload(mona, picture(f"#{number:02x}0000"))).status == 201
    assert problem(await (await upload(mona, picture("#ff0000"))).json()) == (409, "too_many")


@both_databases
@pytest.mark.rule("W-05")
async def test_who_can_fetch_it(frozen: Gateway, mona: Person) -> None:
    taken = Image.new("RGB", (40, 30), "green")
    exif = taken.getexif()
    exif[0x010E] = "Wohnzimmer von Mona"
    written = BytesIO()
    taken.save(written, "JPEG", exif=exif)
    evidence = (await (await upload(mona, written.getvalue())).json())["evidence"]
    path = f"/v1/evidence/{evidence['id']}"
    for response in (await get(mona, path), await frozen.operate("GET", path)):
        content = await response.read()
        assert (response.status, response.content_type, len(content)) == (200, "image/jpeg", evidence["size"])
        assert Image.open(BytesIO(content)).size == (40, 30)
        assert b"Wohnzimmer" in written.getvalue()
        assert b"Wohnzimmer" not in content
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"] == f'attachment; filename="{evidence["id"]}.jpg"'
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-store"
    for somebody in (frozen.person("eve", "seller"), frozen.person("mona"), frozen.person("kim")):
        response = await get(somebody, path)
        assert problem(await response.json()) == (404, "evidence_not_found")
    assert problem(await (await get(mona, "/v1/evidence/E-0")).json()) == (404, "evidence_not_found")
    assert (await frozen.client.get(path)).status == 401
    wrong = {"Authorization": "Bearer neither-a-key-nor-a-token"}
    assert (await frozen.client.get(path, headers=wrong)).status == 401


async def test_a_link_is_nothing_to_fetch(frozen: Gateway, mona: Person) -> None:
    made = await draft_of(frozen)
    await act(frozen, made["id"], "attach_evidence", url="https://www.dhl.de/1")
    (link,) = (await draft_of(frozen))["evidence"]
    assert (await frozen.operate("GET", f"/v1/evidence/{link['id']}")).status == 404


async def test_the_storage_is_gone(frozen: Gateway, mona: Person, tmp_path: Path) -> None:
    evidence = (await (await upload(mona, picture())).json())["evidence"]
    shutil.rmtree(tmp_path / "evidence")
    response = await get(mona, f"/v1/evidence/{evidence['id']}")
    assert problem(await response.json()) == (503, "storage_unavailable")
    (tmp_path / "evidence").write_text("in the way")
    response = await upload(mona, picture("blue"))
    assert problem(await response.json()) == (503, "storage_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert len((await draft_of(frozen))["evidence"]) == 1


async def test_pages_of_other_origins_may_show_it(frozen: Gateway, mona: Person) -> None:
    origin = {"Origin": "https://market.example", "Authorization": f"Bearer {mona.token}"}
    response = await frozen.client.get("/v1/evidence/E-0", headers=origin)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    foreign = await frozen.client.get("/v1/appeals", headers=origin)
    assert "Access-Control-Allow-Origin" not in foreign.headers
    assert (await begin(frozen)).status == 200
