"""The appeals side of a conversation: infractions, goods orders, and what is done about appeals outside the chat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.conversation.http import Response
from tests.conversation.marketplace import Marketplace
from tests.conversation.people import Person
from tests.conversation.script import Conversation, instant

_ORDER = {"released": "released_at", "confirmed": "confirmed_fulfilled_at"}
_INFRACTION = {"issued": "issued_at", "notified": "notified_at"}


def goods(changes: Mapping[str, Any], start: datetime) -> dict[str, Any]:
    """The fields of an order push, those of goods with their names in the API; `refunds` with what is usual."""
    fields = {_ORDER.get(name, name): value for name, value in changes.items()}
    for name in _ORDER.values():
        if fields.get(name) is not None:
            fields[name] = instant(fields[name], start).isoformat()
    if "refunds" in fields:
        usual = {"category": "quality", "responsibility": "merchant", "refunded_at": "-20d"}
        refunds = [{"id": f"R-{i}", **usual, **refund} for i, refund in enumerate(fields["refunds"], start=1)]
        fields["refunds"] = [{**r, "refunded_at": instant(r["refunded_at"], start).isoformat()} for r in refunds]
    return fields


class Penalties:
    """Infractions by the keys of the conversation, with numbers of their own, and the appeals on all that has a key."""

    def __init__(
        self,
        conversation: Conversation,
        market: Marketplace,
        people: Mapping[str, Person],
        order_ids: Mapping[str, str],
        number: int,
    ) -> None:
        self.conversation, self.market, self.people, self.order_ids = conversation, market, people, order_ids
        self.ids = {key: f"V-{10000 + number * 10 + i}" for i, key in enumerate(conversation.infractions)}
        self.pushed: dict[str, dict[str, Any]] = {}

    def push(self, key: str, now: datetime, **changes: Any) -> None:
        """Push an infraction; what is not given stays as it was pushed before."""
        start = self.conversation.now
        fields = {"seller_id": self.people["seller"].id, **self.pushed.get(key, {}), "updated_at": now.isoformat()}
        if "seller" in changes:
            changes["seller_id"] = self.people[changes.pop("seller")].id
        if "order" in changes:
            changes["order_id"] = self.order_ids[changes.pop("order")]
        for name, value in changes.items():
            at = name in _INFRACTION and value is not None
            fields[_INFRACTION.get(name, name)] = instant(value, start).isoformat() if at else value
        response = self.market.put_infraction(self.ids[key], **fields)
        assert response.status == 200, response
        self.pushed[key] = fields

    def subject(self, key: str) -> tuple[str, str]:
        """What a key stands for: `infraction` or `order`, and its number."""
        return ("infraction", self.ids[key]) if key in self.ids else ("order", self.order_ids[key])

    def appeals(self, key: str) -> list[dict[str, Any]]:
        """The appeals on an infraction or an order itself, the oldest first."""
        kind, subject_id = self.subject(key)
        wanted = {"kind": kind, "id": subject_id}
        return [appeal for appeal in self.market.appeals(self._owner(key)) if appeal["subject"] == wanted]

    def last_appeal(self, key: str, type: str | None = None) -> dict[str, Any]:
        """The newest appeal on it, of this type where that is said."""
        found = [appeal for appeal in self.appeals(key) if type in (None, appeal["type"])]
        assert found, f"there is no appeal on {key}"
        return found[-1]

    def decide(
        self, *, approve: str | None = None, reject: str | None = None, type: str | None = None, reason: str = ""
    ) -> Response:
        """The platform's decision on the newest appeal on something."""
        appeal = self.last_appeal(approve or reject or "", type)
        return self.market.decide(appeal["id"], "approved" if approve else "rejected", reason)

    def act(
        self, *, submit: str | None = None, withdraw: str | None = None, type: str | None = None, ground: str = ""
    ) -> Response:
        """What the merchant does in the dashboard."""
        if withdraw:
            return self.market.appeal_command(self.last_appeal(withdraw, type)["id"], "withdraw")
        key = submit or ""
        kind, subject_id = self.subject(key)
        known = type or self.pushed[key]["type"]
        drafted = self.market.draft(self.people["seller"], known, kind, subject_id, ground)
        if drafted.status >= 300:
            return drafted
        return self.market.appeal_command(drafted.body["id"], "submit")

    def _owner(self, key: str) -> str:
        if key in self.pushed:
            return str(self.pushed[key]["seller_id"])
        whose = self.conversation.orders[key].get("seller", "seller")
        return self.people[whose].id
