"""`GET /v1/pipeline`: what is open, by stage and by whom it would be earned. It is never mixed with what was won."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.attribution.api import asking
from services.attribution.api import schemas_money as schemas
from services.attribution.api.periods import AskedPeriod
from services.attribution.api.report import DIGITS, GROUPS
from services.attribution.api.schemas import Unconverted
from services.attribution.domain import report as summing
from services.attribution.domain.report import Row
from services.attribution.domain.rules import Rules
from services.attribution.ports import ReportAsked
from services.attribution.ports.money import Pipeline, PipelineRead
from shared.kernel import money
from shared.web.auth import Scope, require


def router(reading: PipelineRead, rules: Rules) -> APIRouter:
    """The route of the pipeline."""
    routes = APIRouter(tags=["attribution"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/pipeline")
    async def pipeline(
        period: AskedPeriod,
        models: Annotated[str, Query(description="Names with commas; the agreed one.")] = "",
        group_by: Annotated[str, Query(description=f"One or two with a comma: {', '.join(GROUPS)}.")] = "channel",
        currency: Annotated[str | None, Query(description="ISO 4217; the charter's.")] = None,
    ) -> schemas.Pipeline:
        """Amounts of the open deals that were created in the period, at the rates of the days they were created."""
        asked = ReportAsked(
            models=asking.named("models", models, rules.models) or (rules.agreed,),
            keys=asking.keys(group_by, GROUPS),
            currency=rules.currency if currency is None else money.currency_code(currency),
            since=period.since,
            until=period.until,
        )
        return _shown(await reading.open(asked), asked, rules)

    return routes


def _shown(pipeline: Pipeline, asked: ReportAsked, rules: Rules) -> schemas.Pipeline:
    stages = [schemas.Stage(name, one.deals, one.amount_minor) for name, one in sorted(pipeline.stages.items())]
    amount = sum(stage.amount_minor for stage in stages)
    return schemas.Pipeline(
        currency=asked.currency,
        agreed_model=rules.agreed,
        group_by=list(asked.keys),
        deals=sum(stage.deals for stage in stages),
        open=schemas.OpenAmount(amount),
        stages=sorted(stages, key=lambda stage: -stage.amount_minor),
        models={
            name: schemas.PipelineModel([_row(row) for row in summing.ranked(pipeline.sums.get(name, {}))], amount)
            for name in asked.models
        },
        unconverted=[Unconverted(one.currency, one.deals, one.amount_minor) for one in pipeline.unconverted],
    )


def _row(row: Row) -> schemas.PipelineRow:
    stage, *keys = row.key
    return schemas.PipelineRow(
        stage=stage,
        key=keys[0] if len(keys) == 1 else keys,
        deals=round(float(row.deals), DIGITS),
        amount_minor=row.amount_minor,
        share=round(float(row.share), DIGITS),
    )
