"""Reports: sums that are kept, for the months and days that lie whole in a period; its ends are added up when asked.

What is read of sums and what was won come from one statement, so that they agree whatever is being written meanwhile.
A currency that no sums are kept in is converted deal by deal, in pages, in a thread beside the loop.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from msgspec import Struct, json
from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    Row,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from services.attribution.domain.converted import Converted
from services.attribution.domain.paths.closed import Closed
from services.attribution.domain.period import Cover, Period, cover
from services.attribution.domain.rates import Rates
from services.attribution.domain.report import NONE
from services.attribution.ports import ReportAsked, Reported, Won
from services.attribution.store import reported, sums
from services.attribution.store.lines import OF_PEOPLE, beside, lines_in
from services.attribution.store.reported_elsewhere import with_others
from services.attribution.store.tables import CREDITS, DEALS, JOURNEYS, MODEL_SUMS, SUMMED, SUMMED_MODELS, WON_SUMS
from shared.db.engine import Database
from shared.db.work import Reader
from shared.kernel.instant import DAY

_JOURNEYS_AT_ONCE = 1_000
"""A journey with all that is said of it may take kilobytes; of each, its channels are kept."""
_WON = ""
"""Stands where a model does, in the rows of what was won."""
_WHOLE, _END = "whole", "end"
"""Of a row of what was won: whether it is of months and days, or of what is left at the ends."""
_SUMMED_KEYS: Mapping[str, ColumnElement[Any]] = {
    **{name: MODEL_SUMS.c[name] for name in sums.KEYS},
    "day": cast(MODEL_SUMS.c.start, Text),
}
_KEYS: Mapping[str, ColumnElement[Any]] = {
    **{name: CREDITS.c[name] for name in (*sums.KEYS, "content")},
    **OF_PEOPLE,
    "account": DEALS.c.account_id,
    "day": cast(SUMMED.c.closed_at - SUMMED.c.closed_at % DAY, Text),
}


class _Met(Struct):
    """Of an interaction, no more than its channel."""

    channel: str


class _Walked(Struct):
    """Of a journey, no more than what it met."""

    counted: list[_Met]


class SqlReports:
    """The report port over a service's store; `base` is the currency that sums are kept in beside deals' own."""

    def __init__(self, database: Database, rates: Rates, base: str) -> None:
        self._database = database
        self._rates = rates
        self._base = base

    async def report(self, asked: ReportAsked) -> Reported:
        """What was won, and who earned it."""
        if asked.view == "as_reported":
            async with self._database.read() as reader:
                rows = await reader.rows(reported.statement(asked, reader))
                whole = await with_others(reader, asked, self._rates, reported.told(rows, asked))
                return replace(whole, account_names=await _account_names(asked, reader))
        cut = _cut(asked)
        converting = self._rates.knows(asked.currency)
        one_by_one = (cut.ends if asked.currency == self._base else (asked.period,)) if converting else ()
        found = Converted(asked.currency, self._rates)
        async with self._database.read() as reader:
            rows = await reader.rows(_statement(asked, cut, reader))
            # Told by what is read one by one, where anything is: what it has no rate for is known there.
            counted = {_WHOLE} if asked.currency == self._base else set()
            _take(rows, found, counted if converting else {_WHOLE, _END})
            for period in one_by_one:
                foreign = and_(SUMMED.c.currency != asked.currency, *_within(SUMMED.c.closed_at, period))
                async for lines in lines_in(reader, asked, SUMMED, CREDITS, foreign, _KEYS):
                    await asyncio.to_thread(found.take, lines)
            names = await _account_names(asked, reader)
        won = found.groups[""]
        left = [Won(currency, one.deals, one.amount_minor) for currency, one in sorted(found.unconverted.items())]
        return Reported(
            Won(asked.currency, won.deals, won.amount_minor),
            found.sums,
            [one for one in left if one.deals],
            account_names=names,
        )

    async def closed(self, asked: ReportAsked) -> Sequence[Closed]:
        """The deals that a report is about, and those that were lost in the same time."""
        found: list[Closed] = []
        wanted = [or_(DEALS.c.status == "won", DEALS.c.status == "lost"), *_within(DEALS.c.closed_at, asked.period)]
        columns = (DEALS.c.id, DEALS.c.status, DEALS.c.amount_minor, DEALS.c.currency, DEALS.c.closed_at)
        paged = select(*columns, JOURNEYS.c.body).where(*wanted)
        paged = paged.join(JOURNEYS, JOURNEYS.c.deal_id == DEALS.c.id).order_by(DEALS.c.id).limit(_JOURNEYS_AT_ONCE)
        after = ""
        async with self._database.read() as reader:
            while rows := await reader.rows(paged.where(DEALS.c.id > after)):
                found.extend(closed for row in rows if (closed := self._closed(row, asked.currency)) is not None)
                after = rows[-1].id
        return found

    def _closed(self, row: Row[Any], into: str) -> Closed | None:
        """A deal that was won or lost; None where what was won has no rate."""
        channels = tuple(met.channel for met in json.decode(row.body, type=_Walked).counted)
        if row.status == "lost":
            return Closed(channels, None)
        amount = self._rates.converted(row.amount_minor, row.currency, into, row.closed_at)
        return None if amount is None else Closed(channels, amount)


async def _account_names(asked: ReportAsked, reader: Reader) -> dict[str, str]:
    """What the accounts of these deals are called by the deal that closed last, of those that say so."""
    if "account" not in asked.keys:
        return {}
    named = select(DEALS.c.account_id, DEALS.c.account_name).where(
        DEALS.c.status == "won", *_within(DEALS.c.closed_at, asked.period), DEALS.c.account_name.is_not(None)
    )
    rows = await reader.rows(named.order_by(DEALS.c.closed_at, DEALS.c.id))
    return {row.account_id: row.account_name for row in rows}


def _cut(asked: ReportAsked) -> Cover:
    """What of the period is answered by month, by day, and by reading credits."""
    if not (set(asked.keys) <= _SUMMED_KEYS.keys() and set(asked.models) <= {*SUMMED_MODELS}):
        return Cover((), (), (asked.period,))
    cut = cover(asked.period)
    if "day" not in asked.keys:
        return cut
    return Cover((), cut.months + cut.days, cut.ends)


def _take(rows: Sequence[Row[Any]], found: Converted, counted: set[str]) -> None:
    """Add rows up; `counted` are the parts of the period in which what is not converted is told by these rows."""
    for row in rows:
        deals, amount = row.deals, int(row.amount)
        if row.model != _WON:
            if deals > 0:
                key = tuple(value or NONE for value in (row.first, row.second, row.third) if value is not None)
                found.sums[row.model][key].add(Fraction(deals), amount, int(row.volume))
        else:
            if row.second == found.into:
                found.groups[""].add(int(deals), amount)
            if row.first != found.into and row.third in counted:
                sign = 1 if row.first == row.second else -1
                found.unconverted[row.first].add(sign * int(deals), sign * int(row.volume))


def _statement(asked: ReportAsked, cut: Cover, reader: Reader) -> Any:
    spans = [("month", period) for period in cut.months] + [("day", period) for period in cut.days]
    parts = [
        *(_won_whole(asked, span, period) for span, period in spans),
        *(_won_end(period) for period in cut.ends),
        *(part for n, (span, period) in enumerate(spans) for part in _earned_whole(asked, span, period, f"whole_{n}")),
        *(_earned_end(asked, period, reader) for period in cut.ends),
    ]
    return union_all(*parts)


def _labelled(*columns: ColumnElement[Any]) -> Select[Any]:
    names = ("model", "first", "second", "third", "deals", "amount", "volume")
    return select(*(column.label(name) for name, column in zip(names, columns, strict=True)))


def _won_whole(asked: ReportAsked, span: str, period: Period) -> Select[Any]:
    """What was won by currency: as it was, and in the report's; its own amount stands for the volume."""
    summed = [
        cast(func.sum(WON_SUMS.c.deals), Double),
        func.sum(WON_SUMS.c.amount_minor),
        func.sum(WON_SUMS.c.own_minor),
    ]
    told = _labelled(literal(_WON), WON_SUMS.c.currency, WON_SUMS.c.reported_in, literal(_WHOLE), *summed)
    ours = or_(WON_SUMS.c.reported_in == WON_SUMS.c.currency, WON_SUMS.c.reported_in == asked.currency)
    wanted = (WON_SUMS.c.span == span, *_within(WON_SUMS.c.start, period), ours)
    return told.where(*wanted).group_by(WON_SUMS.c.currency, WON_SUMS.c.reported_in)


