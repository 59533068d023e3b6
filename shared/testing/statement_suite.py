"""Statements that are compiled once and given to the driver find and do what SQLAlchemy's own execution does.

A database's tests subclass StatementSuite and give the fixture `opened`: one suite, run on SQLite and on PostgreSQL.
"""

# ruff: noqa: S101 - assert is what a suite is made of

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Executable,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.compiled import SHAPES
from shared.db.dialect import Id, Upsert, among_given
from shared.db.engine import Database
from shared.db.work import Reader
from shared.kernel.ids import derived

ROWS = Table(
    "rows_of_every_type",
    MetaData(),
    Column("id", Id, primary_key=True),
    Column("other_id", Id),
    Column("number", Integer, nullable=False),
    Column("large", BigInteger),
    Column("share", Double),
    Column("said", Text),
    Column("body", LargeBinary),
    Column("agreed", Boolean),
)
KEEP = Upsert(ROWS, conflict=("id",), update=("number",))
_OTHER = ROWS.alias("other")
_IDS = [derived("row", str(number)) for number in range(5)]
_KEPT: Sequence[tuple[Any, ...]] = [
    (_IDS[0], None, 0, None, None, None, None, None),
    (_IDS[1], _IDS[0], 1, 2**60, 0.1, "ä ' \" %s :name ?", b"\x00\xff", True),
    (_IDS[2], _IDS[1], 2, -(2**60), 1e-300, "", b"", False),
    (_IDS[3], _IDS[1], 3, 0, 0.5, "null", b"null", True),
]

_QUESTIONS: dict[str, Callable[[Reader], Any]] = {
    "everything": lambda _: select(ROWS),
    "ids": lambda reader: select(ROWS.c.id).where(reader.among(ROWS.c.id, _IDS[1:3])),
    "other ids": lambda reader: select(ROWS).where(reader.among(ROWS.c.id, _IDS[2:])),
    "nothing among": lambda reader: select(ROWS).where(reader.among(ROWS.c.number, [])),
    "one value": lambda _: select(ROWS.c.said).where(ROWS.c.number == 1),
    "another value": lambda _: select(ROWS.c.said).where(ROWS.c.number == 3),
    "no value": lambda _: select(ROWS.c.id).where(ROWS.c.other_id.is_(None)),
    "a flag": lambda _: select(ROWS.c.id, ROWS.c.agreed).where(ROWS.c.agreed),
    "an expanding set": lambda _: select(ROWS.c.id).where(ROWS.c.said.in_(["", "null"])),
    "sums": lambda _: select(
        func.count(), func.sum(ROWS.c.number).label("n"), func.sum(ROWS.c.share), func.max(ROWS.c.large)
    ),
    "constants": lambda _: select(ROWS.c.id, literal("a").label("letter"), literal(7)).where(ROWS.c.number < 2),
    "columns of one name": lambda _: select(ROWS.c.id, ROWS.c.number, _OTHER.c.id, _OTHER.c.number).join(
        _OTHER, ROWS.c.other_id == _OTHER.c.id
    ),
    "a union": lambda reader: union_all(
        select(ROWS.c.id, ROWS.c.said).where(reader.among(ROWS.c.id, _IDS[:1])),
        select(ROWS.c.other_id, ROWS.c.said).where(reader.among(ROWS.c.id, _IDS[3:])),
    ),
    "a part": lambda _: select(ROWS.c.number).order_by(ROWS.c.number.desc()).limit(2).offset(1),
    "another part": lambda _: select(ROWS.c.number).order_by(ROWS.c.number.desc()).limit(1).offset(2),
}

Opened = Callable[[], Database]


async def keep(database: Database) -> None:
    """Make the table, and keep a row of every kind in it."""
    async with database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            await writing.run_sync(ROWS.metadata.create_all)
    async with database.work() as work:
        await work.write(KEEP, _KEPT)


@asynccontextmanager
async def _plainly(database: Database) -> AsyncIterator[AsyncConnection]:
    """SQLAlchemy's own execution, which is what is compared with."""
    async with database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            yield writing


