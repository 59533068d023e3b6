"""What is kept in free form, looked through for people who were erased: rejects, dead letters, answers to operators.
Besides, steps of theirs that somebody kept who did not know yet: to keep one locks nobody.

Page by page, each in a transaction of its own, so that nobody waits; whoever is killed on the way begins again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Row, Select, delete, select

from services.ingest.handlers.refused_ids import with_id
from services.ingest.store.erasures import add_lines, speaking_of
from services.ingest.store.tables import ACTS, METADATA, REJECTED, TIMELINE, TOMBSTONES
from shared.db.engine import Database

_PAGE = 200
_DEAD_LETTERS = METADATA.tables["dead_letters"]


class _Kept(NamedTuple):
    """A table with texts of any shape, in the order of a column that is unique."""

    place: Column[Any]
    rows: Select[Any]
    text: Callable[[Row[Any]], str]


_TABLES: Sequence[_Kept] = (
    _Kept(
        REJECTED.c.seq,
        select(REJECTED.c.seq.label("place"), REJECTED.c.message_id, REJECTED.c.body),
        lambda row: with_id(row.message_id, row.body),
    ),
    _Kept(
        _DEAD_LETTERS.c.id,
        select(_DEAD_LETTERS.c.id.label("place"), _DEAD_LETTERS.c.value, _DEAD_LETTERS.c.key),
        lambda row: f'"{_readable(row.key)}" {_readable(row.value)}',
    ),
    _Kept(ACTS.c.key, select(ACTS.c.key.label("place"), ACTS.c.body), lambda row: _readable(row.body)),
)


async def sweep(database: Database, key: bytes, now: int) -> None:
    """Delete all of it that speaks of anybody who was erased, and say so on their receipts."""
    for kept in _TABLES:
        after: object = None
        while (after := await _page(database, key, kept, after, now)) is not None:
            continue
    buried: str | None = None
    while (buried := await _steps(database, buried, now)) is not None:
        continue


async def _steps(database: Database, after: str | None, now: int) -> str | None:
    """Delete the steps of one page of the erased; answers where the next one begins, None at the end."""
    wanted = select(TOMBSTONES).order_by(TOMBSTONES.c.id).limit(_PAGE)
    async with database.read() as reader:
        rows = await reader.rows(wanted if after is None else wanted.where(TOMBSTONES.c.id > after))
        erasure_of = {row.id: row.erasure for row in rows}
        theirs = select(TIMELINE.c.id, TIMELINE.c.person).where(reader.among(TIMELINE.c.person, sorted(erasure_of)))
        steps = await reader.rows(theirs)
    if steps:
        async with database.work() as work:
            await work.execute(delete(TIMELINE).where(work.among(TIMELINE.c.id, sorted(step.id for step in steps))))
            lines = Counter((erasure_of[step.person], "ingest", TIMELINE.name) for step in steps)
            await add_lines(work, lines, now)
    return rows[-1].id if len(rows) == _PAGE else None


async def _page(database: Database, key: bytes, kept: _Kept, after: object, now: int) -> object:
    """Look through one page; answers where the next one begins, None at the end."""
    wanted = kept.rows.order_by(kept.place).limit(_PAGE)
    async with database.read() as reader:
        rows = await reader.rows(wanted if after is None else wanted.where(kept.place > after))
        theirs = await speaking_of(reader, key, {str(row.place): kept.text(row) for row in rows})
    if theirs:
        async with database.work() as work:
            gone = [row.place for row in rows if str(row.place) in theirs]
            await work.execute(delete(kept.place.table).where(work.among(kept.place, gone)))
            lines = Counter((erasure, "ingest", kept.place.table.name) for erasure in theirs.values())
            await add_lines(work, lines, now)
    return rows[-1].place if len(rows) == _PAGE else None


def _readable(text: bytes) -> str:
    return text.decode("utf-8", "replace")
