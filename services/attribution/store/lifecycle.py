"""What scoring and hand-off said of people, in SQL: stages by person, promotions by their cause, acts by hand-off."""

from collections.abc import Collection, Mapping

from msgspec import Struct, json
from sqlalchemy import select

from services.attribution.domain.stages import LEAD, LINE, Entered, Moments, by_root, reached
from services.attribution.store.tables import HANDOFF_ACTS, PROMOTIONS, STAGES
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged
from shared.db.dialect import Upsert
from shared.db.work import Reader, Work

_KEEP_STAGES = Upsert(
    STAGES,
    conflict=("person_id",),
    update=("version", "lead_at", "body"),
    newer=("version",),
)
_ADD_PROMOTION = Upsert(PROMOTIONS, conflict=("id",))
_REVISE_PROMOTION = Upsert(PROMOTIONS, conflict=("id",), update=("person_id", "at", "revision"), newer=("revision",))
_KEEP_ACT = Upsert(HANDOFF_ACTS, conflict=("handoff_id", "version"))


class _Entry(Struct):
    """Of a step of a history, what it is about and when it was taken."""

    stage: str
    entered_at: int


async def keep_stages(work: Work, stages: Collection[LeadStageChanged]) -> set[str]:
    """Keep histories; answers whose moment of becoming a lead is another than before."""
    if not stages:
        return set()
    ids = sorted(each.person_id for each in stages)
    kept = select(STAGES.c.person_id, STAGES.c.version, STAGES.c.lead_at)
    before = {row.person_id: row for row in await work.rows(kept.where(work.among(STAGES.c.person_id, ids)))}
    rows = {}
    for each in stages:
        held = before.get(each.person_id)
        if held is None or held.version < each.version:
            rows[each.person_id] = _stages_row(each)
    await work.write(_KEEP_STAGES, [rows[person_id] for person_id in sorted(rows)])
    return {
        person_id
        for person_id, (_, _, lead_at, _) in rows.items()
        if person_id not in before or before[person_id].lead_at != lead_at
    }


async def keep_promotions(work: Work, promotions: Collection[LeadQualified]) -> set[str]:
    """Keep promotions, the highest revision of each; answers whose they were before, of those that are somebody else's.

    Two revisions come by the partitions of two people, so the workers share no other lock than that of the row.
    """
    rows = {
        each.promotion_id: (each.promotion_id, each.cause_event_id, each.person_id, each.at, each.revision)
        for each in sorted(promotions, key=lambda each: each.promotion_id)
    }
    added = await work.write_new(_ADD_PROMOTION, list(rows.values()))
    ids = sorted(rows.keys() - {row[0] for row in added})
    if not ids:
        return set()
    said = select(PROMOTIONS.c.id, PROMOTIONS.c.person_id, PROMOTIONS.c.revision)
    held = await work.locked(said.where(work.among(PROMOTIONS.c.id, ids)).order_by(PROMOTIONS.c.id))
    moved = [row for row in held if row.revision < rows[row.id][-1]]
    await work.write(_REVISE_PROMOTION, [rows[row.id] for row in moved])
    return {row.person_id for row in moved}


async def keep_acts(work: Work, acts: Collection[HandoffActed]) -> None:
    """Keep acts of sales; one that is there stays."""
    rows = [
        (each.handoff_id, each.version, each.promotion_id, each.person_id, each.act, each.at, each.reason)
        for each in sorted(acts, key=lambda each: (each.handoff_id, each.version))
    ]
    await work.write(_KEEP_ACT, rows)


async def leads_of(reader: Reader, members: Mapping[str, str]) -> dict[str, int]:
    """By root, when each of these people became a lead, of those who did."""
    said = select(STAGES.c.person_id, STAGES.c.lead_at).where(reader.among(STAGES.c.person_id, sorted(members)))
    return by_root({row.person_id: row.lead_at for row in await reader.rows(said)}, members)


async def moments_of(reader: Reader, members: Mapping[str, str]) -> dict[str, Moments]:
    """By root, when each of these people entered the stages of the line, of those with a history."""
    said = select(STAGES.c.person_id, STAGES.c.body).where(reader.among(STAGES.c.person_id, sorted(members)))
    histories = {row.person_id: json.decode(row.body, type=list[_Entry]) for row in await reader.rows(said)}
    moments = {stage: by_root(_reached(histories, stage), members) for stage in LINE}
    roots = {members[person] for person in histories}
    return {root: Moments(*(moments[stage].get(root) for stage in LINE)) for root in roots}


def _reached(histories: Mapping[str, Collection[_Entry]], stage: str) -> dict[str, int | None]:
    return {person_id: reached(map(_entered, history), stage) for person_id, history in histories.items()}


def _entered(entry: _Entry) -> Entered:
    return Entered(entry.stage, entry.entered_at)


def _stages_row(each: LeadStageChanged) -> tuple[str, int, int | None, bytes]:
    history = [Entered(entry.stage, entry.entered_at) for entry in each.history]
    return each.person_id, each.version, reached(history, LEAD), json.encode(each.history)
