"""Keys of effects: the same key again gives the first result, and does nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from actions.backend import codec
from actions.backend.errors import IdempotencyConflict
from actions.backend.prepared import Prepared
from actions.backend.results import IdempotencyKey
from actions.backend.tables import IdempotencyRow, table

_table = table(IdempotencyRow)
_KEY = (
    _table.c.value == bindparam("key"),
    _table.c.command == bindparam("done"),
    _table.c.subject == bindparam("about"),
)
_FIRST = Prepared(select(_table.c.fingerprint, _table.c.outcome).where(*_KEY))
_KEEP = Prepared(insert(_table), _table.columns.keys())


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of a key: from where (chat or api), and for which content."""

    key: IdempotencyKey
    origin: str
    content: tuple[Any, ...]

    @property
    def stored_key(self) -> tuple[str, str, str]:
        """The key as stored. Message ids and the marketplace's keys come from different hands, hence the origin."""
        return (f"{self.origin}:{self.key.value}", self.key.command, self.key.subject)

    @property
    def fingerprint(self) -> str:
        """Digest of the content: the same key with another one is an error."""
        return codec.fingerprint(*self.content)

    @property
    def text(self) -> str:
        """The key as audit rows have it."""
        return ":".join(self.stored_key)


def first_result(session: Session, use: KeyUse) -> Any:
    """The first result under this key, None if there is none. IdempotencyConflict if it belongs to other content."""
    value, command, subject = use.stored_key
    row = _FIRST.first(session, {"key": value, "done": command, "about": subject})
    if row is None:
        return None
    if row.fingerprint != use.fingerprint:
        raise IdempotencyConflict(f"key {use.key.value!r} was used for other content")
    return codec.decode(row.outcome)


def keep(session: Session, use: KeyUse, result: Any, recorded_at: datetime) -> None:
    """Store the result under the key, with the change that it belongs to."""
    value, command, subject = use.stored_key
    _KEEP.run(
        session,
        {
            "value": value,
            "command": command,
            "subject": subject,
            "fingerprint": use.fingerprint,
            "outcome": codec.encode(result),
            "recorded_at": recorded_at,
        },
    )
