"""The resolution centre's policy read a second time, as a flat table: a line a condition, beside its words.

It knows nothing of the implementation (no import from actions): a situation is hours and words, a line says for which
requests it holds and when it is broken. What a command does is a table as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """One request, in elapsed hours. Clocks of disputes count from their filing."""

    asks: str  # the command's name
    who: str  # customer, seller, stranger, platform
    order: str  # active, delivered, completed, cancelled
    hours_past_delivery: float | None  # now minus the date that counts; None without a date
    extension_agreed: bool = False
    open_kind: str | None = None  # update, cancellation, extension
    open_by: str | None = None  # customer, seller
    open_for: float = 0.0  # hours since filing
    extension_to: float = 0.0  # hours from now to the date that the open extension asks for
    target: str | None = None  # what the command names: the open one, an expired one, another ended one, unknown
    expired_kind: str | None = None  # of the ended one that is named
    expired_by: str | None = None
    withdraws: str | None = None  # what a request to cancel names for withdrawal: the open one, unknown
    asked_date: float | None = None  # hours from now
    says_reason: str | None = None  # listed, unlisted
    says_text: bool = False
    silence_cancels: bool = False
    extension_hours: float | None = None  # configured limit to answer extensions

    # What the clock makes of it -------------------------------------------------------------------------------------
    @property
    def open_limit(self) -> float | None:
        return {"update": 48.0, "cancellation": 48.0, "extension": self.extension_hours}.get(self.open_kind or "")

    @property
    def ran_out(self) -> bool:
        """„bis zu 48 Stunden Zeit": the 48th hour is inside."""
        return self.open_kind is not None and self.open_limit is not None and self.open_for > self.open_limit

    @property
    def slot(self) -> str | None:
        return None if self.ran_out else self.open_kind

    @property
    def closed(self) -> bool:
        by_silence = self.silence_cancels and self.ran_out and self.open_kind == "cancellation"
        return self.order in ("completed", "cancelled") or by_silence

    @property
    def names_live(self) -> bool:
        return self.target == "open" and self.slot is not None

    @property
    def names_expired(self) -> bool:
        return self.target == "expired" or (self.target == "open" and self.ran_out)

    @property
    def named_kind(self) -> str | None:
        return self.open_kind if self.target == "open" else self.expired_kind if self.target == "expired" else None

    @property
    def named_by(self) -> str | None:
        return self.open_by if self.target == "open" else self.expired_by if self.target == "expired" else None

    @property
    def named_matters(self) -> bool:
        return self.names_live or self.names_expired

    @property
    def steps_back_first(self) -> bool:
        """M-23 in one step: the request names the own open dispute for withdrawal."""
        return self.withdraws == "open" and self.slot is not None and self.open_by == self.who

    @property
    def less_than_a_day_late(self) -> bool:
        return self.hours_past_delivery is not None and self.hours_past_delivery < 24

    def not_after_delivery_date(self, hours_from_now: float | None) -> bool:
        past = self.hours_past_delivery
        return hours_from_now is not None and past is not None and hours_from_now <= -past


ASKING = {"request_update", "request_cancellation", "request_extension"}
ANSWERING = {"accept", "decline", "answer_update"}
PEOPLE = ASKING | ANSWERING | {"withdraw", "force_cancel"}


@dataclass(frozen=True)
class Line:
    """One condition: it concerns these commands at this stage, and is broken when `broken` says so."""

    rule: str
    code: str
    stage: int  # 0 access, 1 scope of the whole centre, 2 who may, 3 everything else
    commands: set[str]
    broken: Callable[[Situation], bool]
    words: str


