"""The statement of a report, and what its rows tell: sums and what was won, in one, so that they agree.

As reported: the books of closed months and today's credit of the others; what became known of closed months in the
time asked for stands beside it. Only what was won in the currency asked for; the rest: store/reported_elsewhere.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, exists, func, literal, null, select, union_all
from sqlalchemy.sql.selectable import CompoundSelect

from services.attribution.domain.report import NONE, Sum
from services.attribution.ports import ExportAsked, ReportAsked, Reported, Sums, Won
from services.attribution.store.tables import (
    ADJUSTMENTS,
    CREDITS,
    DEALS,
    PERIODS,
    REPORTED_CREDITS,
    REPORTED_DEALS,
)
from shared.db.work import Reader

_WON = ""
"""Stands where a model does, in the rows of what was won."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Deals, their credits, and which of them there are in it."""

    deals: FromClause
    credits: FromClause
    together: ColumnElement[bool]
    where: tuple[ColumnElement[bool], ...] = ()


_of_a_closed_month = exists().where(
    PERIODS.c.closed_at.is_not(None), PERIODS.c.since <= DEALS.c.closed_at, DEALS.c.closed_at < PERIODS.c.until
)
_KNOWN = _Source(DEALS, CREDITS, DEALS.c.id == CREDITS.c.deal_id, (DEALS.c.status == "won",))
_NOT_CLOSED = _Source(DEALS, CREDITS, _KNOWN.together, (*_KNOWN.where, ~_of_a_closed_month))
_CLOSED = _Source(
    REPORTED_DEALS,
    REPORTED_CREDITS,
    and_(REPORTED_DEALS.c.period == REPORTED_CREDITS.c.period, REPORTED_DEALS.c.deal_id == REPORTED_CREDITS.c.deal_id),
)


def within(column: ColumnElement[Any], asked: ReportAsked | ExportAsked) -> list[ColumnElement[bool]]:
    """That a time is in the time asked for: `from` inclusive, `to` exclusive."""
    conditions: list[ColumnElement[bool]] = []
    if asked.since is not None:
        conditions.append(column >= asked.since)
    if asked.until is not None:
        conditions.append(column < asked.until)
    return conditions


def keys_of(names: Iterable[str], earned: FromClause, deals: FromClause) -> list[ColumnElement[Any]]:
    """The columns that credits are grouped by."""
    return [deals.c.account_id if name == "account" else earned.c[name] for name in names]


def statement(asked: ReportAsked, reader: Reader) -> CompoundSelect[Any]:
    """The one statement of a report as reported."""
    sources = (_CLOSED, _NOT_CLOSED)
    parts = [part for source in sources for part in (_totals(asked, source), _earned(asked, source, reader))]
    return union_all(*parts, _adjusted(asked, reader))


def told(rows: Sequence[Row[Any]], asked: ReportAsked) -> Reported:
    """What the rows of the statement say."""
    won: dict[str, Won] = {}
    sums: defaultdict[str, defaultdict[str, defaultdict[tuple[str, ...], Sum]]]
    sums = defaultdict(lambda: defaultdict(lambda: defaultdict(Sum)))
    for row in rows:
        if row.model == _WON:
            held = won.get(row.first, Won(row.first, 0, 0))
            won[row.first] = Won(row.first, held.deals + int(row.deals), held.amount_minor + int(row.amount))
        else:
            key = tuple(value or NONE for value in (row.first, row.second)[: len(asked.keys)])
            sums[row.period][row.model][key].add(Fraction(row.deals), int(row.amount), int(row.volume))
    own: Sums = sums.pop("", {})
    ours = won.pop(asked.currency, Won(asked.currency, 0, 0))
    others = [won[currency] for currency in sorted(won)]
    return Reported(ours, own, others, {period: sums[period] for period in sorted(sums)})


def _totals(asked: ReportAsked, source: _Source) -> Select[Any]:
    deals = source.deals
    amount = func.sum(deals.c.amount_minor)
    counted = select(
        literal("").label("period"),
        literal(_WON).label("model"),
        deals.c.currency.label("first"),
        null().label("second"),
        func.count().label("deals"),
        amount.label("amount"),
        amount.label("volume"),
    )
    return counted.where(*source.where, *within(deals.c.closed_at, asked)).group_by(deals.c.currency)


def _earned(asked: ReportAsked, source: _Source, reader: Reader) -> Select[Any]:
    deals, earned = source.deals, source.credits
    keys = keys_of(asked.keys, earned, deals)
    summed = _summed(literal(""), earned, keys).join_from(earned, deals, source.together)
    return summed.where(
        *source.where,
        *within(deals.c.closed_at, asked),
        deals.c.currency == asked.currency,
        reader.among(earned.c.model, asked.models),
    ).group_by(earned.c.model, *keys)


def _adjusted(asked: ReportAsked, reader: Reader) -> Select[Any]:
    keys = keys_of(asked.keys, ADJUSTMENTS, ADJUSTMENTS)
    summed = _summed(ADJUSTMENTS.c.period, ADJUSTMENTS, keys).where(
        *within(ADJUSTMENTS.c.at, asked),
        ADJUSTMENTS.c.currency == asked.currency,
        reader.among(ADJUSTMENTS.c.model, asked.models),
    )
    amount = func.sum(ADJUSTMENTS.c.amount_minor)
    return summed.group_by(ADJUSTMENTS.c.period, ADJUSTMENTS.c.model, *keys).having(amount != 0)


def _summed(period: ColumnElement[Any], earned: FromClause, keys: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return select(
        period,
        earned.c.model,
        keys[0],
        keys[1] if len(keys) > 1 else null(),
        func.sum(earned.c.part),
        func.sum(earned.c.amount_minor),
        func.sum(func.abs(earned.c.amount_minor)),
    )
