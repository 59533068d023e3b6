"""Both sides' promises over HTTP, for a month: what sales kept, and what marketing delivered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from services.handoff.domain.lead import Handoff
from services.handoff.domain.promises import standings
from services.handoff.domain.sla import Calendar, calendar
from services.handoff.ports.outside import Reading, Team
from services.handoff.settings import Terms, owner_of
from shared.kernel import instant
from shared.kernel.errors import Reject
from shared.kernel.instant import Instant
from shared.web.auth import Scope, require

Side = Literal["", "sales", "marketing"]
"""Whose promises; none named: both."""
_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


def router(reading: Reading, team: Team, terms: Terms, now: Callable[[], Instant]) -> APIRouter:
    """The route `/v1/sla`."""
    routes = APIRouter(prefix="/v1/sla", tags=["sla"])

    @routes.get("", dependencies=[require(Scope.READ)])
    async def sla(period: Annotated[str | None, Query(pattern=_MONTH)] = None, side: Side = "") -> dict[str, Any]:
        """A month of promises; this one where none is named. Where one side is asked for, the other has no items."""
        first, end = _month(period, now())
        handoffs = await reading.between(first, end)
        owners = {owner.id: owner_of(owner, terms.hours) for owner in await team.all()}
        calendars = {one.id: calendar(one.time_zone, one.hours, terms.holidays) for one in owners.values()}
        sales = standings(handoffs, lambda owner_id: _calendar(owner_id, calendars, terms), now())
        passed = (min(max(now(), first + 1), end) - first) / (end - first)
        sides = {"sales": list(map(asdict, sales)), "marketing": [_marketing(handoffs, passed)]}
        asked = {name: items if side in ("", name) else [] for name, items in sides.items()}
        return {"period": instant.to_text(first)[:7], **asked}

    return routes


def _marketing(handoffs: Sequence[Handoff], passed: float) -> dict[str, Any]:
    """What marketing delivered, and what it will have by the end when a part of the month has `passed`."""
    return {
        "promise": "mql",
        "delivered": len(handoffs),
        "accepted": sum(one.accepted_at is not None for one in handoffs),
        "promised": None,
        "forecast": round(len(handoffs) / passed),
    }


def _calendar(owner_id: str, calendars: Mapping[str, Calendar], terms: Terms) -> Calendar:
    """Who is no owner any more is held to the agreed hours."""
    return calendars.get(owner_id) or calendar("UTC", terms.hours, terms.holidays)


def _month(period: str | None, now: Instant) -> tuple[Instant, Instant]:
    """From its first instant to the first of the next month, in UTC."""
    try:
        month = datetime.strptime(period or instant.to_text(now)[:7], "%Y-%m").replace(tzinfo=UTC)
        following = (month + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        raise Reject("bad_period", "a period is a month, such as 2026-10", "period") from None
    return instant.from_datetime(month), instant.from_datetime(following)
