"""What became of leads, added up where they lie: a row a lead, and one more for each won deal of theirs."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select

from services.attribution.domain.costs import Entries
from services.attribution.domain.period import Period
from services.attribution.domain.quality import MEASURED, By
from services.attribution.domain.rates import Rates
from services.attribution.domain.report import NONE
from services.attribution.domain.sources import Bought, Counted, Key, Sources
from services.attribution.ports.leads import EnteredAsked, QualityAsked
from services.attribution.store.tables import LEAD_DEALS, LEADS, SUMMED
from shared.db.engine import Database

_STAGES = (LEADS.c.lead_at, LEADS.c.mql_at, LEADS.c.sal_at, LEADS.c.sql_at)
_STEPS = (LEADS.c.mqls, LEADS.c.accepted, LEADS.c.rejected, LEADS.c.contacted)


class SqlQuality:
    """The quality port over a service's store."""

    def __init__(self, database: Database, rates: Rates) -> None:
        self._database = database
        self._rates = rates

    async def quality(self, asked: QualityAsked) -> Sources:
        """What became of everybody who became a lead in a time, by where they came from."""
        keys = _keys(asked.keys, asked.by)
        inside = _within(LEADS.c.lead_at, asked.period)
        steps = [func.sum(step).label(step.name) for step in _STEPS]
        counted = _select(func.count().label("leads"), *steps, LEADS.c.reasons, *keys).where(*inside)
        counted = counted.group_by(*keys, LEADS.c.reasons)
        deals = (SUMMED.c.closed_at, SUMMED.c.currency, SUMMED.c.amount_minor)
        bought = _select(LEADS.c.person_id, LEADS.c.lead_at, *deals, *keys)
        async with self._database.read() as reader:
            leads = await reader.rows(counted)
            won = await reader.rows(_with_deals(bought).where(*inside))
        return await asyncio.to_thread(_added_up, Sources(asked.currency, self._rates), leads, won)

    async def entered(self, asked: EnteredAsked) -> dict[str, Entries]:
        """How many people entered each stage in a time, and how many of their deals closed in it, by where they came
        from."""
        [key] = _keys((asked.key,), asked.by)
        inside = [and_(stage.is_not(None), *_within(stage, asked.period)) for stage in _STAGES]
        counts = [func.sum(case((one, 1), else_=0)) for one in inside]
        stages = _select(key.label("key"), *counts).where(or_(*inside)).group_by(key)
        deals = _select(key.label("key"), func.count().label("deals"))
        deals = _with_deals(deals).where(*_within(SUMMED.c.closed_at, asked.period)).group_by(key)
        async with self._database.read() as reader:
            found = {row[0] or NONE: Entries(*row[1:]) for row in await reader.rows(stages)}
            won = {row.key or NONE: row.deals for row in await reader.rows(deals)}
        return {one: found.get(one, Entries())._replace(won=won.get(one, 0)) for one in sorted({*found, *won})}


def _select(*columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns)


def _keys(names: Sequence[str], by: By) -> list[ColumnElement[str]]:
    return [LEADS.c[f"{by}_{name}" if name in MEASURED else name] for name in names]


def _with_deals(wanted: Select[Any]) -> Select[Any]:
    """Leads with their won deals, one row a deal."""
    own = wanted.join_from(LEADS, LEAD_DEALS, LEAD_DEALS.c.person_id == LEADS.c.person_id)
    return own.join(SUMMED, SUMMED.c.deal_id == LEAD_DEALS.c.deal_id)


def _within(column: ColumnElement[Any], period: Period) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if period.since is not None:
        conditions.append(column >= period.since)
    if period.until is not None:
        conditions.append(column < period.until)
    return conditions


def _added_up(sources: Sources, leads: Sequence[Row[Any]], won: Sequence[Row[Any]]) -> Sources:
    sources.count((_key(row[6:]), _counted(row)) for row in leads)
    sources.win((_key(row[5:]), _bought(row)) for row in won)
    return sources


def _key(values: Sequence[Any]) -> Key:
    return tuple(value or NONE for value in values)


def _counted(row: Row[Any]) -> Counted:
    reasons = () if row.reasons is None else json.decode(row.reasons, type=tuple[str, ...])
    return Counted(row.leads, row.mqls, row.accepted, row.rejected, row.contacted, reasons)


def _bought(row: Row[Any]) -> Bought:
    return Bought(row.person_id, row.lead_at, row.closed_at, row.currency, row.amount_minor)
