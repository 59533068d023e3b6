"""What a batch has to know of erasures, in SQL: under which names nothing is taken, and who is nobody any more."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, delete, func, select

from services.ingest.domain.identity import Identifier, identifier
from services.ingest.domain.naming import identifiers_in
from services.ingest.domain.suppression import suppression_hash
from services.ingest.store.tables import ERASURE_LINES, ERASURES, IDENTIFIERS, SUPPRESSED, TOMBSTONES, TOUCHPOINTS
from shared.contracts.erasures import ErasureDone, Removed
from shared.contracts.touchpoints import CollectedTouchpoint
from shared.db.dialect import Upsert, among_given
from shared.db.work import Reader, Work
from shared.kernel.errors import Erased, NotFound

_OUR_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEPT_OUT = Upsert(
    TOUCHPOINTS,
    columns=("id", "source", "received_at", "occurred_at", "revision", "body", "state"),
    conflict=("id",),
)
_SO_FAR = select(func.count()).select_from(ERASURES)
_GONE = select(TOMBSTONES).where(among_given(TOMBSTONES.c.id, "ids"))
_LINES = Upsert(ERASURE_LINES, conflict=("erasure", "service", "store"), update=("at",), add=("removed",))
_NOTHING_HELD = (Removed(store="all", removed=0),)


async def erasures_so_far(reader: Reader) -> int:
    """How many people were erased. It only ever grows: while it stays the same, nobody else is suppressed."""
    return int(await reader.scalar(_SO_FAR))


async def absence(reader: Reader, person_id: str | None) -> Erased | NotFound:
    """What is to be raised where there is nobody of an id."""
    found = await reader.scalar(select(TOMBSTONES.c.erasure).where(TOMBSTONES.c.id == person_id))
    return NotFound() if found is None else Erased(found)


async def suppressed_among(reader: Reader, key: bytes, names: Collection[str]) -> frozenset[str]:
    """The names, as `kind:value`, under which nothing may be taken."""
    named = {suppression_hash(key, identifier(name)): name for name in names}
    rows = await reader.rows(select(SUPPRESSED.c.hash).where(reader.among(SUPPRESSED.c.hash, sorted(named))))
    return frozenset(named[row.hash] for row in rows)


async def speaking_of(reader: Reader, key: bytes, bodies: Mapping[str, str]) -> Mapping[str, str]:
    """Of those texts that speak of somebody who was erased: by their key, the erasure."""
    hashes: dict[str, set[str]] = {}
    ids: dict[str, set[str]] = {}
    for name, body in bodies.items():
        for member in identifiers_in(body):
            hashes.setdefault(suppression_hash(key, member), set()).add(name)
        for found in _OUR_ID.findall(body):
            ids.setdefault(found, set()).add(name)
    by_hash = select(SUPPRESSED).where(reader.among(SUPPRESSED.c.hash, sorted(hashes)))
    by_id = select(TOMBSTONES).where(reader.among(TOMBSTONES.c.id, sorted(ids)))
    found_by = [(hashes[row.hash], row.erasure) for row in await reader.rows(by_hash)]
    found_by += [(ids[row.id], row.erasure) for row in await reader.rows(by_id)]
    return {name: erasure for names, erasure in found_by for name in names}


async def add_lines(work: Work, lines: Mapping[tuple[str, str, str], int], at: int) -> None:
    """Add to the lines of receipts: by erasure, service and store, how many rows were removed."""
    await work.write(_LINES, [(*key, removed, at) for key, removed in sorted(lines.items())])


class SqlErasures:
    """The erasures port over one transaction; of the `names` of its batch those `kept_out` are suppressed.

    `so_far`: how many people were erased, where that was asked."""

    def __init__(
        self, work: Work, key: bytes, names: Collection[str], kept_out: frozenset[str], so_far: int | None
    ) -> None:
        self._work = work
        self._key = key
        self._names = names
        self._kept_out = kept_out
        self._so_far = so_far

    def suppressed(self, member: Identifier) -> bool:
        """Whether an identifier of the batch is one under which nothing may be taken."""
        return bool(self._kept_out) and str(member) in self._kept_out

    async def keep_out(self, calls: Sequence[CollectedTouchpoint]) -> None:
        """Put on record that these came and were not taken, and nothing of what was in them."""
        if calls:
            rows = [(it.id, it.source, it.received_at, it.received_at, 0, "", "suppressed") for it in calls]
            await self._work.write(_KEPT_OUT, sorted(rows))

    async def erased(self, person_ids: Collection[str]) -> Mapping[str, str]:
        """Which of these are ids of somebody who was erased, each with the erasure."""
        if not person_ids or self._so_far == 0:
            return {}
        return {row.id: row.erasure for row in await self._work.rows(_GONE, ids=sorted(person_ids))}

    async def speaking(self, bodies: Mapping[str, str]) -> set[str]:
        """The keys of those texts that speak of somebody who was erased."""
        if not bodies or not await erasures_so_far(self._work):
            return set()
        return set(await speaking_of(self._work, self._key, bodies))

    async def tidy(self) -> None:
        """Let go of names of the batch that nothing was taken under: they came beside suppressed ones."""
        if self._kept_out:
            of = IDENTIFIERS.c
            unused = and_(of.component.is_(None), of.person.is_(None), of.consent.is_(None), of.grouped.is_(None))
            await self._work.execute(delete(IDENTIFIERS).where(self._work.among(of.id, sorted(self._names)), unused))

    async def answered(self, answers: Sequence[ErasureDone]) -> None:
        """Keep what other services have removed."""
        for answer in answers:
            removed: Counter[tuple[str, str, str]] = Counter()
            for line in answer.stores or _NOTHING_HELD:
                removed[answer.erasure_id, answer.service, line.store] += line.removed
            await add_lines(self._work, removed, answer.at)
