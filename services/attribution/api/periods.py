"""`?from=&to=`: the period a question is about."""

from typing import Annotated

from fastapi import Depends, Query

from services.attribution.domain.period import Period
from shared.kernel import instant
from shared.kernel.errors import Reject


def period(
    since: Annotated[str | None, Query(alias="from", description="At this time or later.")] = None,
    until: Annotated[str | None, Query(alias="to", description="Before this time.")] = None,
) -> Period:
    """The period the query string asks for; all time where it names none. Raises Reject."""
    return Period(_time("from", since), _time("to", until))


AskedPeriod = Annotated[Period, Depends(period)]
"""The type of a route's parameter that holds the period asked for."""


def _time(path: str, text: str | None) -> int | None:
    try:
        return None if text is None else instant.parse(text)
    except (ValueError, OverflowError):
        raise Reject("bad_time", "an RFC 3339 time, such as 2026-11-23T17:46:00.000Z", path) from None
