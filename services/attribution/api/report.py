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
from services.attribution.api.schemas import (
    Adjusted,
    AdjustedModel,
    AdjustedRow,
    ModelReport,
    Report,
    ReportRow,
    Unconverted,
    WonAmount,
)
from services.attribution.domain import report as summing
from services.attribution.domain.paths.closed import BY_CHANNEL, learn
from services.attribution.domain.report import KEYS, Row, Sum
from services.attribution.domain.rules import Rules
from services.attribution.ports import Reading, ReportAsked, Reported, Sums, View
from shared.kernel import money
from shared.kernel.errors import Reject
from shared.web.auth import Scope, require

GROUPS = (*KEYS, "account")
_DIGITS = 6
"""Of shares and of parts of deals: past this a float is noise."""


def router(reading: Reading, rules: Rules) -> APIRouter:
    """The routes of reports."""
    routes = APIRouter(tags=["attribution"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/attribution")
    async def attribution(
        models: Annotated[
            str, Query(description=f"Names with commas, also {', '.join(BY_CHANNEL)}; all rule models.")
        ] = "",
        group_by: Annotated[str, Query(description=f"One or two with a comma: {', '.join(GROUPS)}.")] = "channel",
        since: Annotated[str | None, Query(alias="from", description="Closed at this time or later.")] = None,
        until: Annotated[str | None, Query(alias="to", description="Closed before this time.")] = None,
        currency: Annotated[str | None, Query(description="ISO 4217; the charter's.")] = None,
        view: Annotated[
            View, Query(description="Closed months as they were closed, or all as known now.")
        ] = "as_known",
    ) -> Report:
        """Won amounts, shared by each model over what they are grouped by."""
        asked = ReportAsked(
            models=asking.named("models", models, (*rules.models, *BY_CHANNEL)) or tuple(rules.models),
            keys=asking.keys(group_by, GROUPS),
            currency=rules.currency if currency is None else money.currency_code(currency),
            since=asking.moment("from", since),
            until=asking.moment("to", until),
            view=view,
        )
        learned = tuple(name for name in asked.models if name in BY_CHANNEL)
        if learned and asked.keys != ("channel",):
            raise Reject("bad_group", f"{', '.join(learned)} by channel alone", "group_by")
        if learned and view == "as_reported":
            raise Reject("bad_view", f"{', '.join(learned)} only as known: what they learn from changes", "view")
        kept = tuple(name for name in asked.models if name not in learned)
        reported = await reading.report(replace(asked, models=kept))
        if not learned:
            return _shown(reported, asked, rules)
        won = sum(won.amount_minor for won in reported.won if won.currency == asked.currency)
        found = await asyncio.to_thread(learn, await reading.closed(asked), learned, won)
        shown = _shown(Reported(reported.won, {**reported.sums, **found.sums}), asked, rules)
        return replace(shown, warnings=list(found.warnings))

    return routes


def _shown(reported: Reported, asked: ReportAsked, rules: Rules) -> Report:
    own = next((won for won in reported.won if won.currency == asked.currency), None)
    amount = own.amount_minor if own else 0
    return Report(
        currency=asked.currency,
        agreed_model=rules.agreed,
        group_by=list(asked.keys),
        deals=own.deals if own else 0,
        won=WonAmount(amount),
        models={name: ModelReport(_rows(reported, name, asked.keys), amount) for name in asked.models},
        unconverted=[Unconverted(won.currency, won.deals, won.amount_minor) for won in reported.won if won is not own],
        view=asked.view,
        adjustments=[_adjusted(period, sums, asked) for period, sums in reported.adjusted.items()],
    )


def _adjusted(period: str, sums: Sums, asked: ReportAsked) -> Adjusted:
    models = {name: _changes(sums.get(name, {})) for name in asked.models}
    return Adjusted(
        period, {name: AdjustedModel(rows, sum(row.amount_minor for row in rows)) for name, rows in models.items()}
    )


def _changes(sums: Mapping[tuple[str, ...], Sum]) -> list[AdjustedRow]:
    rows = sorted(sums.items(), key=lambda row: (-abs(row[1].amount_minor), row[0]))
    return [AdjustedRow(asking.shown_key(key), row.amount_minor) for key, row in rows]


def _rows(reported: Reported, model: str, keys: tuple[str, ...]) -> list[ReportRow]:
    rows = summing.ranked(reported.sums.get(model, {}))
    ordered = summing.departments(rows) if keys == ("department",) else rows
    return [_row(row, _name(row, reported, keys)) for row in ordered]


def _name(row: Row, reported: Reported, keys: tuple[str, ...]) -> str | None:
    return reported.account_names.get(row.key[keys.index("account")]) if "account" in keys else None


def _row(row: Row, name: str | None) -> ReportRow:
    key = asking.shown_key(row.key)
    return ReportRow(key, round(float(row.deals), _DIGITS), row.amount_minor, round(float(row.share), _DIGITS), name)
