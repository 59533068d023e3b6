"""`/v1/periods`: months that are closed, and what has become known of them since; and how a deal's credit changed.

To close a month twice is to close it once: the second answer is the first, with what is known by then.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from services.attribution.api import asking, books
from services.attribution.api.report import GROUPS
from services.attribution.domain.month import Month, month
from services.attribution.domain.rules import Rules
from services.attribution.ports import Won
from services.attribution.ports.books import Adjusted, BookedMonth, CreditChange, Periods, Totals
from shared.kernel.errors import Conflict, NotFound, Reject
from shared.kernel.instant import Instant, to_text, told
from shared.web.auth import Scope, require
from shared.web.paging import Asked, Page, page

GroupBy = Annotated[str, Query(description=f"One or two with a comma: {', '.join(GROUPS)}.")]
Model = Annotated[str | None, Query(description="A model's name; the agreed one.")]


def router(periods: Periods, rules: Rules, now: Callable[[], Instant]) -> APIRouter:
    """The routes of periods and of changes."""
    routes = APIRouter(tags=["periods"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/periods")
    async def closed(asked: Asked) -> Page[books.Period]:
        """The closed months in their order."""
        position = asked.position(str)
        found = await periods.closed(asked.limit + 1, None if position is None else str(position[0]))
        return page(found, asked, lambda one: _period(one, now()), lambda one: (one.month.id,))

    @routes.get("/v1/periods/{period}")
    async def period(period: str) -> books.Period:
        """A month, closed or not."""
        return _period(await periods.period(_with_an_end(period)), now())

    @routes.post("/v1/periods/{period}/close", dependencies=[require(Scope.OPERATE)])
    async def close(period: str) -> books.Period:
        """Freeze what the deals closed in a month earned, by every model. 409 while the month is not over."""
        span, at = _with_an_end(period), now()
        if at < span.until:
            raise Conflict(f"the month is not over: it can be closed from {to_text(span.until)} on")
        return _period(await periods.close(span, rules, at), at)

    @routes.get("/v1/periods/{period}/adjustments")
    async def adjustments(
        period: str, asked: Asked, model: Model = None, group_by: GroupBy = "channel"
    ) -> Page[books.Adjustment]:
        """What was added to a month since it was closed, in the order in which it became known."""
        name, keys = asking.model(model, rules), asking.keys(group_by, GROUPS)
        position = asked.position(int, str, int, int)
        found = await periods.adjustments(_with_an_end(period), name, keys, asked.limit + 1, position)
        return page(found, asked, _adjustment, lambda one: one.place)

    @routes.get("/v1/deals/{deal_id}/credits/history")
    async def history(deal_id: str, asked: Asked, model: Model = None) -> Page[books.CreditChange]:
        """When and why the credit of a deal changed, by one model; the last 200 changes are kept."""
        name = asking.model(model, rules)
        position = asked.position(int)
        found = await periods.changes(deal_id, asked.limit + 1, 0 if position is None else int(position[0]))
        if found is None:
            raise NotFound
        return page(found, asked, lambda change: _change(change, name), lambda change: (change.n,))

    return routes


def _with_an_end(text: str) -> Month:
    """The month a text names; raises Reject where it names none, or the last there is, whose end no text can tell."""
    found = month(text)
    try:
        told(found.until)
    except ValueError:
        raise Reject("bad_period", "the last month that can be asked for is 9999-11", "period") from None
    return found


def _period(found: BookedMonth, now: int) -> books.Period:
    return books.Period(
        id=found.month.id,
        state=_state(found.month, found.closed_at, now),
        since=to_text(found.month.since),
        until=to_text(found.month.until),
        closed_at=None if found.closed_at is None else to_text(Instant(found.closed_at)),
        charter=found.charter,
        agreed_model=found.agreed,
        reported=[_won(won) for won in found.reported],
        known=[_won(won) for won in found.known],
    )


def _state(span: Month, closed_at: int | None, now: int) -> str:
    if closed_at is not None:
        return "closed"
    return "running" if now < span.until else "open"


def _won(won: Won) -> books.WonIn:
    return books.WonIn(won.currency, won.deals, won.amount_minor)


def _adjustment(found: Adjusted) -> books.Adjustment:
    return books.Adjustment(
        deal_id=found.deal_id,
        key=asking.shown_key(found.key),
        amount_minor=found.amount_minor,
        currency=found.currency,
        cause=found.reason.cause,
        at=to_text(Instant(found.at)),
        event_id=found.reason.event_id,
    )


def _change(found: CreditChange, model: str) -> books.CreditChange:
    return books.CreditChange(
        n=found.n,
        at=to_text(Instant(found.at)),
        cause=found.reason.cause,
        event_id=found.reason.event_id,
        status=found.status,
        charter=found.charter,
        before=None if found.before is None else _totals(found.before, model),
        after=_totals(found.after, model),
    )


def _totals(totals: Totals, model: str) -> books.Totals:
    channels = totals.by_model.get(model, {})
    return books.Totals(totals.currency, sum(channels.values()), dict(channels))
