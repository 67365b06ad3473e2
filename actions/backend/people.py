"""People's settings. What their token says overrides what the marketplace put."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from actions.backend.database import Database
from actions.backend.tables import PersonRow
from actions.backend.views import PersonRecord
from actions.policy import Role


def names(session: Session, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The known names of (role, id) pairs."""
    query = select(PersonRow).where(tuple_(PersonRow.role, PersonRow.id).in_(people))
    return {(row.role, row.id): name for row in session.scalars(query) if (name := row.token_name or row.name)}


def _record(row: PersonRow) -> PersonRecord:
    return PersonRecord(
        role=Role(row.role),
        id=row.id,
        locale=row.token_locale or row.locale,
        zoneinfo=row.token_zoneinfo or row.zoneinfo,
        name=row.token_name or row.name,
    )


def _row(session: Session, role: Role, person_id: str) -> PersonRow | None:
    return session.get(PersonRow, (role.value, person_id))


class People:
    """Somebody need not have chatted: notices reach them in the language put here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, role: Role, person_id: str) -> PersonRecord | None:
        """What is known of this person, None if nothing."""

        def work(session: Session) -> PersonRecord | None:
            row = _row(session, role, person_id)
            return _record(row) if row else None

        return await self._database.read(work)

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
        given = {"token_locale": locale, "token_zoneinfo": zoneinfo, "token_name": name[:200] if name else name}
        new = {column: value for column, value in given.items() if value}

        def known(session: Session) -> PersonRecord | None:
            row = _row(session, role, person_id)
            if row is None:
                return None if new else PersonRecord(role, person_id)
            same = all(getattr(row, column) == value for column, value in new.items())
            return _record(row) if same else None

        record = await self._database.read(known)
        return record or await self._put(role, person_id, new)

    async def _put(self, role: Role, person_id: str, values: Mapping[str, str | None]) -> PersonRecord:
        def work(session: Session) -> PersonRecord:
            return _record(session.merge(PersonRow(role=role.value, id=person_id, **values)))

        return await self._database.upsert(work)
