"""`/v1/exports`: credits, journeys and deals as files, for a warehouse or a notebook."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from services.attribution.api import asking
from services.attribution.api.asking import Since, Until
from services.attribution.domain.rules import Rules
from services.attribution.ports import ExportAsked, Exports
from shared.web.auth import Scope, require
from shared.web.exports import Format, exported
from shared.web.tables import Column

CREDITS = (
    Column("deal_id"),
    Column("model"),
    Column("n", "integer"),
    Column("closed_at", "time"),
    Column("currency"),
    Column("account_id"),
    Column("interaction_id"),
    Column("occurred_at", "time"),
    Column("person_id"),
    Column("kind"),
    Column("channel"),
    Column("campaign"),
    Column("department"),
    Column("source"),
    Column("utm_source"),
    Column("content"),
    Column("share", "real"),
    Column("amount_minor", "integer"),
    Column("charter"),
)
JOURNEYS = (
    Column("deal_id"),
    Column("status"),
    Column("closed_at", "time"),
    Column("n", "integer"),
    Column("interaction_id"),
    Column("occurred_at", "time"),
    Column("person_id"),
    Column("kind"),
    Column("kinds"),
    Column("channel"),
    Column("campaign"),
    Column("department"),
    Column("touchpoints", "integer"),
    Column("charter"),
)
DEALS = (
    Column("id"),
    Column("version", "integer"),
    Column("name"),
    Column("status"),
    Column("stage"),
    Column("deal_type"),
    Column("lost_reason"),
    Column("owner"),
    Column("account_id"),
    Column("account_name"),
    Column("account_domain"),
    Column("amount_minor", "integer"),
    Column("currency"),
    Column("created_at", "time"),
    Column("closed_at", "time"),
    Column("occurred_at", "time"),
    Column("people"),
)


def router(exports: Exports, rules: Rules) -> APIRouter:
    """The routes of exports."""
    routes = APIRouter(
        prefix="/v1/exports",
        tags=["exports"],
        dependencies=[require(Scope.READ)],
        default_response_class=StreamingResponse,
    )

    @routes.get("/credits.{form}")
    async def earned(
        form: Format,
        since: Since = None,
        until: Until = None,
        model: Annotated[str | None, Query(description="A model's name; all of them.")] = None,
    ) -> StreamingResponse:
        """What interactions earned of won deals, a row a credit."""
        only = None if model is None else asking.model(model, rules)
        asked = ExportAsked(asking.moment("from", since), asking.moment("to", until), only)
        return await exported("credits", form, CREDITS, exports.credits(asked))

    @routes.get("/journeys.{form}")
    async def journeys(form: Format, since: Since = None, until: Until = None) -> StreamingResponse:
        """The interactions that count for deals, won, lost and open, a row each."""
        asked = ExportAsked(asking.moment("from", since), asking.moment("to", until))
        return await exported("journeys", form, JOURNEYS, exports.journeys(asked))

    @routes.get("/deals.{form}")
    async def deals(form: Format, since: Since = None, until: Until = None) -> StreamingResponse:
        """Deals as posted, their people as they are known now, a row each."""
        asked = ExportAsked(asking.moment("from", since), asking.moment("to", until))
        return await exported("deals", form, DEALS, exports.deals(asked))

    return routes
