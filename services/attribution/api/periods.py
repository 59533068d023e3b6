"""`?from=&to=`: the period a question is about."""

from typing import Annotated

from fastapi import Depends, Query

from services.attribution.api import asking
from services.attribution.domain.period import Period


def period(
    since: Annotated[str | None, Query(alias="from", description="At this time or later.")] = None,
    until: Annotated[str | None, Query(alias="to", description="Before this time.")] = None,
) -> Period:
    """The period the query string asks for; all time where it names none. Raises Reject."""
    return Period(asking.moment("from", since), asking.moment("to", until))


AskedPeriod = Annotated[Period, Depends(period)]
"""The type of a route's parameter that holds the period asked for."""
