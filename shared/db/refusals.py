"""Who refuses the purpose that a service serves, as the cards of people say it: the highest version holds.

A service keeps no more of a person's consent than this one answer. Whose it is, is told by following aliases: the
card of whoever stands for several ids speaks for all of them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, select

from shared.db.dialect import Id, Upsert, among_given
from shared.db.work import Reader, Work


def refusals_table(metadata: MetaData) -> Table:
    """The table, in a service's own schema. `version` is that of the card."""
    return Table(
        "refusals",
        metadata,
        Column("person_id", Id, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("refused", Boolean, nullable=False),
    )


_REFUSALS = refusals_table(MetaData())
_THEIRS = select(_REFUSALS).where(among_given(_REFUSALS.c.person_id, "ids"))
_REFUSING = _THEIRS.where(_REFUSALS.c.refused)
_KEEP = Upsert(_REFUSALS, conflict=("person_id",), update=("version", "refused"), newer=("version",))


class Answer(NamedTuple):
    """What a card says of the purpose."""

    person_id: str
    version: int
    refused: bool


async def keep(work: Work, answers: Sequence[Answer]) -> set[str]:
    """Keep what cards say; answers the people who refuse now and did not before, or the other way round."""
    if not answers:
        return set()
    newest = {one.person_id: one for one in sorted(answers, key=lambda one: one.version)}
    known = await work.rows(_THEIRS, ids=sorted(newest))
    before = {row.person_id: Answer(row.person_id, row.version, row.refused) for row in known}
    nobody = {person_id: Answer(person_id, -1, refused=False) for person_id in newest.keys() - before.keys()}
    news = [one for one in newest.values() if one.version > (before | nobody)[one.person_id].version]
    await work.write(_KEEP, sorted(news))
    return {one.person_id for one in news if one.refused != (before | nobody)[one.person_id].refused}


async def refusing(reader: Reader, person_ids: Collection[str]) -> Mapping[str, int]:
    """Those of these people who refuse, with the version of the card that says so."""
    return {row.person_id: row.version for row in await reader.rows(_REFUSING, ids=sorted(person_ids))}
