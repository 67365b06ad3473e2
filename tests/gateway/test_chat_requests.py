"""Messages that cannot be read are refused with a word on why, and nothing happens."""

from __future__ import annotations

import uuid

import pytest

from tests.gateway.conftest import Gateway
from tests.gateway.fakes import FakeEngine

BAD = {
    "no id": {"text": "Hallo"},
    "id is no uuid": {"id": "1", "text": "Hallo"},
    "neither": {"id": str(uuid.uuid4())},
    "both": {"id": str(uuid.uuid4()), "text": "Hallo", "payload": "1.abc"},
    "empty": {"id": str(uuid.uuid4()), "text": ""},
    "blank": {"id": str(uuid.uuid4()), "text": " \n\t "},
    "too long": {"id": str(uuid.uuid4()), "text": "x" * 4001},
    "NUL": {"id": str(uuid.uuid4()), "text": "a\x00b"},
    "text is a number": {"id": str(uuid.uuid4()), "text": 7},
    "negative": {"id": str(uuid.uuid4()), "text": "Hallo", "last_seen_seq": -1},
    "sender": {"id": str(uuid.uuid4()), "text": "Hallo", "sender": "eve"},
    "conversation": {"id": str(uuid.uuid4()), "text": "Hallo", "conversation_id": "C-1"},
}
FIELDS = {"no id": "id", "id is no uuid": "id", "negative": "last_seen_seq", "sender": "sender"}


@pytest.mark.parametrize("name", BAD)
async def test_messages_that_cannot_be_read(gateway: Gateway, engine: FakeEngine, name: str) -> None:
    kim = gateway.person("kim")
    headers = {"Authorization": f"Bearer {kim.token}"}
    response = await gateway.client.post("/v1/chat/messages", json=BAD[name], headers=headers)
    body = await response.json()
    assert (response.status, body["code"]) == (422, "invalid_request")
    assert body["errors"][0]["field"] == FIELDS.get(name, body["errors"][0]["field"])
    if name == "too long":
        assert "4000" in body["detail"]
        assert body["errors"][0]["field"] == "text"
    assert engine.calls == []
    assert await kim.messages() == []


async def test_a_text_of_4000_characters_is_fine(gateway: Gateway) -> None:
    assert (await gateway.person("kim").say("ü" * 4000))["status"] == "answered"


async def test_no_json(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.person('kim').token}", "Content-Type": "application/json"}
    statuses = {}
    for content in (b"{", b"", b'{"text": "\xff"}', b'{"text": "\\ud800"}'):
        response = await gateway.client.post("/v1/chat/messages", data=content, headers=headers)
        statuses[content[:12]] = (response.status, (await response.json())["code"])
    assert set(statuses.values()) == {(400, "invalid_request")}
    form = await gateway.client.post(
        "/v1/chat/messages", data={"text": "Hallo"}, headers={**headers, "Content-Type": "text/plain"}
    )
    assert form.status == 415
    huge = await gateway.client.post("/v1/chat/messages", data=b" " * 200_000, headers=headers)
    assert (huge.status, (await huge.json())["code"]) == (413, "request_too_large")
