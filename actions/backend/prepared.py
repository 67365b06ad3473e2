"""Statements of every turn, worked out once: on SQLite they go to the driver as they are.

SQLAlchemy's execution of a statement that it has cached costs 40 to 50 µs, SQLite's own 5 to 10. The text of the
statement, the conversion of its parameters and that of its rows still are SQLAlchemy's. On PostgreSQL it executes them.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table, bindparam, update
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from actions.backend.columns import Instant
from actions.backend.sqlite import from_json, to_json

_DIALECT = SQLiteDialect_pysqlite(json_serializer=to_json, json_deserializer=from_json)
_DIALECT.dbapi = sqlite3  # type: ignore[assignment]  # so that types choose what they choose for this driver
_Convert = Callable[[Any], Any]


def _to_driver(kind: TypeEngine[Any]) -> _Convert | None:
    if isinstance(kind, Instant):
        return Instant.to_text
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _from_driver(kind: TypeEngine[Any]) -> _Convert | None:
    if isinstance(kind, Instant):
        return Instant.from_text
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)


class Kept:
    """A row as it was read: the same attributes as the mapped class, free to change. `changed` says which were.

    The unit of work of SQLAlchemy would do the same for half a millisecond a row.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        vars(self).update(values, _was=values)

    def changed(self) -> dict[str, Any]:
        """The columns whose values are others now."""
        now, was = vars(self), vars(self)["_was"]
        return {name: now[name] for name, value in was.items() if now[name] is not value and now[name] != value}

    def saved(self) -> None:
        """They were written."""
        vars(self)["_was"] = self.values()

    def values(self) -> dict[str, Any]:
        """All columns."""
        now = vars(self)
        return {name: now[name] for name in now["_was"]}


def kept(rows: Iterable[Any]) -> list[Any]:
    """Rows of columns, as `Kept`."""
    return [Kept(row._asdict()) for row in rows]


class Prepared:
    """One statement of Core with named parameters, none of which is a list.

    Rows are named tuples of the columns. Errors are SQLAlchemy's on both databases.
    """

    def __init__(self, statement: Executable, names: Iterable[str] | None = None) -> None:
        """`names`: of the columns that an insert gives values for."""
        self.statement = statement
        self._names = list(names) if names is not None else None
        self._sql = ""
        self._binds: list[tuple[str, bool, Any, _Convert | None]] = []
        self._make: Callable[[Iterable[Any]], Any] = tuple
        self._columns: Sequence[str] = ()
        self._converts: list[tuple[int, _Convert]] = []

    def rows(self, session: Session, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """All rows."""
        if getattr(session, "raw", None) is None:
            return session.execute(self.statement, values).all()
        return [self._make(row) for row in self._converted(session, values)]

    def kept(self, session: Session, values: Mapping[str, Any] | None = None) -> list[Any]:
        """All rows, as `Kept`."""
        if getattr(session, "raw", None) is None:
            return kept(session.execute(self.statement, values))
        found = self._converted(session, values)
        return [Kept(dict(zip(self._columns, row, strict=True))) for row in found]

    def first(self, session: Session, values: Mapping[str, Any] | None = None) -> Any:
        """The first row, or None."""
        found = self.rows(session, values)
        return found[0] if found else None

    def scalar(self, session: Session, values: Mapping[str, Any] | None = None) -> Any:
        """The first value of the first row, or None."""
        found = self.rows(session, values)
        return found[0][0] if found else None

    def run(self, session: Session, *many: Mapping[str, Any]) -> None:
        """Execute once for each of the given values, for a statement without rows."""
        raw = getattr(session, "raw", None)
        if not many:
            return
        if raw is None:
            session.execute(self.statement, list(many))
            return
        if not self._sql:
            self._compile()
        if len(many) == 1:
            self._run(raw.execute, self._given(many[0]))
        else:
            self._run(raw.executemany, [self._given(values) for values in many])

    def _run(self, execute: Callable[[str, Any], sqlite3.Cursor], given: Any) -> sqlite3.Cursor:
        try:
            return execute(self._sql, given)
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                self._sql, None, error, sqlite3.Error, hide_parameters=True, dialect=_DIALECT
            ) from error

    def _given(self, values: Mapping[str, Any]) -> list[Any]:
        return [
            convert(values[name] if needed else values.get(name, default))
            if convert is not None
            else (values[name] if needed else values.get(name, default))
            for name, needed, default, convert in self._binds
        ]

    def _converted(self, session: Any, values: Mapping[str, Any] | None) -> Iterable[Sequence[Any]]:
        """The rows of SQLite's own connection with SQLAlchemy's values."""
        if not self._sql:
            self._compile()
        found = self._run(session.raw.execute, self._given(values or {})).fetchall()
        if not self._converts:
            return found
        rows = [list(row) for row in found]
        for row in rows:
            for index, convert in self._converts:
                row[index] = convert(row[index])
        return rows

    def _compile(self) -> None:
        compiled = self.statement.compile(dialect=_DIALECT, column_keys=self._names)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        if compiled.post_compile_params:
            raise TypeError("a list as a parameter cannot be prepared")
        binds = [compiled.binds[name] for name in compiled.positiontup or ()]
        self._binds = [  # made whole before anybody sees it: several threads may do this at once
            (bind.key, bind.required, bind.effective_value, _to_driver(bind.type)) for bind in binds
        ]
        columns = compiled._result_columns
        if columns:
            row: Any = namedtuple("Row", [entry.keyname for entry in columns], rename=True)  # type: ignore[misc]
            self._make, self._columns = row._make, row._fields
        back = [_from_driver(entry.type) for entry in columns]
        self._converts = [(index, convert) for index, convert in enumerate(back) if convert is not None]
        self._sql = str(compiled)


def save(session: Session, of: Table, *rows: object) -> None:
    """Write what was changed in rows of a table with an `id`. What is not `Kept` is left to the session."""
    for row in rows:
        if isinstance(row, Kept) and (changed := row.changed()):
            values = {f"new_{name}": value for name, value in changed.items()}
            _changing(of, tuple(changed)).run(session, values | {"row": row.values()["id"]})
            row.saved()


@cache
def _changing(of: Table, names: tuple[str, ...]) -> Prepared:
    values = {name: bindparam(f"new_{name}", type_=of.c[name].type) for name in names}
    return Prepared(update(of).where(of.c.id == bindparam("row")).values(values))
