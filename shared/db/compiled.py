"""Statements as a driver takes them: compiled once for each shape, then run past SQLAlchemy's cursor and result.

SQLAlchemy says what every statement is in SQL; only what it does around each execution is left out, which takes several
times what most of ours take by themselves (docs/decisions/0020-statements.md). The rows are the same, by place and by
name. What a driver cannot be given as it is, as an expanding IN, is compiled each time (`once`).
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine.interfaces import Dialect
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

    def __init__(self, statement: ReturnsRows, dialect: Dialect, places: Mapping[str, Any]) -> None:
        """`places`: where the values of parameters are found, by the parameters' keys."""
        compiled: Any = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.rows = Rows(statement.exported_columns.keys(), [one.type for one in statement.exported_columns], dialect)
        # Of each parameter: where its value is found, else what it always is; and how it is told the driver.
        self._parameters: list[tuple[Any, Any, Callable[[Any], Any] | None]] = [
            (
                places.get(compiled.binds[name].key),
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in compiled.positiontup
        ]

    def values(self, given: Any) -> Values:
        """What one of these statements gives, where values are found in this list, or under these names."""
        found: Values = []
        for place, constant, convert in self._parameters:
            value = constant if place is None else given[place]
            found.append(value if convert is None else convert(value))
        return found


_UNSEEN: Any = object()


def _as_it_is(value: Any) -> Any:
    return value


class Shapes:
    """The shapes of statements that a kind of database has been asked so far."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[Any, Compiled | None] = {}

    def find(self, statement: ReturnsRows) -> tuple[Compiled, Values] | None:
        """A statement compiled, and what it gives; None where it has to be compiled each time."""
        # Nothing public tells whether two statements differ in no more than values; SQLAlchemy's own cache asks this.
        key = statement._generate_cache_key()  # noqa: SLF001
        if key is None:
            return None
        compiled = self._known.get(key.key, _UNSEEN)
        if compiled is _UNSEEN:
            # A compiled statement that writes has clones of the key's parameters, whose own keys are the same.
            places = {given.key: place for place, given in enumerate(key.bindparams)}
            compiled = self._learn(key.key, statement, key.bindparams, places)
        if compiled is None:
            return None
        return compiled, compiled.values([one.effective_value for one in key.bindparams])

    def constant(self, statement: ReturnsRows, given: Mapping[str, Any]) -> tuple[Compiled, Values] | None:
        """As `find`, for a statement that is made once: what it is given is told by name. Raises KeyError where a name
        is missing."""
        compiled = self._known.get(statement, _UNSEEN)
        if compiled is _UNSEEN:
            key = statement._generate_cache_key()  # noqa: SLF001 - for its parameters alone
            if key is None:
                return None
            names = {one.key: one.key for one in key.bindparams if one.required}
            compiled = self._learn(statement, statement, key.bindparams, names)
        return None if compiled is None else (compiled, compiled.values(given))

    def _learn(
        self, key: Any, statement: ReturnsRows, parameters: Sequence[BindParameter[Any]], places: Mapping[str, Any]
    ) -> Compiled | None:
        if len(self._known) >= _MOST_SHAPES:
            self._known.clear()
        plain = not any(one.expanding or one.literal_execute for one in parameters)
        compiled = self._known[key] = Compiled(statement, self._dialect, places) if plain else None
        return compiled

    def once(self, statement: Executable, given: Mapping[str, Any]) -> tuple[str, Values, Rows | None]:
        """A statement that has to be compiled each time: its SQL, what it gives, and how its rows are read where it
        says so."""
        compiled: Any = statement.compile(dialect=self._dialect)  # type: ignore[attr-defined]  # all of ours compile
        state = compiled.construct_expanded_state(dict(given) or None)
        plainly: Callable[[Any], Any] = _as_it_is
        values = [state.processors.get(name, plainly)(state.parameters[name]) for name in state.positiontup]
        columns = statement.exported_columns if isinstance(statement, ReturnsRows) else ()
        rows = self.rows([one.key for one in columns], [one.type for one in columns]) if columns else None
        return state.statement, values, rows

    def rows(self, names: Sequence[str], types: Iterable[TypeEngine[Any]]) -> Rows:
        """For what a statement written by hand finds."""
        return Rows(names, types, self._dialect)


SHAPES: dict[DialectName, Shapes] = {
    "sqlite": Shapes(sqlite.dialect()),
    "postgresql": Shapes(asyncpg.dialect()),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped
}
