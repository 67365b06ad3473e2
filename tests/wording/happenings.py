"""Every way in which a notice comes to be, made by the backend's own function from rows as it stores them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from actions.backend.notices import NewNotice, notices
from actions.backend.tables import DisputeRow, OrderRow
from actions.policy import (
    DEFAULT_LIMITS,
    PLATFORM,
    Accept,
    Actor,
    AnswerUpdate,
    CancelOrder,
    CloseDispute,
    Command,
    Decline,
    DisputeStatus,
    Effect,
    Expire,
    ForceCancel,
    MoveDelivery,
    OpenDispute,
    RequestCancellation,
    RequestExtension,
    RequestUpdate,
    Role,
    Withdraw,
)
from actions.policy.orders import DisputeKind

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CUSTOMER, SELLER = Actor(Role.CUSTOMER, "C-1"), Actor(Role.SELLER, "S-1")
KIND = {"update": DisputeKind.UPDATE, "cancel": DisputeKind.CANCELLATION, "extension": DisputeKind.EXTENSION}
WORDS = "Ich ziehe um."


@dataclass(frozen=True)
class Happening:
    """Something that happened to a dispute of `subject` filed by `filer`; what came of it is in `effects`."""

    subject: str
    filer: Role
    actor: Actor
    command: Command | None
    effects: tuple[Effect, ...]
    due: bool = True

    def notices(self, origin: str = "api", named: bool = True, title: str = "Logo") -> list[NewNotice]:
        """The notices, their params as they come back from the database."""
        kind, new = KIND[self.subject], NOW + 9 * DAY if self.subject == "extension" else None
        reason = "overbooked" if self.filer is Role.SELLER and self.subject == "cancel" else None
        dispute = DisputeRow(
            id="D-1", order_id="FO-1", number=1, kind=kind.value, filed_by=self.filer.value, status="open",
            opened_at=NOW - DAY, due_at=NOW + DAY if self.due else None, closed_at=None,
            text=getattr(self.command, "text", ""), reason=reason, answer=None, new_delivery_at=new,
        )  # fmt: skip
        cancelled = any(isinstance(effect, CancelOrder) for effect in self.effects)
        closed = cancelled or self.command is None
        order = OrderRow(
            id="FO-1", customer_id="C-1", seller_id="S-1", title=title, state="cancelled" if closed else "active",
            version=2, updated_at=NOW, expected_delivery_at=NOW - 2 * DAY, agreed_delivery_at=None, delivered_at=None,
            released_at=None, confirmed_fulfilled_at=None, cancelled_by=None, cancelled_by_us=cancelled, tracking=None,
            refunds=[],
        )  # fmt: skip
        effects = [
            (effect, None if isinstance(effect, CancelOrder | MoveDelivery) else "D-1") for effect in self.effects
        ]
        names = {"customer": "Kai Berger", "seller": "Ada Yilmaz"} if named else {}
        found = notices(order, {"D-1": dispute}, effects, self.command, self.actor, origin, NOW, DEFAULT_LIMITS)
        return [
            NewNotice(item.recipient, item.code, self._stored(item.params, names), item.dispute_id) for item in found
        ]

    @staticmethod
    def _stored(params: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
        called = {"customer_name": names.get("customer"), "seller_name": names.get("seller")}
        stored: dict[str, Any] = json.loads(json.dumps({**params, **called, "by_name": names.get(params["by_role"])}))
        return stored


def happenings() -> Iterator[Happening]:
    """All of them, with and without words, for both filers where both can file."""
    c, s, closed = Role.CUSTOMER, Role.SELLER, CloseDispute
    for words in (WORDS, ""):
        opened = OpenDispute(DisputeKind.UPDATE, NOW + 2 * DAY)
        yield Happening("update", c, CUSTOMER, RequestUpdate(words), (opened,))
        opened = OpenDispute(DisputeKind.CANCELLATION, NOW + 2 * DAY)
        yield Happening("cancel", c, CUSTOMER, RequestCancellation(text=words), (opened,))
        for due in (True, False):
            until = NOW + 4 * DAY if due else None
            opened = OpenDispute(DisputeKind.EXTENSION, until, NOW + 9 * DAY)
            yield Happening("extension", s, SELLER, RequestExtension(NOW + 9 * DAY, words), (opened,), due)
        for subject, filer in (("cancel", c), ("cancel", s), ("extension", s)):
            answerer = SELLER if filer is c else CUSTOMER
            yield Happening(subject, filer, answerer, Decline("D-1", words), (closed("D-1", DisputeStatus.DECLINED),))
    opened = OpenDispute(DisputeKind.CANCELLATION, NOW + 2 * DAY)
    yield Happening("cancel", s, SELLER, RequestCancellation("overbooked", WORDS), (opened,))
    answered = (closed("D-1", DisputeStatus.ANSWERED),)
    yield Happening("update", c, SELLER, AnswerUpdate("D-1", WORDS), answered)
    accepted = closed("D-1", DisputeStatus.ACCEPTED)
    yield Happening("cancel", c, SELLER, Accept("D-1"), (accepted, CancelOrder()))
    yield Happening("cancel", s, CUSTOMER, Accept("D-1"), (accepted, CancelOrder()))
    yield Happening("extension", s, CUSTOMER, Accept("D-1"), (accepted, MoveDelivery(NOW + 9 * DAY)), due=False)
    for subject, filer, due in (("update", c, True), ("cancel", c, True), ("cancel", s, True), ("extension", s, False)):
        actor = CUSTOMER if filer is c else SELLER
        yield Happening(subject, filer, actor, Withdraw("D-1"), (closed("D-1", DisputeStatus.WITHDRAWN),), due)
        expired, over = closed("D-1", DisputeStatus.EXPIRED), closed("D-1", DisputeStatus.SUPERSEDED)
        yield Happening(subject, filer, PLATFORM, Expire("D-1"), (expired,))
        if subject == "cancel":
            yield Happening(subject, filer, PLATFORM, Expire("D-1"), (expired, CancelOrder()))
        yield Happening(subject, filer, PLATFORM, None, (over,), due)
    yield Happening("update", c, CUSTOMER, ForceCancel(), (CancelOrder(),))
    yield Happening("update", c, CUSTOMER, ForceCancel(), (closed("D-1", DisputeStatus.WITHDRAWN), CancelOrder()))
    declined = closed("D-1", DisputeStatus.DECLINED)
    yield Happening("extension", s, CUSTOMER, ForceCancel(), (declined, CancelOrder()), due=False)
