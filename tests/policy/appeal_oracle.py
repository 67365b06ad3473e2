"""The appeal policy read a second time, as flat tables; no import from actions, days and words instead of instants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Penalty:
    """What is appealed and by whom, in calendar days since the anchor (day 0 is the day of the anchor, in UTC)."""

    asks: str  # submit, withdraw, approve, reject, lapse
    who: str  # merchant, stranger, platform
    type: str
    on: str = "order"  # order, infraction
    infraction: str | None = None  # type of the infraction at hand
    is_reversed: bool = False
    issued_day: int | None = None  # days since it was issued; None: unknown
    released_day: int | None = None  # days since the order's release; None: unknown
    order_known: bool = True
    cancelled: str = "nobody"  # merchant, customer, platform, nobody, somebody
    confirmed: bool = False
    tracking: bool = False
    proof: str = ""  # "", image, carrier link, other link
    refunds: str = "none"  # none, ours, theirs, other, mixed
    rejected: int = 0  # of this order or infraction, by the platform
    other: str = ""  # another appeal of the merchant: draft, submitted, approved, withdrawn, lapsed, overdue
    other_is: str = "same"  # same, twin (the other name of a cancellation), elsewhere (another order or infraction)
    own: str = ""  # the appeal at hand: "" (none), draft, submitted, approved, rejected, withdrawn, lapsed
    own_over: bool = False  # its window has ended
    own_endless: bool = False  # it has no window
    ground: bool = True
    honour: bool = False  # late_confirmation = honour_if_filed_in_time

    @property
    def day(self) -> int | None:
        """„90 Kalendertage ab dem Datum der Bestellfreigabe" for tracking, else from the infraction."""
        if self.type == "valid_tracking_rate":
            return self.released_day if self.order_known else None
        return self.issued_day if self.infraction else None

    @property
    def own_lapsed(self) -> bool:
        over = self.own_over and not self.own_endless and not self.honour
        return self.own == "lapsed" or (self.own == "submitted" and over)

    @property
    def other_counts(self) -> bool:
        return self.other_is == "same" or (self.other_is == "twin" and self.type in CANCELLATION)


METRICS = {"fulfilment_rate", "valid_tracking_rate", "confirmed_fulfilment_speed", "refund"}
ORDER_INFRACTIONS = {
    "misleading_tracking", "order_cancellation", "unfulfilled_order", "late_confirmed_fulfilment",
}  # fmt: skip
POLICY_INFRACTIONS = {
    "prohibited_product", "misleading_listing", "ip_infringement", "material_listing_change",
}  # fmt: skip
LISTED = METRICS | ORDER_INFRACTIONS | POLICY_INFRACTIONS | {"repeat_ip_infringement"}
CANCELLATION = {"fulfilment_rate", "order_cancellation"}
CLOCKED = LISTED - {"refund", "repeat_ip_infringement"}
NEEDS_ORDER = {"fulfilment_rate", "valid_tracking_rate", "confirmed_fulfilment_speed", "refund"}


def carried(p: Penalty) -> bool:
    """Whether the infraction at hand is one this type is about."""
    if p.type == "refund":
        return False
    if p.type in CANCELLATION:
        return p.infraction in CANCELLATION  # „gilt dies als Stornierungsverstoß"
    if p.type == "confirmed_fulfilment_speed" and p.on == "order":
        return p.infraction in (p.type, "late_confirmed_fulfilment")
    return p.infraction == p.type


WINDOW = {"fulfilment_rate": "W-03", "confirmed_fulfilment_speed": "W-03", "valid_tracking_rate": "W-11"}
WINDOW |= dict.fromkeys(ORDER_INFRACTIONS | POLICY_INFRACTIONS, "W-20")


@dataclass(frozen=True)
class Line:
    """One condition of filing: for these types, broken when."""

    rule: str
    code: str
    types: set[str]
    broken: Callable[[Penalty], bool]
    words: str


