"""`GET /v1/attribution`: what was won, by each model and by what was asked.

Rule models are sums that the store keeps; models that learn from all journeys work when they are asked for, in a
thread beside the loop.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from services.attribution.api.schemas import ModelReport, Report, ReportRow, Unconverted, WonAmount
from services.attribution.domain import report as summing
from services.attribution.domain.paths.closed import BY_CHANNEL, learn
from services.attribution.domain.report import KEYS, Row
from services.attribution.domain.rules import Rules
from services.attribution.ports import ReportAsked, Reported, Reports
from shared.kernel import instant, money
from shared.kernel.errors import Reject
from shared.web.auth import Scope, require

GROUPS = (*KEYS, "account")
_MOST_GROUPS = 2
_DIGITS = 6
"""Of shares and of parts of deals: past this a float is noise."""


def router(reading: Reports, rules: Rules) -> APIRouter:
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
    ) -> Report:
        """Won amounts, shared by each model over what they are grouped by."""
        asked = ReportAsked(
            models=_named("models", models, (*rules.models, *BY_CHANNEL)) or tuple(rules.models),
            keys=_keys(group_by),
            currency=rules.currency if currency is None else money.currency_code(currency),
            since=_time("from", since),
            until=_time("to", until),
        )
        learned = tuple(name for name in asked.models if name in BY_CHANNEL)
        if learned and asked.keys != ("channel",):
            raise Reject("bad_group", f"{', '.join(learned)} by channel alone", "group_by")
        kept = tuple(name for name in asked.models if name not in learned)
        reported = await reading.report(replace(asked, models=kept))
        if not learned:
            return _shown(reported, asked, rules)
        closed = await reading.closed(asked)
        found = await asyncio.to_thread(learn, closed, learned, reported.won.amount_minor)
        shown = _shown(replace(reported, sums={**reported.sums, **found.sums}), asked, rules)
        return replace(shown, warnings=list(found.warnings))

    return routes


def _named(path: str, text: str, known: Collection[str]) -> tuple[str, ...]:
    """The names in a text, each once; raises Reject where one is unknown."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not set(names) <= set(known):
        raise Reject("unknown_name", f"known are {', '.join(known)}", path)
    return names


def _keys(text: str) -> tuple[str, ...]:
    keys = _named("group_by", text, GROUPS)
    if not 0 < len(keys) <= _MOST_GROUPS:
        raise Reject("bad_group", "one or two different ones", "group_by")
    return keys


def _time(path: str, text: str | None) -> int | None:
    try:
        return None if text is None else instant.parse(text)
    except (ValueError, OverflowError):
        raise Reject("bad_time", "an RFC 3339 time, such as 2026-11-23T17:46:00.000Z", path) from None


def _shown(reported: Reported, asked: ReportAsked, rules: Rules) -> Report:
    amount = reported.won.amount_minor
    return Report(
        currency=asked.currency,
        agreed_model=rules.agreed,
        group_by=list(asked.keys),
        deals=reported.won.deals,
        won=WonAmount(amount),
        models={name: ModelReport(_rows(reported, name, asked.keys), amount) for name in asked.models},
        unconverted=[Unconverted(one.currency, one.deals, one.amount_minor) for one in reported.unconverted],
    )


def _rows(reported: Reported, model: str, keys: tuple[str, ...]) -> list[ReportRow]:
    rows = summing.ranked(reported.sums.get(model, {}))
    return [_row(row) for row in (summing.departments(rows) if keys == ("department",) else rows)]


def _row(row: Row) -> ReportRow:
    key = row.key[0] if len(row.key) == 1 else list(row.key)
    return ReportRow(key, round(float(row.deals), _DIGITS), row.amount_minor, round(float(row.share), _DIGITS))