# fmt: off
LINES = [
    Line("M-04", "no_access", 0, PEOPLE, lambda s: s.who in ("stranger", "platform"),
         "Zugriff … Kunden / Verkäufer"),
    Line("M-12", "platform_only", 0, {"expire"}, lambda s: s.who != "platform",
         "(nobody declares silence)"),
    Line("M-02", "rc_closed", 1, PEOPLE, lambda s: s.closed,
         "ist … für abgeschlossene und stornierte Aufträge nicht verfügbar"),
    Line("M-02", "rc_closed", 1, {"expire"}, lambda s: s.order in ("completed", "cancelled"),
         "same"),
    Line("M-07", "customer_only", 2, {"request_update"}, lambda s: s.who == "seller",
         "Kunden können Verkäufern …"),
    Line("M-36", "seller_only", 2, {"request_extension"}, lambda s: s.who == "customer",
         "Wähle die Aktion aus … (Auftragsupdate erhalten oder Auftrag stornieren)"),
    Line("M-29", "force_seller", 2, {"force_cancel"}, lambda s: s.who == "seller",
         "kannst du … (Kunden)"),
    Line("M-22", "slot_taken", 3, {"request_update", "request_extension"}, lambda s: s.slot is not None,
         "Du kannst keinen neuen Disput eröffnen, falls …"),
    Line("M-22", "slot_taken", 3, {"request_cancellation"},
         lambda s: s.slot is not None and s.who == "seller" and not s.steps_back_first,
         "same, for the seller whoever filed it"),
    Line("M-22", "slot_taken", 3, {"request_cancellation"},
         lambda s: s.slot in ("update", "extension") and s.who == "customer" and s.open_by == "seller",
         "same, for the customer where withdrawing is not the way"),
    Line("M-23", "withdraw_first", 3, {"request_cancellation"},
         lambda s: s.slot is not None and s.who == s.open_by == "customer" and not s.steps_back_first,
         "musst du diesen zurückziehen und dann den Auftrag stornieren"),
    Line("M-23", "accept_instead", 3, {"request_cancellation", "force_cancel"},
         lambda s: s.slot == "cancellation" and s.open_by == "seller" and s.who == "customer",
         "Q6b, Q8: the seller's own request to cancel is accepted"),
    Line("M-25", "not_yours", 3, {"request_cancellation"},
         lambda s: s.withdraws == "open" and s.slot is not None and s.open_by != s.who,
         "deine offenen Streitfälle … zurückziehen"),
    Line("M-25", "not_yours", 3, {"withdraw"}, lambda s: s.named_matters and s.named_by != s.who,
         "deine"),
    Line("M-33", "reason_needed", 3, {"request_cancellation"},
         lambda s: s.who == "seller" and (s.says_reason is None or not s.says_text),
         "Wähle den Grund aus und erkläre den Anlass"),
    Line("M-33", "reason_unknown", 3, {"request_cancellation"},
         lambda s: s.who == "seller" and s.says_reason == "unlisted",
         "Wähle den Grund aus"),
    Line("M-37", "date_missing", 3, {"request_extension"}, lambda s: s.asked_date is None,
         "Verlängerung beantragen"),
    Line("M-37", "date_not_later", 3, {"request_extension"},
         lambda s: s.not_after_delivery_date(s.asked_date),
         "Verlängerung"),
    Line("M-37", "date_past", 3, {"request_extension"}, lambda s: s.asked_date is not None and s.asked_date <= 0,
         "Verlängerung"),
    Line("M-37", "date_not_later", 3, {"accept"},
         lambda s: s.target == "open" and s.open_kind == "extension" and s.not_after_delivery_date(s.extension_to),
         "Verlängerung"),
    Line("M-24", "dispute_gone", 3, ANSWERING | {"withdraw"}, lambda s: not s.named_matters,
         "deine offenen Streitfälle"),
    Line("M-13", "too_late", 3, ANSWERING | {"withdraw"}, lambda s: s.names_expired,
         "Wenn der Verkäufer nicht innerhalb von 48 Stunden antwortet, … wird jedoch geschlossen"),
    Line("M-24", "own_dispute", 3, ANSWERING, lambda s: s.named_matters and s.named_by == s.who,
         "werden an die andere Partei weitergeleitet"),
    Line("M-15", "not_an_update", 3, {"answer_update"}, lambda s: s.named_matters and s.named_kind != "update",
         "anzunehmen oder abzulehnen"),
    Line("M-10", "answer_with_text", 3, {"accept", "decline"}, lambda s: s.named_matters and s.named_kind == "update",
         "zu antworten und ein Update bereitzustellen"),
    Line("M-11", "answer_missing", 3, {"answer_update"}, lambda s: not s.says_text,
         "ein Update bereitzustellen"),
    Line("M-26", "force_delivered", 3, {"force_cancel"}, lambda s: s.who == "customer" and s.order == "delivered",
         "mit seiner Lieferung in Verzug"),
    Line("M-27", "force_early", 3, {"force_cancel"},
         lambda s: s.who == "customer" and s.less_than_a_day_late and not s.extension_agreed,
         "24 Stunden nach der erwarteten Lieferung"),
    Line("M-28", "force_extended", 3, {"force_cancel"},
         lambda s: s.who == "customer" and s.less_than_a_day_late and s.extension_agreed,
         "und keine Verlängerung des Liefertermins vereinbart wurde"),
    Line("M-24", "dispute_gone", 3, {"expire"}, lambda s: s.target != "open" or s.open_kind is None,
         "(nothing to close)"),
    Line("M-12", "not_due", 3, {"expire"}, lambda s: s.target == "open" and s.slot is not None,
         "nicht innerhalb von 48 Stunden"),
]
# fmt: on

# What an allowed command does, in words; the open dispute is always the one that is closed.
DOES: dict[str, Callable[[Situation], list[str]]] = {
    "request_update": lambda s: ["open update 48"],
    "request_cancellation": lambda s: ["close withdrawn"] * s.steps_back_first + ["open cancellation 48"],
    "request_extension": lambda s: [
        f"open extension {s.extension_hours:.0f}" if s.extension_hours else "open extension"
    ],
    "answer_update": lambda s: ["close answered"],
    "accept": lambda s: ["close accepted", "move delivery" if s.open_kind == "extension" else "cancel order"],
    "decline": lambda s: ["close declined"],
    "withdraw": lambda s: ["close withdrawn"],
    "force_cancel": lambda s: (
        ([] if s.slot is None else ["close withdrawn" if s.open_by == "customer" else "close declined"])
        + ["cancel order"]
    ),
    "expire": lambda s: ["close expired"] + ["cancel order"] * (s.silence_cancels and s.open_kind == "cancellation"),
}


def judge(situation: Situation) -> tuple[str, frozenset[tuple[str, str]] | tuple[str, ...]]:
    """("refused", {(rule, code)}), ("undetermined", missing) or ("allowed", effects in words)."""
    broken = [line for line in LINES if situation.asks in line.commands and line.broken(situation)]
    for stage, also in ((0, {0}), (1, {1, 2})):
        if any(line.stage == stage for line in broken):
            return "refused", frozenset((line.rule, line.code) for line in broken if line.stage in also)
    if situation.asks == "force_cancel" and situation.who == "seller":
        broken = [line for line in broken if line.stage == 2]
    if broken:
        return "refused", frozenset((line.rule, line.code) for line in broken)
    if situation.asks == "force_cancel" and situation.hours_past_delivery is None:
        return "undetermined", ("expected_delivery_at",)
    return "allowed", tuple(DOES[situation.asks](situation))
