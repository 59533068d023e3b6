"""Open deals in SQL: kept with their credits while they are open, read whole, never summed with what was won."""

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, json
from sqlalchemy import ColumnElement, Row, delete, select

from services.attribution.domain.converted import Converted, Line
from services.attribution.domain.credit import Credit
from services.attribution.domain.rates import Rates
from services.attribution.domain.report import NONE
from services.attribution.ports import Derived, OpenDeal, ReportAsked, Won
from services.attribution.ports.money import Pipeline
from services.attribution.store.tables import OPEN_DEALS
from shared.db.dialect import Upsert
from shared.db.engine import Database
from shared.db.work import Work

_DEALS_AT_ONCE = 1_000
_COLUMNS = tuple(column.name for column in OPEN_DEALS.columns)
_KEEP = Upsert(OPEN_DEALS, conflict=("deal_id",), update=_COLUMNS[1:])


class _Earned(Struct, array_like=True):
    """Of a credit, what it can be grouped by, and how much it is."""

    share: str
    part: float
    amount_minor: int
    channel: str
    department: str
    source: str | None
    campaign: str | None
    kind: str | None
    utm_source: str | None
    content: str | None


async def keep_open(work: Work, derived: Sequence[Derived]) -> None:
    """Keep the deals that are open; those that no longer are leave."""
    closed = [one.journey.deal_id for one in derived if one.open is None]
    if closed:
        await work.execute(delete(OPEN_DEALS).where(work.among(OPEN_DEALS.c.deal_id, closed)))
    await work.write(_KEEP, [_row(one.open) for one in derived if one.open is not None])


class PipelineReading:
    """The pipeline port over a service's store."""

    def __init__(self, database: Database, rates: Rates) -> None:
        self._database = database
        self._rates = rates

    async def open(self, asked: ReportAsked) -> Pipeline:
        """The deals that were created in a period and are open, and who earned them; keys begin with the stage."""
        found = Converted(asked.currency, self._rates)
        page = select(OPEN_DEALS).where(*_created_in(asked)).order_by(OPEN_DEALS.c.deal_id).limit(_DEALS_AT_ONCE)
        after = ""
        async with self._database.read() as reader:
            while rows := await reader.rows(page.where(OPEN_DEALS.c.deal_id > after)):
                await asyncio.to_thread(_take, found, rows, asked)
                after = rows[-1].deal_id
        left = [Won(currency, one.deals, one.amount_minor) for currency, one in sorted(found.unconverted.items())]
        return Pipeline(found.groups, found.sums, left)


def _created_in(asked: ReportAsked) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.since is not None:
        conditions.append(OPEN_DEALS.c.created_at >= asked.since)
    if asked.until is not None:
        conditions.append(OPEN_DEALS.c.created_at < asked.until)
    return conditions


def _row(deal: OpenDeal) -> tuple[object, ...]:
    body = {model: [_earned(credit) for credit in earned] for model, earned in deal.credits.items()}
    return (
        deal.deal_id, deal.created_at, deal.stage, deal.account_id, deal.currency, deal.amount_minor, json.encode(body)
    )  # fmt: skip


def _earned(credit: Credit) -> _Earned:
    return _Earned(
        share=str(credit.share),
        part=float(credit.share),
        amount_minor=credit.amount_minor,
        channel=credit.channel,
        department=credit.department,
        source=credit.source,
        campaign=credit.campaign,
        kind=credit.kind,
        utm_source=credit.utm_source,
        content=credit.content,
    )


def _take(found: Converted, rows: Sequence[Row[Any]], asked: ReportAsked) -> None:
    for row in rows:
        found.take(_lines(row, asked))


def _lines(row: Row[Any], asked: ReportAsked) -> list[Line]:
    body = json.decode(row.credits, type=dict[str, list[_Earned]])
    stage = row.stage or NONE
    deal = (row.deal_id, row.created_at, row.currency, row.amount_minor, stage)
    lines = [
        Line(*deal, model, (stage, *_key(one, row, asked)), one.share, one.part, one.amount_minor)
        for model in asked.models
        for one in body.get(model, ())
    ]
    return lines or [Line(*deal, None, (), "", 0.0, 0)]


def _key(earned: _Earned, row: Row[Any], asked: ReportAsked) -> tuple[str, ...]:
    return tuple((row.account_id if name == "account" else getattr(earned, name)) or NONE for name in asked.keys)
