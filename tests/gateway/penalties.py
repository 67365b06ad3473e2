"""A merchant with infractions and goods orders, as the marketplace pushes them, and shorthands for appeals."""

from __future__ import annotations

import uuid
from datetime import timedelta
from io import BytesIO
from typing import Any

from aiohttp import ClientResponse, FormData
from PIL import Image

from tests.backend import world
from tests.gateway.conftest import NOW, Gateway, Person

DAY = timedelta(days=1)
CARRIER = "https://www.dhl.de/de/privatkunden/verfolgen.html?piececode=1"
GROUND = "Das Paket war am selben Tag beim Boten."


async def infraction(gateway: Gateway, infraction_id: str = "V-1", **fields: Any) -> ClientResponse:
    """Push an infraction of mona, issued ten days ago."""
    body = {
        "seller_id": "mona",
        "type": "misleading_tracking",
        "issued_at": (NOW - 10 * DAY).isoformat(),
        "title": "Irreführende Sendungsverfolgung",
        "updated_at": NOW.isoformat(),
        **fields,
    }
    return await gateway.operate("PUT", f"/v1/infractions/{infraction_id}", body)


async def goods(gateway: Gateway, order_id: str = "WO-1", **fields: Any) -> ClientResponse:
    """Push an order of mona's goods, released ten days ago."""
    released = {"released_at": (NOW - 10 * DAY).isoformat(), "expected_delivery_at": None}
    return await gateway.order(order_id, **{"customer_id": "kim", "seller_id": "mona", **released, **fields})


def refund(**fields: Any) -> dict[str, Any]:
    """A refund for quality that mona bears."""
    at = (NOW - 200 * DAY).isoformat()
    return {"id": "R-1", "category": "quality", "responsibility": "merchant", "refunded_at": at, **fields}


async def begin(
    gateway: Gateway, subject: str = "V-1", type: str = "misleading_tracking", *, key: str | None = None, **fields: Any
) -> ClientResponse:
    """Begin mona's appeal; ids that begin with V are infractions."""
    kind = "infraction" if subject.startswith("V") else "order"
    body = {
        "seller_id": "mona",
        "type": type,
        "subject": {"kind": kind, "id": subject},
        "ground": GROUND,
        **fields,
    }
    return await gateway.operate("POST", "/v1/appeals", body, **({"Idempotency-Key": key} if key else {}))


async def drafted(gateway: Gateway, subject: str = "V-1", type: str = "misleading_tracking", **fields: Any) -> Any:
    """The draft of a new appeal."""
    response = await begin(gateway, subject, type, **fields)
    assert response.status == 201, await response.text()
    return await response.json()


async def act(
    gateway: Gateway, appeal_id: str, command: str, *, key: str | None = None, **fields: Any
) -> ClientResponse:
    """A command of the merchant."""
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    return await gateway.operate("POST", f"/v1/appeals/{appeal_id}/commands", {"command": command, **fields}, **headers)


async def decide(
    gateway: Gateway, appeal_id: str, outcome: str, reason: str = "", key: str | None = None
) -> ClientResponse:
    """A decision of the platform."""
    headers = {"Idempotency-Key": key} if key else {}
    body = {"outcome": outcome, "reason": reason}
    return await gateway.operate("POST", f"/v1/appeals/{appeal_id}/decision", body, **headers)


async def appeal(gateway: Gateway, appeal_id: str) -> Any:
    """The appeal as it is."""
    response = await gateway.operate("GET", f"/v1/appeals/{appeal_id}")
    assert response.status == 200, await response.text()
    return await response.json()


def picture(colour: str = "red", kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    """An image."""
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()


async def upload(person: Person, content: bytes, *, name: str = "file", **part: Any) -> ClientResponse:
    """Send a file as the widget does."""
    form = FormData()
    form.add_field(name, BytesIO(content), filename="mein geheimer Name.png", content_type="image/png", **part)
    return await send(person, data=form)


async def send(person: Person, **request: Any) -> ClientResponse:
    """Any request to the upload's address."""
    headers = {"Authorization": f"Bearer {person.token}", **request.pop("headers", {})}
    return await person.gateway.client.post("/v1/chat/evidence", headers=headers, **request)


async def talk_about(person: Person, appeal_id: str | None) -> None:
    """Make an appeal the subject of somebody's conversation, as the dialogue does."""
    (message, *_) = (await person.say("Ich möchte etwas anfechten"))["messages"]
    assert message["author"] == "assistant"
    backend = person.gateway.backend
    found = await backend.conversations.for_notices(*await _who(person))
    await world.talk_about(backend, found.id, appeal_id)


async def _who(person: Person) -> Any:
    verified = await person.gateway.services().verifier.verify(person.token)
    return verified.role, verified.sub


async def get(person: Person, path: str) -> ClientResponse:
    """Fetch something as a person."""
    return await person.gateway.client.get(path, headers={"Authorization": f"Bearer {person.token}"})
