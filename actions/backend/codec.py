"""Commands, effects, verdicts and snapshots as JSON and back, so that a stored result is the value it was.

A dataclass becomes {"$": its name, fields…}, an instant {"$at": ISO 8601}, a day {"$day": ISO 8601}, an enum
{"$enum": name, "is": value}, a tuple {"$tuple": […]}; everything else is JSON already. Only the classes below can come
back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from typing import Any

from actions import policy
from actions.backend import appeal_views, results, views

_ENUMS: dict[str, type[Enum]] = {
    kind.__name__: kind
    for kind in (
        *(policy.Role, policy.OrderState, policy.DisputeKind, policy.DisputeStatus),
        *(policy.AppealType, policy.AppealStatus, policy.SubjectKind, policy.EvidenceKind, policy.Outcome),
        *(policy.Canceller, policy.RefundCategory),
    )
}
_CLASSES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(policy.RequestUpdate, policy.RequestCancellation, policy.RequestExtension, policy.AnswerUpdate),
        *(policy.Accept, policy.Decline, policy.Withdraw, policy.ForceCancel, policy.Expire),
        *(policy.OpenDispute, policy.CloseDispute, policy.CancelOrder, policy.MoveDelivery),
        *(policy.SubmitAppeal, policy.WithdrawAppeal, policy.DecideAppeal, policy.LapseAppeal, policy.Subject),
        *(policy.FileAppeal, policy.CloseAppeal, policy.ReverseInfraction, policy.CorrectMetric, policy.MoveRefunds),
        *(policy.Allowed, policy.Refused, policy.Undetermined, policy.Reason, policy.Actor),
        *(views.OrderSnapshot, views.DisputeSnapshot, results.Outcome),
        *(appeal_views.AppealSnapshot, appeal_views.EvidenceSnapshot, appeal_views.AppealOutcome),
        appeal_views.StoredImage,
    )
}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _CLASSES.values()}
_AS_IS = frozenset({str, int, float, bool, type(None)})


def encode(value: Any) -> Any:
    """The value as JSON. TypeError for a class that could not come back."""
    kind = type(value)
    if kind in _AS_IS:
        return value
    if (names := _FIELDS.get(kind)) is not None:
        return {"$": kind.__name__, **{name: encode(getattr(value, name)) for name in names}}
    if isinstance(value, Enum):
        return {"$enum": type(value).__name__, "is": value.value}
    if isinstance(value, str | int | float):  # of a class of its own
        return value
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    if isinstance(value, date):
        return {"$day": value.isoformat()}
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    raise TypeError(f"cannot be stored: {value!r}")


def decode(value: Any) -> Any:
    """The value that `encode` was given."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$at" in value:
        return datetime.fromisoformat(value["$at"])
    if "$day" in value:
        return date.fromisoformat(value["$day"])
    if "$enum" in value:
        return _ENUMS[value["$enum"]](value["is"])
    if "$tuple" in value:
        return tuple(decode(item) for item in value["$tuple"])
    if "$" in value:
        kind = _CLASSES[value["$"]]
        return kind(**{name: decode(item) for name, item in value.items() if name != "$"})
    return {name: decode(item) for name, item in value.items()}


def fingerprint(*values: Any) -> str:
    """A digest of the values: equal content, equal digest."""
    text = json.dumps([encode(value) for value in values], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
