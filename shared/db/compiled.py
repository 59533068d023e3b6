"""Statements as a driver takes them: compiled once for each shape, then run past SQLAlchemy's cursor and result.

SQLAlchemy still builds every statement and says what it is in SQL; only what it does around each execution is left out,
which takes several times what most of ours take by themselves (docs/decisions/0020-statements.md). The rows are the
same, by place and by name. Leaves out what a driver cannot be given as it is, as an expanding IN.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.selectable import ReturnsRows
from sqlalchemy.types import Float, TypeEngine

from shared.db.dialect import DialectName

_MOST_SHAPES = 2_000
"""Past this the shapes are not ours: somebody puts values into the text of statements."""

_DOUBLE, _NUMERIC = 701, 1700
"""PostgreSQL's numbers for these types."""

Values = list[Any]
"""What a statement gives for its parameters, in their order."""


class Rows:
    """What a driver finds, as rows: named tuples of the columns, each value as its type has it."""

    __slots__ = ("_conversions", "_row")

    def __init__(self, names: Iterable[str], types: Iterable[TypeEngine[Any]], dialect: Dialect) -> None:
        # A column whose name is no name in Python can be had by its place alone.
        self._row: Any = namedtuple("Row", list(names), rename=True)  # type: ignore[misc]  # names known at run time
        found = ((place, _conversion(one, dialect)) for place, one in enumerate(types))
        self._conversions = [(place, convert) for place, convert in found if convert is not None]

    def of(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        """The rows."""
        return list(map(self._row._make, map(self._converted, found) if self._conversions else found))

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, convert in self._conversions:
            values[place] = convert(values[place])
        return values


def _conversion(one: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    # PostgreSQL's own types of numbers decide about theirs: those of a column are known without the server.
    number = _DOUBLE if isinstance(one, Float) else _NUMERIC
    return one.dialect_impl(dialect).result_processor(dialect, number)


class Compiled:
    """Statements of one shape for one database, whatever their values."""

    __slots__ = ("_parameters", "rows", "sql")

    def __init__(self, statement: ReturnsRows, key: CacheKey, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        # A compiled statement that writes has clones of the key's parameters, whose own keys are the same.
        places = {given.key: place for place, given in enumerate(key.bindparams)}
        self.sql = str(compiled)
        self.rows = Rows(statement.exported_columns.keys(), [one.type for one in statement.exported_columns], dialect)
        # Of each parameter: where in the key its value is found, else what it always is; and how it is told the driver.
        self._parameters: list[tuple[int | None, Any, Callable[[Any], Any] | None]] = [
            (
                places.get(compiled.binds[name].key),
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in compiled.positiontup
        ]

    def values(self, key: CacheKey) -> Values:
        """What one of these statements gives."""
        found: Values = []
        for place, constant, convert in self._parameters:
            value = constant if place is None else key.bindparams[place].effective_value
            found.append(value if convert is None else convert(value))
        return found


_UNSEEN: Any = object()


class Shapes:
    """The shapes of statements that a kind of database has been asked so far."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[Any, Compiled | None] = {}

    def find(self, statement: ReturnsRows) -> tuple[Compiled, Values] | None:
        """A statement compiled, and what it gives; None where it has to go SQLAlchemy's way."""
        # Nothing public tells whether two statements differ in no more than values; SQLAlchemy's own cache asks this.
        key = statement._generate_cache_key()  # noqa: SLF001
        if key is None:
            return None
        compiled = self._known.get(key.key, _UNSEEN)
        if compiled is _UNSEEN:
            if len(self._known) >= _MOST_SHAPES:
                self._known.clear()
            compiled = self._known[key.key] = self._compiled(statement, key)
        return None if compiled is None else (compiled, compiled.values(key))

    def rows(self, names: Sequence[str], types: Iterable[TypeEngine[Any]]) -> Rows:
        """For what a statement written by hand finds."""
        return Rows(names, types, self._dialect)

    def _compiled(self, statement: ReturnsRows, key: CacheKey) -> Compiled | None:
        plain = not any(given.expanding or given.literal_execute for given in key.bindparams)
        return Compiled(statement, key, self._dialect) if plain else None


SHAPES: dict[DialectName, Shapes] = {
    "sqlite": Shapes(sqlite.dialect()),
    "postgresql": Shapes(asyncpg.dialect()),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped
}
