"""Closed months in SQL: frozen in one transaction that holds the month's row, so that whatever is written to it
meanwhile is either in what is frozen or an adjustment to it, never both and never neither.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import ColumnElement, Row, Select, Table, and_, func, insert, literal, null, select, tuple_, update

from services.attribution.domain.books import ATTRIBUTES
from services.attribution.domain.cause import Cause, Reason
from services.attribution.domain.month import Month, month
from services.attribution.domain.report import NONE
from services.attribution.domain.rules import Rules
from services.attribution.ports import Won
from services.attribution.ports.books import Adjusted, BookedMonth, CreditChange, Totals
from services.attribution.store.books import ensure_months
from services.attribution.store.reported import keys_of
from services.attribution.store.tables import (
    ADJUSTMENTS,
    CREDIT_CHANGES,
    CREDITS,
    DEALS,
    JOURNEYS,
    PERIODS,
    REPORTED_CREDITS,
    REPORTED_DEALS,
)
from shared.db.engine import Database
from shared.db.work import Reader, Work

_DEALS_AT_ONCE = 500
"""Each with some eighty credits: a statement stays well under a second, also where it holds up the process."""
_BOOKED = (*ATTRIBUTES, "part", "amount_minor")


class SqlPeriods:
    """The periods port over a service's store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def close(self, month: Month, rules: Rules, now: int) -> BookedMonth:
        """Freeze what the deals closed in a month earned; one that is closed already stays as it was."""
        own = PERIODS.c.id == month.id
        async with self._database.work() as work:
            await ensure_months(work, [month.id])
            (standing,) = await work.locked(select(PERIODS.c.closed_at).where(own))
            if standing.closed_at is None:
                await _freeze(work, month)
                closed = update(PERIODS).where(own)
                await work.execute(closed.values(closed_at=now, charter=rules.version, agreed=rules.agreed))
        return await self.period(month)

    async def period(self, month: Month) -> BookedMonth:
        """A month, closed or not."""
        known = _won(literal(month.id), DEALS).where(_won_in(month.since, month.until))
        async with self._database.read() as reader:
            row = await reader.first(select(PERIODS).where(PERIODS.c.id == month.id))
            return _told(month, row, await _reported(reader, [month.id]), await _totals(reader, known))

    async def closed(self, limit: int, after: str | None) -> Sequence[BookedMonth]:
        """The closed months in their order, those after one."""
        wanted = select(PERIODS).where(PERIODS.c.closed_at.is_not(None)).order_by(PERIODS.c.id).limit(limit)
        known = _won(PERIODS.c.id, DEALS).join_from(PERIODS, DEALS, _won_in(PERIODS.c.since, PERIODS.c.until))
        async with self._database.read() as reader:
            rows = await reader.rows(wanted if after is None else wanted.where(PERIODS.c.id > after))
            ids = [row.id for row in rows]
            reported = await _reported(reader, ids)
            totals = await _totals(reader, known.where(reader.among(PERIODS.c.id, ids)))
        return [_told(month(row.id), row, reported, totals) for row in rows]

    async def adjustments(
        self, month: Month, model: str, keys: Sequence[str], limit: int, after: tuple[str | int, ...] | None
    ) -> Sequence[Adjusted]:
        """What was added to a month since it was closed, in the order in which it became known."""
        found = _grouped(month, model, keys).subquery()
        place = (found.c.at, found.c.deal_id, found.c.change, found.c.n)
        wanted = select(found).order_by(*place).limit(limit)
        if after is not None:
            wanted = wanted.where(tuple_(*place) > tuple_(*(literal(part) for part in after)))
        async with self._database.read() as reader:
            return [_adjusted(row, len(keys)) for row in await reader.rows(wanted)]

    async def changes(self, deal_id: str, limit: int, after: int) -> Sequence[CreditChange] | None:
        """The changes of a deal's credit after the `after`th; None where nobody has heard of the deal."""
        kept = select(CREDIT_CHANGES).where(CREDIT_CHANGES.c.deal_id == deal_id, CREDIT_CHANGES.c.n >= after)
        async with self._database.read() as reader:
            if await reader.first(select(DEALS.c.id).where(DEALS.c.id == deal_id)) is None:
                return None
            # One more on either side: what was before the first, and whether there is more after the last.
            rows = await reader.rows(kept.order_by(CREDIT_CHANGES.c.n).limit(limit + 1))
        totals = {row.n: Totals(row.currency, json.decode(row.body)) for row in rows}
        return [_change(row, totals) for row in rows if row.n > after][:limit]