class StatementSuite:
    """The suite; pytest runs it through a subclass a database."""

    @pytest.mark.parametrize("question", _QUESTIONS)
    async def test_rows_are_those_of_sqlalchemy_by_place_and_by_name(self, opened: Opened, question: str) -> None:
        database = opened()
        async with database.read() as reader:
            statement = _QUESTIONS[question](reader)
            found = await reader.rows(statement)
        async with _plainly(database) as plainly:
            expected = (await plainly.execute(statement)).all()
            assert sorted(map(repr, map(tuple, found))) == sorted(map(repr, map(tuple, expected)))
            assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in expected]
            for row, other in zip(found, expected, strict=True):
                assert all(getattr(row, name) == getattr(other, name) for name in row._fields if name in other._fields)

    async def test_statements_that_differ_in_values_alone_are_compiled_once(self, opened: Opened) -> None:
        async with opened().read() as reader:
            shapes = SHAPES[reader.dialect]
            for one, other in (("ids", "other ids"), ("one value", "another value"), ("a part", "another part")):
                asked = [_QUESTIONS[name](reader) for name in (one, other)]
                if one == "ids":
                    asked[1] = select(ROWS.c.id).where(reader.among(ROWS.c.id, _IDS[2:]))
                first, second = map(shapes.find, asked)
                assert first is not None
                assert second is not None
                assert first[0] is second[0]
                assert first[1] != second[1]

    async def test_an_expanding_set_is_compiled_each_time(self, opened: Opened) -> None:
        async with opened().read() as reader:
            assert SHAPES[reader.dialect].find(_QUESTIONS["an expanding set"](reader)) is None

    async def test_a_shape_is_asked_again_with_other_values_of_every_type(self, opened: Opened) -> None:
        async with opened().read() as reader:
            for row in _KEPT[1:]:
                for column, value in zip(ROWS.columns, row, strict=True):
                    found = await reader.rows(select(ROWS.c.id).where(column == value, ROWS.c.id == row[0]))
                    assert [one.id for one in found] == [row[0]], column.name

    @pytest.mark.parametrize(
        ("statement", "again"),
        [
            (
                update(ROWS).where(ROWS.c.number > 0).values(number=7),
                update(ROWS).where(ROWS.c.number > 6).values(number=9),
            ),
            (
                update(ROWS).values(said=None, share=0.25),
                update(ROWS).values(said="x", share=ROWS.c.share * 2),
            ),
            (delete(ROWS).where(ROWS.c.number == 3), delete(ROWS).where(ROWS.c.number == 1)),
        ],
    )
    async def test_what_writes_touches_the_same_rows_each_time(
        self, opened: Opened, statement: Executable, again: Executable
    ) -> None:
        database, everything = opened(), select(ROWS).order_by(ROWS.c.id)
        async with database.work() as work:
            counts = [await work.execute(statement), await work.execute(again)]
            left = list(map(tuple, await work.rows(everything)))
            await work.execute(delete(ROWS))
            await work.write(KEEP, _KEPT)
        async with _plainly(database) as plainly:
            assert [(await plainly.execute(one)).rowcount for one in (statement, again)] == counts
            assert list(map(tuple, (await plainly.execute(everything)).all())) == left

    async def test_what_is_deleted_is_told(self, opened: Opened) -> None:
        async with opened().work() as work:
            gone = await work.rows(delete(ROWS).where(ROWS.c.number == 2).returning(ROWS.c.id, ROWS.c.body))
            assert [(row.id, row.body) for row in gone] == [(_IDS[2], b"")]
            assert await work.first(select(ROWS.c.id).where(ROWS.c.number == 2)) is None

    async def test_a_statement_that_is_made_once_is_given_its_values_by_name(self, opened: Opened) -> None:
        numbered = select(ROWS.c.said).where(among_given(ROWS.c.id, "ids"), ROWS.c.number == bindparam("number"))
        async with opened().read() as reader:
            for number in (1, 2, 3):
                found = await reader.rows(numbered, ids=_IDS, number=number)
                assert [row.said for row in found] == [_KEPT[number][5]]
            assert await reader.rows(numbered, ids=[], number=1) == []
            with pytest.raises(KeyError):
                await reader.rows(numbered, ids=_IDS)

    async def test_what_writes_and_is_made_once_touches_what_it_is_given(self, opened: Opened) -> None:
        said = update(ROWS).where(among_given(ROWS.c.id, "ids")).values(said=bindparam("other"))
        async with opened().work() as work:
            assert await work.execute(said, ids=_IDS[1:3], other="x") == 2
            assert await work.execute(said, ids=[], other="y") == 0
            rows = await work.rows(select(ROWS.c.said).where(ROWS.c.said == "x"))
            assert len(rows) == 2
            locked = await work.locked(select(ROWS.c.id).where(among_given(ROWS.c.id, "ids")), ids=_IDS[:1])
            assert [row.id for row in locked] == _IDS[:1]
