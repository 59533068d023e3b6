"""Who was erased, as a consumer remembers it: a tombstone for each id and for what stands in for it, and which erasures
it has carried out.

Promises: an erasure is carried out once, although it is told once for each id of the person. That each id is the
alias of a stand-in is kept with all other aliases (people.py). Nothing here says who anybody was.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, delete, func, select, update

from shared.contracts.erasing import stand_ins
from shared.contracts.touchpoints import PersonErased
from shared.db.dialect import Id, Upsert
from shared.db.spine import DEAD_LETTERS, OUTBOX
from shared.db.work import Reader, Work
from shared.kernel.errors import Erased


def erased_tables(metadata: MetaData) -> None:
    """The tables, in a service's own schema. `cleaned`: no byte of what was removed is left in the store's files."""
    Table(
        "erasures",
        metadata,
        Column("id", Id, primary_key=True),
        Column("at", BigInteger, nullable=False),
        Column("cleaned", Boolean, nullable=False, index=True),
    )
    Table(
        "erased",
        metadata,
        Column("person_id", Id, primary_key=True),
        Column("erasure_id", Id, nullable=False),
        Column("stand_in", Id, nullable=False),
    )


_alone = MetaData()
erased_tables(_alone)
_ERASURES, _ERASED = _alone.tables["erasures"], _alone.tables["erased"]
_BEGIN = Upsert(_ERASURES, conflict=("id",))
_BURY = Upsert(_ERASED, conflict=("person_id",))
_PAGE = 1_000
_DEAD = "%.dead"
"""Where dead letters go, whoever's they are."""


async def begin(work: Work, erasures: Collection[PersonErased]) -> list[PersonErased]:
    """Remember erasures; answers those that were not carried out before, each once."""
    told = {erasure.erasure_id: erasure for erasure in erasures}
    new = await work.write_new(_BEGIN, [(one, told[one].at, False) for one in sorted(told)])
    begun = [told[one] for one in sorted(told) if (one,) in new]
    buried = {
        (one, erasure.erasure_id, other)
        for erasure in begun
        for erased, other in stand_ins(erasure).items()
        for one in (erased, other)
    }
    await work.write(_BURY, sorted(buried))
    return begun


async def refuse_erased(reader: Reader, person_id: str) -> None:
    """Raise Erased where an id is that of somebody who was erased, or stands in for it."""
    try:
        canonical = str(UUID(person_id))
    except ValueError:
        return
    erasure_id = await reader.scalar(select(_ERASED.c.erasure_id).where(_ERASED.c.person_id == canonical))
    if erasure_id is not None:
        raise Erased(erasure_id)


async def forget_records(work: Work, person_ids: Collection[str]) -> dict[str, int]:
    """Drop the dead letters of these people, and those on their way to topics of their own; answers how many."""
    keys = [person_id.encode() for person_id in sorted(person_ids)]
    kept = await work.execute(delete(DEAD_LETTERS).where(DEAD_LETTERS.c.key.in_(keys)))
    leaving = await work.execute(delete(OUTBOX).where(OUTBOX.c.key.in_(keys), OUTBOX.c.topic.like(_DEAD)))
    return {"dead_letters": kept, "outbox": leaving}


class Letters(NamedTuple):
    """A page of dead letters that was looked through."""

    last: int
    """The highest id in it."""
    theirs: dict[str, str]
    """Who of the erased it speaks of, under their keys, each with the erasure."""
    more: bool


async def look_through(reader: Reader, after: int) -> Letters:
    """Look for people who were erased in the dead letters with an id above this one, a page of them."""
    page = select(DEAD_LETTERS.c.id, DEAD_LETTERS.c.key).where(DEAD_LETTERS.c.id > after)
    rows = await reader.rows(page.order_by(DEAD_LETTERS.c.id).limit(_PAGE))
    ids = sorted({person_id for row in rows if (person_id := _person_id(row.key)) is not None})
    buried = select(_ERASED.c.person_id, _ERASED.c.erasure_id).where(reader.among(_ERASED.c.person_id, ids))
    theirs = {row.person_id: row.erasure_id for row in await reader.rows(buried)} if ids else {}
    return Letters(rows[-1].id if rows else after, theirs, len(rows) == _PAGE)


async def forget_late(work: Work, theirs: Mapping[str, str]) -> None:
    """Drop the dead letters of people who were erased before those came; the files want cleaning once more."""
    await forget_records(work, theirs)
    among = work.among(_ERASURES.c.id, sorted(set(theirs.values())))
    await work.execute(update(_ERASURES).where(among).values(cleaned=False))


def _person_id(key: bytes) -> str | None:
    """The id that a key is, where it is that of a person."""
    try:
        return str(UUID(key.decode()))
    except ValueError:
        return None


async def remove(work: Work, tables: Iterable[Table], person_ids: Collection[str]) -> dict[str, int]:
    """Delete the rows of these people from tables that name them as `person_id`; answers how many, by table."""
    ids = sorted(person_ids)
    return {
        str(table.name): await work.execute(delete(table).where(work.among(table.c.person_id, ids))) for table in tables
    }


async def rename(work: Work, tables: Iterable[Table], person_ids: Collection[str]) -> dict[str, int]:
    """Have the rows of these people name what stands in for them as their `person_id`; answers how many, by table."""
    ids = sorted(person_ids)
    renamed: dict[str, int] = {}
    for table in tables:
        other = select(_ERASED.c.stand_in).where(_ERASED.c.person_id == table.c.person_id).scalar_subquery()
        theirs = work.among(table.c.person_id, ids)
        renamed[str(table.name)] = await work.execute(update(table).where(theirs).values(person_id=other))
    return renamed


async def uncleaned(reader: Reader) -> Sequence[str]:
    """The erasures after which the store's files still have to be cleaned."""
    rows = await reader.rows(select(_ERASURES.c.id).where(_ERASURES.c.cleaned.is_(False)).order_by(_ERASURES.c.id))
    return [row.id for row in rows]


async def uncleaned_count(reader: Reader) -> int:
    """How many these are."""
    return int(await reader.scalar(select(func.count()).select_from(_ERASURES).where(_ERASURES.c.cleaned.is_(False))))


async def mark_cleaned(work: Work, erasure_ids: Collection[str]) -> None:
    """The store's files were cleaned after these."""
    await work.execute(update(_ERASURES).where(work.among(_ERASURES.c.id, sorted(erasure_ids))).values(cleaned=True))
