"""Orders and disputes as the handlers talk about them: naming, finding the one that is meant, what can be done next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from rapidfuzz import fuzz

from actions.backend import DisputeSnapshot, OrderSnapshot
from actions.handlers.turn import Turn
from actions.policy import Allowed, Option, Role, available
from actions.wording import ShortDay, Term
from actions.wording.notices import named_order

MAX_CHOICES = 6
# A refusal with only these reasons still lacks something that can be asked for; it is no refusal of the order.
ASKABLE = frozenset({"reason_needed", "date_missing", "answer_missing"})
_TITLE_MATCH = 85  # rapidfuzz score out of 100: tolerates one typo in a word of five letters
_SHORT_WORD = 4
_ORDINALS = {
    0: ("erste", "ersten", "erster", "1.", "first", "oberste"),
    1: ("zweite", "zweiten", "zweiter", "2.", "second"),
    2: ("dritte", "dritten", "dritter", "3.", "third"),
    -1: ("letzte", "letzten", "letzter", "last", "unterste"),
}


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open dispute together with its order."""

    order: OrderSnapshot
    dispute: DisputeSnapshot


def name_of(turn: Turn, order: OrderSnapshot) -> str:
    """Number and title."""
    return named_order(order.id, order.title, turn.locale)


async def other_party(turn: Turn, order: OrderSnapshot) -> tuple[str, str]:
    """The other side by name, or „der Verkäufer": within a sentence, and at its beginning."""
    role, person_id = (
        (Role.SELLER, order.seller_id) if turn.me.role is Role.CUSTOMER else (Role.CUSTOMER, order.customer_id)
    )
    known = await turn.backend.people.get(role, person_id)
    if known and known.name:
        return str(known.name), str(known.name)
    return turn.phrase(f"role_{role}"), turn.phrase(f"role_{role}_start")


def open_case(order: OrderSnapshot) -> OpenCase | None:
    """The dispute of this order that is still open by the clock."""
    return OpenCase(order, order.open_dispute) if order.open_dispute else None


async def my_orders(turn: Turn) -> list[OrderSnapshot]:
    """This person's orders that are neither completed nor cancelled, the earliest delivery first."""
    found = await turn.backend.orders.of_person(turn.actor)
    return sorted(found, key=lambda o: (o.effective_delivery_at is None, o.effective_delivery_at, o.id))


async def order_of(turn: Turn, order_id: str) -> OrderSnapshot | None:
    """An own order by number, or by its digits where no other has them; somebody else's is „not found" (M-04)."""
    order = await turn.backend.orders.get(order_id)
    if order is None and order_id.isdecimal():
        same = [own for own in await my_orders(turn) if re.sub(r"\D", "", own.id) == order_id]
        return same[0] if len(same) == 1 else None
    return order if order is not None and order.facts.is_party(turn.actor) else None


class Titled(Protocol):
    """Something with a title: an order, or a penalty."""

    @property
    def title(self) -> str | None: ...


TitledT = TypeVar("TitledT", bound=Titled)


def meant_by_title(text: str, orders: Sequence[TitledT]) -> list[TitledT]:
    """Those whose title shares a telling word with what was written („mein Logo ist überfällig")."""
    words = [word for word in re.findall(r"\w+", text.lower()) if len(word) >= _SHORT_WORD - 1]

    def hits(order: Titled) -> bool:
        title = [word for word in re.findall(r"\w+", (order.title or "").lower()) if len(word) >= _SHORT_WORD - 1]
        return any(
            word == part
            or (len(word) > _SHORT_WORD and (fuzz.ratio(word, part) >= _TITLE_MATCH or word in part))
            or (len(part) >= _SHORT_WORD and part in word)
            for part in title
            for word in words
        )

    return [order for order in orders if hits(order)]


def meant_by_position(text: str, count: int) -> int | None:
    """The index that „den zweiten" or „the last one" points at in a list of ``count``."""
    words = set(re.findall(r"[\w.]+", text.lower()))
    for index, names in _ORDINALS.items():
        if words & set(names) and -count <= index < count:
            return index % count
    return None


def offer_steps(turn: Turn, order: OrderSnapshot, *, skip: Sequence[str] = ()) -> bool:
    """Buttons for what can be done with this order now; the sentence about support where nothing can (M-39)."""
    options = available(order.facts, turn.actor, turn.now, turn.backend.limits)
    open_steps = [option for option in options if isinstance(option.verdict, Allowed)]
    for option in open_steps:
        if option.command_name not in skip:
            _offer(turn, order, option)
    if not open_steps:
        turn.say("support_last_resort")
    return bool(open_steps)


def _offer(turn: Turn, order: OrderSnapshot, option: Option) -> None:
    dispute = order.open_dispute
    accept = f"button_accept_{dispute.kind}" if dispute else "button_accept"
    title, intent = {
        "request_update": ("button_ask_update", "request_order_update"),
        "request_cancellation": ("button_request_cancellation", "request_cancellation"),
        "force_cancel": ("button_force", "force_cancellation"),
        "request_extension": ("button_extend", "request_extension"),
        "withdraw": ("button_withdraw", "withdraw_dispute"),
        "accept": (accept, "accept_request"),
        "decline": ("button_decline", "decline_request"),
        "answer_update": ("button_answer", "provide_update"),
    }[option.command_name]
    about = dispute.id if dispute and option.command_name in _ON_DISPUTE else None
    turn.offer(title, intent, order_id=order.id, dispute_id=about)


_ON_DISPUTE = frozenset({"withdraw", "accept", "decline", "answer_update"})


def offer_orders(turn: Turn, orders: Sequence[OrderSnapshot], intent: str) -> None:
    """One button an order: number, title, due date."""
    shown = orders[:MAX_CHOICES]
    if turn.case is not None:
        turn.case.choices = [order.id for order in shown]
    for order in shown:
        due = order.effective_delivery_at
        params: dict[str, Any] = {"order": name_of(turn, order)}
        title = (
            turn.phrase("choice_order_due", **params, due=ShortDay(due))
            if due
            else turn.phrase("choice_order", **params)
        )
        turn.offer_titled(title, intent, order_id=order.id)


def by_whom(turn: Turn, role: Role) -> Term:
    """„von dir", „vom Kunden", „vom Verkäufer"."""
    return Term("by_self" if role is turn.me.role else f"by_{role}")


def due_phrase(turn: Turn, dispute: DisputeSnapshot) -> str:
    """„Frist: …" or that there is none (Q11)."""
    return turn.phrase("until_due", due=dispute.due_at) if dispute.due_at else turn.phrase("until_open")


def say_item(turn: Turn, item: OpenCase) -> None:
    """„Kai Berger möchte …": what is asked, on which order, until when."""
    mine = item.dispute.filed_by is turn.me.role
    turn.say(f"open_{item.dispute.kind}_{'mine' if mine else 'theirs'}", **item_params(turn, item))


def item_params(turn: Turn, item: OpenCase) -> dict[str, Any]:
    """What the sentences about an open dispute name."""
    return {
        "order": name_of(turn, item.order),
        "until": due_phrase(turn, item.dispute),
        "opened": item.dispute.opened_at,
        "new": item.dispute.new_delivery_at,
    }
