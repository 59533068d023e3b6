"""`GET /v1/attribution`: what was won, by each model and by what was asked.

Rule models are sums that the store keeps; models that learn from all journeys work when they are asked for, in a
thread beside the loop.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from services.attribution.api import asking
from services.attribution.api.periods import AskedPeriod
from services.attribution.api.schemas import (
    Adjusted,
    AdjustedModel,
    AdjustedRow,
    ModelReport,
    Report,
    ReportRow,
    SpentAmount,
    Unconverted,
    UnconvertedSpend,
    WonAmount,
)
from services.attribution.domain import report as summing
from services.attribution.domain import returns
from services.attribution.domain.paths.closed import learn
from services.attribution.domain.paths.study import LEARNED
from services.attribution.domain.report import KEYS, Row, Sum
from services.attribution.domain.returns import SPENT_ON, Spent
from services.attribution.domain.rules import Rules
from services.attribution.ports import ReportAsked, Reported, Reports, Sums, View
from services.attribution.ports.money import SpendRead
from shared.kernel import money
from shared.kernel.errors import Conflict, Reject
from shared.web.auth import Scope, require

GROUPS = (*KEYS, "account")
OF_PEOPLE = ("persona", "heard_from")
"""What is known of whose interaction it was; no closed month names anybody, so it knows neither."""
INCREMENTAL = "incremental"
"""Lift against a hold-out, which no charter records so far."""
DIGITS = 6
"""Of shares and of parts of deals: past this a float is noise."""


def router(reading: Reports, spending: SpendRead, rules: Rules) -> APIRouter:
    """The routes of reports."""
    routes = APIRouter(tags=["attribution"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/attribution")
    async def attribution(
        period: AskedPeriod,
        models: Annotated[
            str, Query(description=f"Names with commas, also {', '.join(LEARNED)}; all rule models.")
        ] = "",
        group_by: Annotated[
            str, Query(description=f"One or two with a comma: {', '.join((*GROUPS, *OF_PEOPLE))}.")
        ] = "channel",
        currency: Annotated[str | None, Query(description="ISO 4217; the charter's.")] = None,
        view: Annotated[
            View, Query(description="Closed months as they were closed, or all as known now.")
        ] = "as_known",
    ) -> Report:
        """Won amounts, shared by each model over what they are grouped by."""
        asked = ReportAsked(
            models=asking.named("models", models, (*rules.models, *LEARNED, INCREMENTAL)) or tuple(rules.models),
            keys=asking.keys(group_by, (*GROUPS, *OF_PEOPLE)),
            currency=rules.currency if currency is None else money.currency_code(currency),
            since=period.since,
            until=period.until,
            view=view,
        )
        if INCREMENTAL in asked.models:
            raise no_hold_out()
        if view == "as_reported" and not set(asked.keys).isdisjoint(OF_PEOPLE):
            raise Reject("bad_group", f"{', '.join(OF_PEOPLE)} only as known: books name nobody", "group_by")
        learned = tuple(name for name in asked.models if name in LEARNED)
        if learned and asked.keys != ("channel",):
            raise Reject("bad_group", f"{', '.join(learned)} by channel alone", "group_by")
        if learned and view == "as_reported":
            raise Reject("bad_view", f"{', '.join(learned)} only as known: what they learn from changes", "view")
        kept = tuple(name for name in asked.models if name not in learned)
        reported = await reading.report(replace(asked, models=kept))
        spend = await _spent(spending, asked, rules)
        if not learned:
            return _shown(reported, spend, asked, rules)
        closed = await reading.closed(asked)
        found = await asyncio.to_thread(learn, closed, learned, reported.won.amount_minor)
        shown = _shown(replace(reported, sums={**reported.sums, **found.sums}), spend, asked, rules)
        return replace(shown, warnings=list(found.warnings))

    return routes


def no_hold_out() -> Conflict:
    """What whoever asks for lift is answered."""
    return Conflict("the charter records no hold-out, and lift is told against nothing else")


async def _spent(spending: SpendRead, asked: ReportAsked, rules: Rules) -> Spent | None:
    """What was spent in the time of a report; None where it is grouped by what no spend is known by."""
    if not set(asked.keys) <= SPENT_ON:
        return None
    lines = await spending.lines(asked.period, asked.currency)
    return returns.spent(lines, asked.keys, asked.currency, rules.rates)


def _shown(reported: Reported, spend: Spent | None, asked: ReportAsked, rules: Rules) -> Report:
    amount = reported.won.amount_minor
    return Report(
        currency=asked.currency,
        agreed_model=rules.agreed,
        group_by=list(asked.keys),
        deals=reported.won.deals,
        won=WonAmount(amount),
        models={name: ModelReport(_rows(reported, name, spend, asked.keys), amount) for name in asked.models},
        unconverted=[Unconverted(one.currency, one.deals, one.amount_minor) for one in reported.unconverted],
        view=asked.view,
        adjustments=[_adjusted(period, sums, asked) for period, sums in reported.adjusted.items()],
        spend=None if spend is None else SpentAmount(spend.amount_minor),
        unconverted_spend=[UnconvertedSpend(*one) for one in spend.unconverted.items()] if spend else [],
    )


def _adjusted(period: str, sums: Sums, asked: ReportAsked) -> Adjusted:
    models = {name: _changes(sums.get(name, {})) for name in asked.models}
    return Adjusted(
        period, {name: AdjustedModel(rows, sum(row.amount_minor for row in rows)) for name, rows in models.items()}
    )


def _changes(sums: Mapping[tuple[str, ...], Sum]) -> list[AdjustedRow]:
    rows = sorted(sums.items(), key=lambda row: (-abs(row[1].amount_minor), row[0]))
    return [AdjustedRow(asking.shown_key(key), row.amount_minor) for key, row in rows]


def _rows(reported: Reported, model: str, spend: Spent | None, keys: tuple[str, ...]) -> list[ReportRow]:
    sums = reported.sums.get(model, {})
    rows = summing.ranked(sums if spend is None else returns.with_spend(sums, spend))
    ordered = summing.departments(rows) if keys == ("department",) else rows
    return [_row(row, _name(row, reported, keys), spend) for row in ordered]


def _name(row: Row, reported: Reported, keys: tuple[str, ...]) -> str | None:
    return reported.account_names.get(row.key[keys.index("account")]) if "account" in keys else None


def _row(row: Row, name: str | None, spend: Spent | None) -> ReportRow:
    key, deals, share = asking.shown_key(row.key), round(float(row.deals), DIGITS), round(float(row.share), DIGITS)
    shown = ReportRow(key, deals, row.amount_minor, share, name)
    if spend is None:
        return shown
    cost = spend.by_key.get(row.key, 0)
    back = returns.return_on(row.amount_minor, cost)
    return replace(shown, spend_minor=cost, roi=None if back is None else round(float(back), DIGITS))
