"""`GET /v1/spend`: what was posted, in the versions that hold."""

from fastapi import APIRouter

from services.attribution.api import schemas_money as schemas
from services.attribution.api.periods import AskedPeriod
from services.attribution.domain.spend import Spend
from services.attribution.ports.money import SpendRead
from shared.kernel.instant import Instant, to_text
from shared.web.auth import Scope, require
from shared.web.paging import Asked, Page, page


def router(reading: SpendRead) -> APIRouter:
    """The route of spend."""
    routes = APIRouter(tags=["spend"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/spend")
    async def spend(asked: Asked, period: AskedPeriod) -> Page[schemas.Spend]:
        """What was spent on the days that begin within the period, by day."""
        position = asked.position(int, str)
        after = None if position is None else (int(position[0]), str(position[1]))
        found = await reading.page(period, asked.limit + 1, after)
        return page(found, asked, _shown, lambda one: (one.day, one.id))

    return routes


def _shown(spend: Spend) -> schemas.Spend:
    return schemas.Spend(
        id=spend.id,
        source=spend.source,
        channel=spend.channel,
        campaign=spend.campaign,
        day=to_text(Instant(spend.day))[:10],
        amount_minor=spend.amount_minor,
        currency=spend.currency,
        version=spend.version,
        received_at=to_text(Instant(spend.received_at)),
    )
