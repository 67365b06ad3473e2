"""People's settings. What their token says overrides what the marketplace put."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from actions.backend.database import Database
from actions.backend.prepared import Prepared
from actions.backend.tables import PersonRow, table
from actions.backend.views import PersonRecord
from actions.policy import Role


def names(session: Session, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The known names of (role, id) pairs."""
    if len(people) <= _FEW:
        each = (_ONE.first(session, {"as": role, "person": person_id}) for role, person_id in people)
        found = [row for row in each if row is not None]
    else:
        found = list(session.execute(_MANY, {"people": people}))
    return {(row.role, row.id): name for row in found if (name := row.token_name or row.name)}


def _record(row: Any) -> PersonRecord:
    return PersonRecord(
        role=Role(row.role),
        id=row.id,
        locale=row.token_locale or row.locale,
        zoneinfo=row.token_zoneinfo or row.zoneinfo,
        name=row.token_name or row.name,
    )


_table = table(PersonRow)
_FEW = 4  # people who are sooner asked for one by one
# Made once: to build a statement costs more than to run it, and these run several times a turn.
_MANY = select(_table).where(tuple_(_table.c.role, _table.c.id).in_(bindparam("people", expanding=True)))
_WHO = and_(_table.c.role == bindparam("as"), _table.c.id == bindparam("person"))
_ONE = Prepared(select(_table).where(_WHO))
_NEW = Prepared(insert(_table), _table.columns.keys())


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of its person, beside who it is."""

    locale: str | None = None
    zoneinfo: str | None = None
    name: str | None = None

    def columns(self) -> dict[str, str]:
        """The columns for it. A name longer than 200 characters is cut."""
        name = self.name[:200] if self.name else self.name
        given = {"token_locale": self.locale, "token_zoneinfo": self.zoneinfo, "token_name": name}
        return {column: value for column, value in given.items() if value}


def known(session: Session, role: Role, person_id: str, claims: Claims | None = None) -> PersonRecord | None:
    """What is stored of this person, None if nothing, or not all of `claims`."""
    row = _ONE.first(session, {"as": role.value, "person": person_id})
    new = claims.columns() if claims is not None else {}
    if row is None:
        return PersonRecord(role, person_id) if claims is not None and not new else None
    return _record(row) if all(getattr(row, column) == value for column, value in new.items()) else None


def met(session: Session, role: Role, person_id: str, claims: Claims) -> PersonRecord:
    """What is known of this person with what their token says, which is kept."""
    return known(session, role, person_id, claims) or _put(session, role, person_id, claims.columns())


def _put(session: Session, role: Role, person_id: str, values: Mapping[str, str | None]) -> PersonRecord:
    who = {"as": role.value, "person": person_id}
    row = _ONE.first(session, who)
    if row is None:
        new = {**dict.fromkeys(_table.columns.keys()), "role": role.value, "id": person_id, **values}
        _NEW.run(session, new)
    elif values:
        session.execute(update(_table).where(_WHO).values(**values), who)
    return _record(_ONE.first(session, who))


class People:
    """Somebody need not have chatted: notices reach them in the language put here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, role: Role, person_id: str) -> PersonRecord | None:
        """What is known of this person, None if nothing."""
        return await self._database.look(lambda session: known(session, role, person_id))

    async def put(
        self,
        role: Role,
        person_id: str,
        *,
        locale: str | None = None,
        zoneinfo: str | None = None,
        name: str | None = None,
    ) -> PersonRecord:
        """Replace what the marketplace says of this person. A name longer than 200 characters is cut."""
        given = {"locale": locale, "zoneinfo": zoneinfo, "name": name[:200] if name else name}
        return await self._put(role, person_id, given)

    async def touch(
        self,
        role: Role,
        person_id: str,
        *,
        locale: str | None = None,
        zoneinfo: str | None = None,
        name: str | None = None,
    ) -> PersonRecord:
        """Keep what a token says of this person; a claim that is missing keeps what an earlier one said.

        Costs one read, and a write only when something is new.
        """
        claims = Claims(locale, zoneinfo, name)
        record = await self._database.look(lambda session: known(session, role, person_id, claims))
        return record or await self._put(role, person_id, claims.columns())

    async def _put(self, role: Role, person_id: str, values: Mapping[str, str | None]) -> PersonRecord:
        return await self._database.upsert(lambda session: _put(session, role, person_id, values))
