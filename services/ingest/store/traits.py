"""What was said of whoever holds an identifier: a row a name, the latest."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import delete, select

from services.ingest.domain.card import Trait
from services.ingest.domain.identity import identifier
from services.ingest.store.tables import TRAITS
from shared.db.dialect import Upsert, among_given
from shared.db.work import Work

_SAID = select(TRAITS).where(among_given(TRAITS.c.identifier, "identifiers"))
_SAVE = Upsert(TRAITS, conflict=("identifier", "name"), update=("value", "at", "event_id"), newer=("at", "event_id"))


async def keep(work: Work, traits: Iterable[Trait]) -> None:
    """Keep traits; per identifier and name the latest stays."""
    latest: dict[tuple[str, str], Trait] = {}
    for trait in sorted(traits, key=lambda trait: (trait.at, trait.event_id)):
        latest[str(trait.identifier), trait.name] = trait
    await work.write(_SAVE, [(*key, t.value, t.at, t.event_id) for key, t in sorted(latest.items())])


async def of(work: Work, identifiers: Collection[str]) -> Sequence[Trait]:
    """All that was said under some identifiers."""
    rows = await work.rows(_SAID, identifiers=sorted(identifiers))
    return [Trait(identifier(row.identifier), row.name, row.value, row.at, row.event_id) for row in rows]


async def drop(work: Work, traits: Iterable[Trait]) -> None:
    """Delete traits; those under one identifier in one statement."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for trait in traits:
        names[str(trait.identifier)].append(trait.name)
    for holder in sorted(names):
        theirs = work.among(TRAITS.c.name, sorted(names[holder]))
        await work.execute(delete(TRAITS).where(TRAITS.c.identifier == holder, theirs))