# fmt: off
LINES = [
    *(Line(rule, "expired", {name}, lambda p: p.day is not None and p.day > 90,
           "90 Kalendertage … um Widerspruch einzulegen und … bestätigen zu lassen") for name, rule in WINDOW.items()),
    Line("W-10", "fr_not_merchant", {"fulfilment_rate"},
         lambda p: p.order_known and p.cancelled in ("customer", "platform", "nobody"),
         "Nur vom Händler stornierte Bestellungen können angefochten werden"),
    Line("W-11", "vtr_confirmed", {"valid_tracking_rate"}, lambda p: p.order_known and p.confirmed,
         "Die Bestellung darf nicht als erfüllt bestätigt sein"),
    Line("W-11", "vtr_no_tracking", {"valid_tracking_rate"}, lambda p: p.order_known and not p.tracking,
         "gültige Informationen … zur Sendungsverfolgung"),
    Line("W-11", "vtr_no_proof", {"valid_tracking_rate"}, lambda p: p.proof in ("", "other link"),
         "… und Nachweise"),
    Line("W-12", "cfs_no_date", {"confirmed_fulfilment_speed"}, lambda p: p.order_known and not p.confirmed,
         "muss mit dem bestätigten Erfüllungsdatum aktualisiert werden"),
    Line("W-12", "cfs_no_proof", {"confirmed_fulfilment_speed"}, lambda p: p.proof in ("", "other link"),
         "Link zur Website des Versandunternehmens … oder ein Screenshot"),
    Line("W-13", "refund_none", {"refund"}, lambda p: p.order_known and p.refunds == "none",
         "um die ausgestellte Erstattung anzufechten"),
    Line("W-02", "not_appealable", {"refund"}, lambda p: p.order_known and p.refunds == "other",
         "Rückerstattung (Produktqualität & Logistik)"),
    Line("W-13", "refund_not_yours", {"refund"}, lambda p: p.order_known and p.refunds == "theirs",
         "Spalte Verantwortung"),
    Line("W-13", "refund_cap", {"refund"}, lambda p: p.rejected >= 3,
         "wenn die Anfechtung dreimal von Wish abgelehnt wurde"),
    Line("W-21", "already_reversed", LISTED - {"refund"},
         lambda p: (p.is_reversed and p.infraction is not None and not (
             p.type == "confirmed_fulfilment_speed" and p.infraction == "late_confirmed_fulfilment"
         )) or (p.other == "approved" and p.other_counts),
         "wird der Verstoß rückgängig gemacht"),
    Line("W-26", "appeal_open", LISTED,
         lambda p: p.other_counts and (p.other == "submitted" or (p.other == "overdue" and p.honour)),
         "(one at a time)"),
    Line("W-01", "ground_missing", LISTED, lambda p: not p.ground,
         "dass die Daten die Leistung ungenau wiedergeben"),
]
# fmt: on


def judge(p: Penalty) -> tuple[str, object]:
    """("refused", {(rule, code)}), ("undetermined", {missing}) or ("allowed", effects in words)."""
    mine, theirs = p.asks in ("submit", "withdraw"), p.asks in ("approve", "reject", "lapse")
    if mine and p.who != "merchant":
        return _no("W-05", "no_access")
    if theirs and p.who != "platform":
        return _no("W-05", "platform_only" if p.who == "merchant" else "no_access")
    if p.asks == "submit":
        return _file(p)
    if p.asks == "lapse":
        if p.own != "submitted":
            return _no("W-26", "appeal_gone")
        return ("allowed", ("lapsed",)) if p.own_lapsed else _no("W-03", "not_due")
    if p.own_lapsed:
        return _no("W-03", "appeal_lapsed")
    if p.own == "draft":
        return ("allowed", ("withdrawn",)) if p.asks == "withdraw" else _no("W-03", "not_submitted")
    if p.own != "submitted":
        return _no("W-26", "appeal_gone")
    return "allowed", {"withdraw": ("withdrawn",), "reject": ("rejected",), "approve": _approval(p)}[p.asks]


def _no(rule: str, code: str) -> tuple[str, object]:
    return "refused", frozenset({(rule, code)})


def _file(p: Penalty) -> tuple[str, object]:
    if p.type not in LISTED or (p.infraction is not None and p.infraction not in LISTED):
        return _no("W-02", "not_appealable")
    if "repeat_ip_infringement" in (p.type, p.infraction):
        return _no("W-24", "repeat_ip")
    if p.infraction is not None and not carried(p):
        rules = {"fulfilment_rate": "W-10", "valid_tracking_rate": "W-11"}
        rules |= {"confirmed_fulfilment_speed": "W-12", "refund": "W-13"}
        return _no(rules.get(p.type, "W-22" if p.type in ORDER_INFRACTIONS else "W-23"), "type_mismatch")
    if p.own == "submitted" and not p.own_lapsed:
        return _no("W-26", "appeal_open")
    if p.own_lapsed:
        return _no("W-03", "appeal_lapsed")
    if p.own not in ("", "draft"):
        return _no("W-26", "appeal_gone")
    broken = frozenset((line.rule, line.code) for line in LINES if p.type in line.types and line.broken(p))
    if broken:
        return "refused", broken
    unknown = set()
    if p.type in NEEDS_ORDER and not p.order_known:
        unknown.add("order")
    if p.type == "valid_tracking_rate" and p.order_known and p.released_day is None:
        unknown.add("released_at")
    if p.type in CLOCKED - {"valid_tracking_rate"} and p.day is None:
        unknown.add("issued_at")
    if p.type == "fulfilment_rate" and p.order_known and p.cancelled == "somebody":
        unknown.add("cancelled_by")
    if unknown:
        return "undetermined", frozenset(unknown)
    days = None if p.day is None or p.type not in CLOCKED else 90 - p.day
    return "allowed", (f"filed, attempt {p.rejected + 1}, days left {days}",)


def _approval(p: Penalty) -> tuple[str, ...]:
    does = ["approved"]
    own_type = (p.infraction == p.type and p.type != "refund") or {p.infraction, p.type} == CANCELLATION
    if own_type and not p.is_reversed:
        does.append("infraction reversed")
    if p.type == "refund" and p.order_known:
        does.append("refunds moved")
    if p.type in CANCELLATION | {"valid_tracking_rate", "confirmed_fulfilment_speed"}:
        does.append(f"{'fulfilment_rate' if p.type in CANCELLATION else p.type} corrected")
    return tuple(does)
