"""`/v1/exports/leads`: everybody's stage, fit and engagement as a file, as of the time of asking."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from services.scoring.api.leads import Grade, Stage, known_stage, shown
from services.scoring.api.times import Moment
from services.scoring.domain.rules import Rules
from services.scoring.ports import KnownLead, LeadFilter, Reading
from shared.kernel.instant import Instant
from shared.web.auth import Scope, require
from shared.web.exports import Format, exported
from shared.web.tables import Column, Rows, Value

LEADS = (
    Column("person_id"),
    Column("stage"),
    Column("phase"),
    Column("stage_since", "time"),
    Column("cycle", "integer"),
    Column("fit_grade"),
    Column("fit_points", "real"),
    Column("engagement_points", "real"),
    Column("as_of", "time"),
    Column("cell"),
    Column("charter"),
    Column("owner"),
)
_LEADS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which leads: in a stage, of a grade, in their stage since a time in these."""

    wanted: LeadFilter
    since: int | None
    until: int | None

    def holds(self, known: KnownLead) -> bool:
        """Whether a lead entered its stage in the time asked for; without one everybody did."""
        entered = known.lead.state.stage_since
        if entered is None:
            return self.since is None and self.until is None
        return (self.since is None or self.since <= entered) and (self.until is None or entered < self.until)


def router(reading: Reading, rules: Rules, now: Callable[[], Instant]) -> APIRouter:
    """`/v1/exports/leads`, for tokens that may read."""
    routes = APIRouter(tags=["leads"], dependencies=[require(Scope.READ)], default_response_class=StreamingResponse)

    @routes.get("/v1/exports/leads.{form}")
    async def leads(
        form: Format,
        since: Annotated[Moment | None, Query(alias="from", description="In its stage since then or later.")] = None,
        until: Annotated[Moment | None, Query(alias="to", description="In its stage since before then.")] = None,
        stage: Stage | None = None,
        grade: Grade | None = None,
    ) -> StreamingResponse:
        """Leads by id, a row each."""
        asked = _Asked(LeadFilter(known_stage(stage, rules), grade), since, until)
        at = now()

        async def pages() -> AsyncIterator[Rows]:
            after: str | None = None
            while found := await reading.leads(asked.wanted, after, _LEADS_AT_ONCE):
                yield [_row(known, rules, at) for known in found if asked.holds(known)]
                after = found[-1].lead.person_id

        return await exported("leads", form, LEADS, pages())

    return routes


def _row(known: KnownLead, rules: Rules, at: Instant) -> tuple[Value, ...]:
    told = shown(known, rules, at)
    fit, engagement = told["fit"], told["engagement"]
    return (
        told["person_id"], told["stage"], told["phase"], known.lead.state.stage_since, told["cycle"], fit.grade,
        fit.points, engagement.points, at, told["cell"], str(told["charter"]), told["owner"],
    )  # fmt: skip