def _won_end(period: Period) -> Select[Any]:
    amount = func.sum(SUMMED.c.amount_minor)
    summed = [cast(func.count(), Double), amount, amount]
    told = _labelled(literal(_WON), SUMMED.c.currency, SUMMED.c.currency, literal(_END), *summed)
    return told.where(*_within(SUMMED.c.closed_at, period)).group_by(SUMMED.c.currency)


def _earned_whole(asked: ReportAsked, span: str, period: Period, name: str) -> list[Select[Any]]:
    """Read once for all models, and told by each."""
    keys = [_SUMMED_KEYS[name] for name in asked.keys]
    table = MODEL_SUMS.c
    summed = [func.sum(table[name]).label(name) for model in asked.models for name in sums.names_of(model)]
    names = ("first", "second", "third")
    grouped = select(*(key.label(name) for name, key in zip(names, _three(keys), strict=True)), *summed)
    wanted = (table.span == span, table.reported_in == asked.currency, *_within(table.start, period))
    read = grouped.where(*wanted).group_by(*keys).cte(name)
    return [_of_model(read, model) for model in asked.models]


def _of_model(read: CTE, model: str) -> Select[Any]:
    parts, amount, volume = (read.c[name] for name in sums.names_of(model))
    told = (read.c.first, read.c.second, read.c.third, cast(parts, Double) / sums.UNIT, amount, volume)
    return _labelled(literal(model), *told)


def _earned_end(asked: ReportAsked, period: Period, reader: Reader) -> Select[Any]:
    keys = [func.coalesce(_KEYS[name], "") for name in asked.keys]
    table = CREDITS.c
    summed = [func.sum(table.part), func.sum(table.amount_minor), func.sum(func.abs(table.amount_minor))]
    told = _labelled(table.model, *_three(keys), *summed).join_from(CREDITS, SUMMED, SUMMED.c.deal_id == table.deal_id)
    told = beside(told, asked.keys, SUMMED, CREDITS)
    wanted = (SUMMED.c.currency == asked.currency, reader.among(table.model, asked.models))
    return told.where(*wanted, *_within(SUMMED.c.closed_at, period)).group_by(table.model, *keys)


def _three(keys: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [*keys, *(cast(null(), Text) for _ in range(3 - len(keys)))]


def _within(column: ColumnElement[Any], period: Period) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if period.since is not None:
        conditions.append(column >= period.since)
    if period.until is not None:
        conditions.append(column < period.until)
    return conditions
