"""What scoring and hand-off said of people, in SQL: stages by person, promotions by their cause, acts by hand-off."""

from collections.abc import Collection, Mapping

from msgspec import json
from sqlalchemy import ColumnElement, select

from services.attribution.domain.stages import LEAD, QUALIFIED, Entered, by_root, reached
from services.attribution.store.tables import HANDOFF_ACTS, PROMOTIONS, STAGES
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged
from shared.db.dialect import Upsert
from shared.db.work import Reader, Work

_KEEP_STAGES = Upsert(
    STAGES,
    conflict=("person_id",),
    update=("version", "lead_at", "qualified_at", "body"),
    newer=("version",),
)
_KEEP_PROMOTION = Upsert(PROMOTIONS, conflict=("id",))
_KEEP_ACT = Upsert(HANDOFF_ACTS, conflict=("handoff_id", "version"))


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
        for person_id, (_, _, lead_at, _, _) in rows.items()
        if person_id not in before or before[person_id].lead_at != lead_at
    }


async def keep_promotions(work: Work, promotions: Collection[LeadQualified]) -> None:
    """Keep promotions; one that is there stays."""
    rows = [(each.promotion_id, each.cause_event_id, each.person_id, each.at) for each in promotions]
    await work.write(_KEEP_PROMOTION, sorted(rows))


async def keep_acts(work: Work, acts: Collection[HandoffActed]) -> None:
    """Keep acts of sales; one that is there stays."""
    rows = [
        (each.handoff_id, each.version, each.promotion_id, each.person_id, each.act, each.at, each.reason)
        for each in sorted(acts, key=lambda each: (each.handoff_id, each.version))
    ]
    await work.write(_KEEP_ACT, rows)


async def leads_of(reader: Reader, members: Mapping[str, str]) -> dict[str, int]:
    """By root, when each of these people became a lead, of those who did."""
    return await _moments(reader, STAGES.c.lead_at, members)


async def qualified_of(reader: Reader, members: Mapping[str, str]) -> dict[str, int]:
    """By root, when each of these people qualified, of those who did."""
    return await _moments(reader, STAGES.c.qualified_at, members)


async def _moments(reader: Reader, moment: ColumnElement[int | None], members: Mapping[str, str]) -> dict[str, int]:
    said = select(STAGES.c.person_id, moment.label("at")).where(reader.among(STAGES.c.person_id, sorted(members)))
    return by_root({row.person_id: row.at for row in await reader.rows(said)}, members)


def _stages_row(each: LeadStageChanged) -> tuple[str, int, int | None, int | None, bytes]:
    history = [Entered(entry.stage, entry.entered_at) for entry in each.history]
    body = json.encode(each.history)
    return each.person_id, each.version, reached(history, LEAD), reached(history, QUALIFIED), body
