"""`/v1/paths` and `/v1/assists`: how buyers came to a deal, told from the journeys of those that closed.

Journeys are read some at a time and put together in a thread beside the loop.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.attribution.api import asking
from services.attribution.api import path_schemas as schemas
from services.attribution.api.asking import Currency, Since, Until
from services.attribution.api.schemas import Unconverted
from services.attribution.domain import walks as walking
from services.attribution.domain.rules import Rules
from services.attribution.domain.walks import LAG_DAYS, Outcome, Walk, Walked
from services.attribution.ports.walks import ToldBy, Walks, WalksAsked
from shared.kernel import money
from shared.web.auth import Scope, require

_DIGITS = 6
"""Of days and ratios: past this a float is noise."""
_MOST_PATHS = 1_000


@dataclass(frozen=True, slots=True)
class _Query:
    """What all of them can be asked."""

    told_by: ToldBy
    since: int | None
    until: int | None
    currency: str | None


def _asked(
    group_by: Annotated[ToldBy, Query(description="What an interaction is told by.")] = "channel",
    since: Since = None,
    until: Until = None,
    currency: Currency = None,
) -> _Query:
    code = None if currency is None else money.currency_code(currency)
    return _Query(group_by, asking.moment("from", since), asking.moment("to", until), code)


_Asked = Annotated[_Query, Depends(_asked)]
_Closed = Annotated[Outcome, Query(description="Which deals.")]
_Limit = Annotated[int, Query(ge=1, le=_MOST_PATHS)]
_Repeats = Annotated[bool, Query(description="Whether steps in a row that are alike are told one by one.")]


def router(reading: Walks, rules: Rules) -> APIRouter:
    """The routes, for tokens that may read."""
    routes = APIRouter(prefix="/v1", tags=["paths"], dependencies=[require(Scope.READ)])

    async def walks(asked: _Query, *outcomes: Outcome) -> tuple[Sequence[Walk], list[Unconverted]]:
        currency = asked.currency or rules.currency
        found = await reading.walks(WalksAsked(outcomes, asked.told_by, currency, asked.since, asked.until))
        return found.walks, [Unconverted(one.currency, one.deals, one.amount_minor) for one in found.unconverted]

    @routes.get("/paths")
    async def paths(
        asked: _Asked, outcome: _Closed = "won", limit: _Limit = 20, repeats: _Repeats = False
    ) -> schemas.Paths:
        """The paths that most deals came by."""
        walked, left = await walks(asked, outcome)
        ranked = await asyncio.to_thread(walking.top_paths, walked, repeats=repeats)
        return schemas.Paths(
            outcome=outcome,
            currency=asked.currency or rules.currency,
            deals=len(walked),
            amount_minor=sum(walk.amount_minor for walk in walked),
            items=[_path(path, found) for path, found in ranked[:limit]],
            unconverted=left,
        )

    @routes.get("/paths/lengths")
    async def lengths(asked: _Asked, outcome: _Closed = "won") -> schemas.Lengths:
        """Deals by how many interactions they took."""
        walked, left = await walks(asked, outcome)
        found, whole = await asyncio.to_thread(lambda: (walking.by_length(walked), walking.together(walked)))
        return schemas.Lengths(_rounded(whole.median_length), [_length(*each) for each in found], left)

    @routes.get("/paths/lags")
    async def lags(asked: _Asked, outcome: _Closed = "won") -> schemas.Lags:
        """Deals by how many days they took."""
        walked, left = await walks(asked, outcome)
        found, whole = await asyncio.to_thread(lambda: (walking.by_lag(walked), walking.together(walked)))
        ends = dict(pairwise(LAG_DAYS))
        items = [_lag(begin, ends.get(begin), deals) for begin, deals in found]
        return schemas.Lags(_rounded(whole.median_days), items, left)

    @routes.get("/paths/transitions")
    async def transitions(asked: _Asked, repeats: _Repeats = False) -> schemas.Transitions:
        """From where to where the paths of won and lost deals led, how often."""
        walked, left = await walks(asked, "won", "lost")
        found = await asyncio.to_thread(walking.transitions, walked, repeats=repeats)
        return schemas.Transitions([schemas.Transition(*each) for each in found], left)

    @routes.get("/assists")
    async def assists(asked: _Asked) -> schemas.Assists:
        """What was on the paths of won deals without being last, beside what was last."""
        walked, left = await walks(asked, "won")
        found = await asyncio.to_thread(walking.assists, walked)
        currency = asked.currency or rules.currency
        return schemas.Assists(asked.told_by, currency, [_assist(*each) for each in found], left)

    return routes


def _path(path: tuple[str, ...], found: Walked) -> schemas.Path:
    return schemas.Path(
        path=path,
        deals=found.deals,
        amount_minor=found.amount_minor,
        median_length=found.median_length or 0.0,
        median_days=_rounded(found.median_days),
    )


def _length(length: int, found: Walked) -> schemas.Length:
    return schemas.Length(
        length=length, deals=found.deals, amount_minor=found.amount_minor, median_days=_rounded(found.median_days)
    )


def _lag(begin: int, end: int | None, found: Walked) -> schemas.Lag:
    return schemas.Lag(from_days=begin, to_days=end, deals=found.deals, amount_minor=found.amount_minor)


def _assist(key: str, found: walking.Assisted) -> schemas.Assist:
    return schemas.Assist(
        key=key,
        assisted_deals=found.deals,
        assisted_amount_minor=found.amount_minor,
        last_touch_deals=found.last_deals,
        last_touch_amount_minor=found.last_amount_minor,
        ratio=_rounded(found.ratio),
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, _DIGITS)
