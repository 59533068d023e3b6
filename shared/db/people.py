"""People as a consumer knows them: ids, which of them are aliases, and the lock that guards each person.

Facts keep the owner under whom they were published; whose they are is told by following aliases. So a merge is
one row, a split is one row, and neither depends on what arrived first. The root of a person guards all of it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Row, Table, select

from shared.db.dialect import Id, Upsert, among_given
from shared.db.work import Reader, Work
from shared.kernel.errors import NotLoaded
from shared.kernel.stand_ins import stands_in

FOR_EVER = 2**63 - 1
"""The version of what is never taken back: the alias of somebody who was erased."""


def people_table(metadata: MetaData) -> Table:
    """The table, in a service's own schema. `version` is that of the last merge or split of this id."""
    return Table(
        "people",
        metadata,
        Column("id", Id, primary_key=True),
        Column("into_id", Id, index=True),
        Column("version", BigInteger, nullable=False),
    )


_PEOPLE = people_table(MetaData())
_LINKS = select(_PEOPLE.c.id, _PEOPLE.c.into_id)
_LINKS_OF = _LINKS.where(among_given(_PEOPLE.c.id, "ids"))
_LINKS_INTO = _LINKS.where(among_given(_PEOPLE.c.into_id, "ids"))
_ROOTS = _LINKS_OF.order_by(_PEOPLE.c.id)
_ENSURE = Upsert(_PEOPLE, conflict=("id",))
_ALIAS = Upsert(_PEOPLE, conflict=("id",), update=("into_id", "version"), newer=("version",))


async def roots_of(reader: Reader, ids: Iterable[str]) -> dict[str, str]:
    """The person that each id stands for. An id nobody has heard of stands for itself."""
    wanted = sorted(set(ids))
    into = await _chains(reader, wanted)
    return {person_id: _followed(person_id, into) for person_id in wanted}


async def _chains(reader: Reader, ids: Iterable[str]) -> dict[str, str | None]:
    """What each of these ids is an alias of, and each of those, to the end; those nobody has heard of are not there."""
    into: dict[str, str | None] = {}
    ahead = set(ids)
    while ahead:
        rows = await reader.rows(_LINKS_OF, ids=sorted(ahead))
        into.update({row.id: row.into_id for row in rows})
        ahead = {row.into_id for row in rows if row.into_id is not None} - into.keys()
    return into


def _gone(into: Mapping[str, str | None]) -> dict[str, str]:
    """Of these aliases, those of somebody who was erased. Who is only taken for an alias of them is not: the split
    may be on its way."""
    return {one: other for one, other in into.items() if other is not None and stands_in(other) and not stands_in(one)}


def _followed(person_id: str, into: Mapping[str, str | None]) -> str:
    """The end of a chain of aliases. While merges and splits of several ids are under way a chain may bite its
    own tail: then its smallest id stands for all, until the rest has arrived."""
    path = [person_id]
    while (above := into.get(path[-1])) is not None:
        if above in path:
            return min(path[path.index(above) :])
        path.append(above)
    return path[-1]


async def members_of(reader: Reader, roots: Collection[str]) -> dict[str, str]:
    """Every id that stands for one of these people: id -> root, the roots among them."""
    root_of = {root: root for root in roots}
    ahead = sorted(root_of)
    while ahead:
        rows = await reader.rows(_LINKS_INTO, ids=ahead)
        below = {row.id: root_of[row.into_id] for row in rows if row.id not in root_of}
        root_of.update(below)
        ahead = sorted(below)
    return root_of


class People:
    """The people of a batch, locked. Aliases may change while it is worked; `touched` collects who is affected."""

    def __init__(self, work: Work, roots: Mapping[str, str], gone: Mapping[str, str]) -> None:
        self._work = work
        self._roots = dict(roots)
        self._gone = dict(gone)
        self._locked = set(roots.values())
        self._changes: dict[str, tuple[str, str | None, int]] = {}
        self.touched: set[str] = set()
        """Ids whose person has to be derived again."""

    def touch(self, person_id: str) -> None:
        """Something of this id changed; raises NotLoaded where it is not locked."""
        if person_id not in self._roots:
            raise NotLoaded(())
        self.touched.add(person_id)

    def root(self, person_id: str) -> str:
        """The person an id of the batch stood for before it."""
        return self._roots[person_id]

    def gone(self) -> Mapping[str, str]:
        """The ids of the batch that were erased, before it or in it, with what stands in for each."""
        return self._gone

    def erase(self, stand_ins: Mapping[str, str], person_id: str) -> None:
        """Somebody was erased: from now on each of their ids is the alias of what stands in for it, for ever."""
        for erased, other in stand_ins.items():
            self.alias(erased, other, FOR_EVER)
            if erased != person_id:
                self.alias(other, stand_ins[person_id], FOR_EVER)
        self._gone.update(stand_ins)

    def alias(self, person_id: str, into: str | None, version: int) -> None:
        """An id became an alias of another, or of nobody; both sides are touched. The highest version holds."""
        held = self._changes.get(person_id)
        if held is None or held[2] < version:
            self._changes[person_id] = (person_id, into, version)
        self.touch(person_id)
        self.touched.add(self._roots[person_id])
        if into is not None:
            self.touch(into)

    async def settle(self) -> dict[str, str]:
        """Write the aliases; answers the members of everyone who is touched: id -> root, as it is now."""
        rows = [self._changes[person_id] for person_id in sorted(self._changes)]
        await self._work.write(_ALIAS, rows)
        if not rows:
            return await members_of(self._work, {self._roots[person_id] for person_id in self.touched})
        now = await roots_of(self._work, self.touched)
        # Who stands for themselves only now (a split) was guarded by their former root, so nobody waits here.
        await _lock(self._work, set(now.values()) - self._locked)
        return await members_of(self._work, set(now.values()))


async def lock_people(work: Work, ids: Sequence[str]) -> People:
    """Make sure that people are there, and lock who they stand for, in id order."""
    into = await _chains(work, ids)
    await work.write(_ENSURE, [(person_id, None, 0) for person_id in ids if person_id not in into])
    roots = {person_id: _followed(person_id, into) for person_id in ids}
    # A link changes under the lock of whoever it starts from, if that is a root, and else of the root it leads to.
    moved = any(row.into_id != into.get(row.id) for row in await _lock(work, set(roots.values())))
    aliases = any(person_id != root for person_id, root in roots.items())
    if moved or (work.locks and aliases and await roots_of(work, ids) != roots):
        raise NotLoaded(())  # Somebody was merged or split while we waited: redo at once, from the top.
    gone = _gone(into)
    return People(work, roots | {other: _followed(other, into) for other in gone.values()}, gone)


async def _lock(work: Work, roots: Collection[str]) -> Sequence[Row[Any]]:
    """The rows of these roots, where rows are locked."""
    if not roots:
        return ()
    return await work.lock(_ROOTS, ids=sorted(roots))


def by_root(members: Mapping[str, str]) -> dict[str, list[str]]:
    """Members grouped under their roots, in id order."""
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for member in sorted(members):
        grouped[members[member]].append(member)
    return dict(grouped)