async def _freeze(work: Work, month: Month) -> None:
    names = ["period", "deal_id", "closed_at", "amount_minor", "currency", "account_id", "charter"]
    deals = select(
        literal(month.id), DEALS.c.id, DEALS.c.closed_at, DEALS.c.amount_minor, DEALS.c.currency, DEALS.c.account_id,
        JOURNEYS.c.charter,
    )  # fmt: skip
    deals = deals.join_from(DEALS, JOURNEYS, JOURNEYS.c.deal_id == DEALS.c.id)
    deals = deals.where(_won_in(month.since, month.until))
    await work.execute(insert(REPORTED_DEALS).from_select(names, deals))
    own = select(REPORTED_DEALS.c.deal_id).where(REPORTED_DEALS.c.period == month.id)
    paged = own.order_by(REPORTED_DEALS.c.deal_id).limit(_DEALS_AT_ONCE)
    booked = [CREDITS.c[name] for name in _BOOKED]
    earned = select(literal(month.id), CREDITS.c.deal_id, CREDITS.c.model, CREDITS.c.n, *booked)
    names = ["period", "deal_id", "model", "n", *_BOOKED]
    after = ""
    while rows := await work.rows(paged.where(REPORTED_DEALS.c.deal_id > after)):
        some = earned.where(work.among(CREDITS.c.deal_id, [row.deal_id for row in rows]))
        await work.execute(insert(REPORTED_CREDITS).from_select(names, some))
        after = rows[-1].deal_id


def _won_in(since: Any, until: Any) -> ColumnElement[bool]:
    return and_(DEALS.c.status == "won", DEALS.c.closed_at >= since, DEALS.c.closed_at < until)


def _won(period: ColumnElement[str], deals: Table) -> Select[Any]:
    """What was won in each period and currency."""
    counted = select(period.label("period"), deals.c.currency, func.count().label("deals"))
    return counted.add_columns(func.sum(deals.c.amount_minor).label("amount")).group_by(period, deals.c.currency)


async def _totals(reader: Reader, wanted: Select[Any]) -> Mapping[str, list[Won]]:
    found: dict[str, list[Won]] = {}
    for row in await reader.rows(wanted.order_by(wanted.selected_columns.currency)):
        found.setdefault(row.period, []).append(Won(row.currency, int(row.deals), int(row.amount)))
    return found


async def _reported(reader: Reader, periods: Sequence[str]) -> Mapping[str, list[Won]]:
    period = REPORTED_DEALS.c.period
    return await _totals(reader, _won(period, REPORTED_DEALS).where(reader.among(period, periods)))


def _grouped(month: Month, model: str, keys: Sequence[str]) -> Select[Any]:
    """The adjustments of a month by change and key; what cancels out under a key is left out."""
    of_change = [ADJUSTMENTS.c[name] for name in ("at", "deal_id", "change", "cause", "event_id", "currency")]
    columns = keys_of(keys, ADJUSTMENTS, ADJUSTMENTS)
    amount = func.sum(ADJUSTMENTS.c.amount_minor)
    grouped = select(
        *of_change,
        columns[0].label("first"),
        (columns[1] if len(columns) > 1 else null()).label("second"),
        func.min(ADJUSTMENTS.c.n).label("n"),
        amount.label("amount_minor"),
    )
    wanted = grouped.where(ADJUSTMENTS.c.period == month.id, ADJUSTMENTS.c.model == model)
    return wanted.group_by(*of_change, *columns).having(amount != 0)


def _told(
    span: Month, row: Row[Any] | None, reported: Mapping[str, list[Won]], known: Mapping[str, list[Won]]
) -> BookedMonth:
    totals = reported.get(span.id, []), known.get(span.id, [])
    return (
        BookedMonth(span, None, None, None, *totals)
        if row is None
        else BookedMonth(span, row.closed_at, row.charter, row.agreed, *totals)
    )


def _adjusted(row: Row[Any], keys: int) -> Adjusted:
    return Adjusted(
        (row.at, row.deal_id, row.change, row.n),
        row.deal_id,
        tuple(value or NONE for value in (row.first, row.second)[:keys]),
        int(row.amount_minor),
        row.currency,
        row.at,
        Reason(Cause(row.cause), row.event_id),
    )


def _change(row: Row[Any], totals: Mapping[int, Totals]) -> CreditChange:
    reason = Reason(Cause(row.cause), row.event_id)
    return CreditChange(row.n, row.at, reason, row.status, row.charter, totals.get(row.n - 1), totals[row.n])
