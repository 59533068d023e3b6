"""What was reported in other currencies than a report's: every deal converted once, at the rate of its close, and split
again as its books say; an adjustment at the rate of the deal's close, each change of a deal by itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, select

from services.attribution.domain.converted import Converted, Line, apportioned
from services.attribution.domain.rates import Rates
from services.attribution.domain.report import NONE, Sum
from services.attribution.ports import ReportAsked, Reported, Sums, Won
from services.attribution.store.lines import lines_in
from services.attribution.store.reported import keys_of, within
from services.attribution.store.tables import (
    ADJUSTMENTS,
    CREDITS,
    DEALS,
    PERIODS,
    REPORTED_CREDITS,
    REPORTED_DEALS,
    SUMMED,
)
from shared.db.work import Reader

_KEYS: Mapping[str, ColumnElement[Any]] = {**CREDITS.c, "account": DEALS.c.account_id}
_REPORTED_KEYS: Mapping[str, ColumnElement[Any]] = {**REPORTED_CREDITS.c, "account": REPORTED_DEALS.c.account_id}
_OF_CHANGE = 6
"""The first columns of an adjustment: its month, its deal, its change, its model, its currency, its time."""
_change = itemgetter(slice(0, _OF_CHANGE))


async def with_others(reader: Reader, asked: ReportAsked, rates: Rates, own: Reported) -> Reported:
    """A report with what was won in other currencies; as it was, where the one asked for has no rate."""
    if not rates.knows(asked.currency):
        return own
    others = Converted(asked.currency, rates)
    async for lines in _lines(reader, asked):
        await asyncio.to_thread(others.take, lines)
    found = others.groups[""]
    won = Won(asked.currency, own.won.deals + found.deals, own.won.amount_minor + found.amount_minor)
    left = [Won(currency, one.deals, one.amount_minor) for currency, one in sorted(others.unconverted.items())]
    adjusted = _adjusted(await reader.rows(_adjustments(asked, reader)), rates, asked.currency)
    months = sorted({*own.adjusted, *adjusted})
    return replace(
        own,
        won=won,
        sums=_together(own.sums, others.sums),
        unconverted=left,
        adjusted={month: _moved(own.adjusted.get(month, {}), adjusted.get(month, {})) for month in months},
    )


async def _lines(reader: Reader, asked: ReportAsked) -> AsyncIterator[Sequence[Line]]:
    """The deals in other currencies: of closed months as they were closed, of the others as they are known now."""
    closed_in = (PERIODS.c.since <= SUMMED.c.closed_at, SUMMED.c.closed_at < PERIODS.c.until)
    closed = exists().where(PERIODS.c.closed_at.is_not(None), *closed_in)
    inside = within(SUMMED.c.closed_at, asked)
    async for lines in lines_in(
        reader, asked, SUMMED, CREDITS, and_(SUMMED.c.currency != asked.currency, ~closed, *inside), _KEYS
    ):
        yield lines
    for month in await reader.rows(select(PERIODS.c.id).where(PERIODS.c.closed_at.is_not(None)).order_by(PERIODS.c.id)):
        of_month = (REPORTED_DEALS.c.period == month.id, REPORTED_DEALS.c.currency != asked.currency)
        wanted = and_(*of_month, *within(REPORTED_DEALS.c.closed_at, asked))
        async for lines in lines_in(reader, asked, REPORTED_DEALS, REPORTED_CREDITS, wanted, _REPORTED_KEYS):
            yield lines


def _adjustments(asked: ReportAsked, reader: Reader) -> Any:
    keys = keys_of(asked.keys, ADJUSTMENTS, ADJUSTMENTS)
    table = ADJUSTMENTS.c
    at = func.coalesce(DEALS.c.closed_at, PERIODS.c.until - 1).label("at")
    of_change = (table.period, table.deal_id, table.change, table.model, table.currency, at)
    found = select(*of_change, table.part, table.amount_minor, *keys).join_from(
        ADJUSTMENTS, PERIODS, PERIODS.c.id == table.period
    )
    wanted = (*within(table.at, asked), table.currency != asked.currency, reader.among(table.model, asked.models))
    found = found.outerjoin(DEALS, DEALS.c.id == table.deal_id).where(*wanted)
    return found.order_by(*of_change[:5], table.n)


def _adjusted(rows: Sequence[Row[Any]], rates: Rates, into: str) -> Mapping[str, Sums]:
    found: defaultdict[str, defaultdict[str, defaultdict[tuple[str, ...], Sum]]]
    found = defaultdict(lambda: defaultdict(lambda: defaultdict(Sum)))
    for (month, _, _, model, currency, at), group in groupby(rows, _change):
        changed, rate = list(group), rates.factor(currency, into, at)
        if rate is not None:
            amounts = apportioned([row.amount_minor * rate for row in changed])
            for row, amount in zip(changed, amounts, strict=True):
                key = tuple(value or NONE for value in row[_OF_CHANGE + 2 :])
                found[month][model][key].add(Fraction(row.part), amount, abs(amount))
    return found


def _together(*parts: Sums) -> Sums:
    """Sums added up, without changing what was given."""
    found: dict[str, dict[tuple[str, ...], Sum]] = {}
    for model, key, one in _each(parts):
        held = found.setdefault(model, {}).setdefault(key, Sum())
        held.add(one.deals, one.amount_minor, one.volume)
    return found


def _moved(*parts: Sums) -> Sums:
    """The same of changes; what comes to nothing is left out."""
    whole = _together(*parts)
    return {model: {key: one for key, one in sums.items() if one.amount_minor} for model, sums in whole.items()}


def _each(parts: Iterable[Sums]) -> Iterable[tuple[str, tuple[str, ...], Sum]]:
    return ((model, key, one) for part in parts for model, sums in part.items() for key, one in sums.items())
