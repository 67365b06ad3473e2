"""The marketplace's own systems, with the operator's key."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tests.conversation.http import Response, call
from tests.conversation.people import Person
from tests.conversation.stack import OPERATOR_KEY


@dataclass
class Marketplace:
    """The marketplace's systems, with the operator's key."""

    port: int
    read_up_to: ClassVar[dict[int, int]] = {}

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Any call of the operator's API."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(method, self.port, path, body, token=OPERATOR_KEY, headers=named)

    def _ok(self, response: Response) -> Any:
        assert response.status == 200, response
        return response.body

    def clock(self, now: datetime) -> None:
        """Stop the business clock at an instant; everything that fell due has been told when this returns."""
        self._ok(self.request("PUT", "/v1/test-clock", {"now": now.isoformat()}))

    def person(self, person: Person) -> None:
        """Tell who somebody is, before they ever chat."""
        body = {"locale": person.locale, "zoneinfo": person.zoneinfo, "name": person.name}
        known = {name: value for name, value in body.items() if value is not None}
        self._ok(self.request("PUT", f"/v1/people/{person.role}/{person.id}", known))

    def put_order(self, order_id: str, **fields: Any) -> Response:
        """Push an order as it is now."""
        return self.request("PUT", f"/v1/orders/{order_id}", fields)

    def order(self, order_id: str) -> dict[str, Any]:
        """An order with its disputes."""
        found: dict[str, Any] = self._ok(self.request("GET", f"/v1/orders/{order_id}"))
        return found

    def put_infraction(self, infraction_id: str, **fields: Any) -> Response:
        """Push an infraction as it is now."""
        return self.request("PUT", f"/v1/infractions/{infraction_id}", fields)

    def infraction(self, infraction_id: str) -> dict[str, Any]:
        """An infraction, active or reversed."""
        found: dict[str, Any] = self._ok(self.request("GET", f"/v1/infractions/{infraction_id}"))
        return found

    def appeals(self, seller_id: str) -> list[dict[str, Any]]:
        """Every appeal of a merchant, drafts as well, the oldest first."""
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self._ok(self.request("GET", f"/v1/appeals?seller={seller_id}{after}"))
            found += page["appeals"]
            after = f"&after={page['next']}" if page["next"] else None
        return sorted(found, key=lambda appeal: self._began(appeal["id"]))

    def _began(self, appeal_id: str) -> int:
        """The number of the first event; the business clock may have stood still between two appeals."""
        trail = self._ok(self.request("GET", f"/v1/appeals/{appeal_id}/events"))["events"]
        return int(trail[0]["seq"])

    def decide(self, appeal_id: str, outcome: str, reason: str) -> Response:
        """Approve or reject an appeal."""
        body = {"outcome": outcome, "reason": reason}
        return self.request("POST", f"/v1/appeals/{appeal_id}/decision", body)

    def draft(self, seller: Person, appeal_type: str, kind: str, subject_id: str, ground: str) -> Response:
        """Begin an appeal in the dashboard."""
        subject = {"kind": kind, "id": subject_id}
        body = {"seller_id": seller.id, "type": appeal_type, "subject": subject, "ground": ground}
        return self.request("POST", "/v1/appeals", body, Idempotency_Key=str(uuid.uuid4()))

    def appeal_command(self, appeal_id: str, command: str, **fields: Any) -> Response:
        """Go on with an appeal in the dashboard."""
        body = {"command": command, **fields}
        path = f"/v1/appeals/{appeal_id}/commands"
        return self.request("POST", path, body, Idempotency_Key=str(uuid.uuid4()))

    def handovers(self, person_id: str) -> list[dict[str, Any]]:
        """Everything of somebody that went to the support desk, the oldest first."""
        found = self._all("/v1/handovers", "handovers")
        return [handover for handover in found if handover["person"]["id"] == person_id]

    def handover(self, handover_id: str) -> dict[str, Any]:
        """All that the desk sees of one."""
        found: dict[str, Any] = self._ok(self.request("GET", f"/v1/handovers/{handover_id}"))
        return found

    def desk_says(self, handover_id: str, text: str, agent: str) -> Response:
        """Somebody of the desk writes."""
        body = {"agent": {"name": agent}, "text": text}
        return self.request("POST", f"/v1/handovers/{handover_id}/messages", body, Idempotency_Key=str(uuid.uuid4()))

    def desk_closes(self, handover_id: str) -> Response:
        """The desk is done."""
        return self.request("POST", f"/v1/handovers/{handover_id}/close")

    def feedback(self, person_ids: set[str]) -> list[dict[str, Any]]:
        """What these people said about settled cases."""
        return [given for given in self._all("/v1/feedback", "feedback") if given["person"]["id"] in person_ids]

    def _all(self, path: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            page = self._ok(self.request("GET", f"{path}?after={after}&limit=200"))
            found += page[name]
            if not page[name]:
                return found
            after = page["next"]

    def feed(self, after: int) -> list[dict[str, Any]]:
        """Every change and every notice after a number, of all orders."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._ok(self.request("GET", f"/v1/events?after={after}&limit=500"))
            found += page["events"]
            if not page["events"]:
                return found
            after = page["next"]

    def newest(self) -> int:
        """The number of the last event there is; nobody reads the same pages twice for that."""
        before = self.read_up_to.get(self.port, 0)
        new = self.feed(before)
        self.read_up_to[self.port] = new[-1]["seq"] if new else before
        return self.read_up_to[self.port]

    def events(self, order_id: str) -> list[dict[str, Any]]:
        """The audit trail of an order."""
        found: list[dict[str, Any]] = self._ok(self.request("GET", f"/v1/orders/{order_id}/events"))["events"]
        return found

    def command(self, order_id: str, actor: Person, command: str, **fields: Any) -> Response:
        """Act on the order page for somebody."""
        body = {"actor": {"role": actor.role, "id": actor.id}, "command": command, **fields}
        return self.request("POST", f"/v1/orders/{order_id}/commands", body, Idempotency_Key=str(uuid.uuid4()))
