"""Where SQLite and PostgreSQL differ, and nowhere else: column types, bulk writes, sets of values.

A bulk write is one statement: arrays through `unnest` on PostgreSQL, `executemany` on SQLite.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from msgspec import json
from sqlalchemy import Boolean, Column, ColumnElement, Select, String, Table, Text, bindparam, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

DialectName = Literal["sqlite", "postgresql"]
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped


class Id(TypeDecorator[str]):
    """UUID text: a native uuid on PostgreSQL, text on SQLite."""

    impl = String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The native type of each database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(String(36))


class Upsert:
    """A bulk insert into one table, made once and used with many rows.

    `conflict` names the unique columns: with no `update` a row that is there stays as it is; else those
    columns are replaced, where `newer` (columns that have to grow, compared as a tuple) is given only by a
    row that is newer. Columns of `add` grow by what a row gives. Rows are tuples in the order of `columns`.
    """

    def __init__(
        self,
        table: Table,
        *,
        columns: Sequence[str] = (),
        conflict: Sequence[str] = (),
        update: Sequence[str] = (),
        newer: Sequence[str] = (),
        add: Sequence[str] = (),
    ) -> None:
        names = tuple(columns) or tuple(c.name for c in table.columns)
        self.table = table
        self.columns = names
        self.conflict = tuple(conflict)
        tail = _on_conflict(table.name, conflict, _changes(table.name, update, add), newer)
        listed = ", ".join(names)
        arrays = ", ".join(f"${n}::{_array_type(table.columns[name])}" for n, name in enumerate(names, 1))
        marks = ", ".join("?" * len(names))
        self.in_bulk = f"INSERT INTO {table.name} ({listed}) SELECT * FROM unnest({arrays}){tail}"
        """For PostgreSQL, whose parameters are the columns, a list of values each."""
        self.returning = f"{self.in_bulk} RETURNING {', '.join(self.conflict)}"
        self.there = _there(table, self.conflict)
        """Finds the keys of rows that are there, of all that have each of their columns among those given."""
        self.one_by_one = f"INSERT INTO {table.name} ({listed}) VALUES ({marks}){tail}"
        """For SQLite, whose parameters are those of a row."""


def _there(table: Table, conflict: Sequence[str]) -> Select[Any]:
    # By all columns: the last one alone is found in no index that begins with another.
    columns = [table.columns[name] for name in conflict]
    return select(*columns).where(*(among_given(column, column.name) for column in columns))


def _changes(table: str, update: Sequence[str], add: Sequence[str]) -> list[str]:
    return [f"{name} = excluded.{name}" for name in update] + [
        f"{name} = {table}.{name} + excluded.{name}" for name in add
    ]


def _on_conflict(table: str, conflict: Sequence[str], changes: Sequence[str], newer: Sequence[str]) -> str:
    if not conflict:
        return ""
    if not changes:
        return f" ON CONFLICT ({', '.join(conflict)}) DO NOTHING"
    clause = f" ON CONFLICT ({', '.join(conflict)}) DO UPDATE SET {', '.join(changes)}"
    if newer:
        ours = ", ".join(f"{table}.{name}" for name in newer)
        theirs = ", ".join(f"excluded.{name}" for name in newer)
        clause += f" WHERE ({ours}) < ({theirs})"
    return clause


def _array_type(table_column: Column[Any]) -> str:
    return f"{table_column.type.compile(dialect=_POSTGRESQL)}[]"


class _Listed(TypeDecorator[Sequence[Any]]):
    """Many values as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The native type of each database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(self.item))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """The values as the driver takes them."""
        return value if dialect.name == "postgresql" else json.encode(value).decode()


class _Among(FunctionElement[bool]):
    """A condition of its own: built of SQLAlchemy's parts it costs more than many a statement."""

    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> "_Among":
        """Itself, wherever it stands. SQLite has no booleans, so SQLAlchemy would have it compared with 1; it looks
        into no index for that, and reads the whole table."""
        return self


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    wanted, values = (compiler.process(part, **how) for part in element.clauses)
    return f"{wanted} = ANY ({values})"


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    wanted, values = (compiler.process(part, **how) for part in element.clauses)
    return f"{wanted} IN (SELECT value FROM json_each({values}))"


@lru_cache(maxsize=1_024)
def _listed(item: TypeEngine[Any]) -> _Listed:
    return _Listed(item)


def among(wanted: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """The condition that a column is one of the values: one parameter, however many there are."""
    return _Among(wanted, bindparam(None, list(values), type_=_listed(wanted.type)))


def among_given(wanted: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """As `among`, in a statement that is made once: the values are given with it, as a list under this name."""
    return _Among(wanted, bindparam(name, type_=_listed(wanted.type)))
