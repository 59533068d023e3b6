"""`GET /v1/costs`: what a lead, a stage and a won deal cost by channel or campaign, and when what was credited covered
the spend.
"""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from services.attribution.api import asking
from services.attribution.api import schemas_money as schemas
from services.attribution.api.periods import AskedPeriod
from services.attribution.api.report import DIGITS
from services.attribution.api.schemas import Unconverted, UnconvertedSpend
from services.attribution.domain import returns
from services.attribution.domain.costs import Cost, Sums, costs
from services.attribution.domain.quality import By
from services.attribution.domain.returns import Spent
from services.attribution.domain.rules import Rules
from services.attribution.ports import ReportAsked, Reports
from services.attribution.ports.leads import EnteredAsked, QualityReading
from services.attribution.ports.money import PipelineRead, SpendRead
from shared.kernel import money
from shared.kernel.errors import Reject
from shared.web.auth import Scope, require


def router(
    reading: Reports, spending: SpendRead, leads: QualityReading, opened: PipelineRead, rules: Rules
) -> APIRouter:
    """The route of costs."""
    routes = APIRouter(tags=["spend"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/costs")
    async def cost(
        period: AskedPeriod,
        group_by: Annotated[Literal["channel", "campaign"], Query(description="What was paid for.")] = "channel",
        model: Annotated[str, Query(description="A rule model's name; the agreed one.")] = "",
        by: Annotated[By, Query(description="Which interaction says where a lead came from.")] = By.FIRST,
        currency: Annotated[str | None, Query(description="ISO 4217; the charter's.")] = None,
    ) -> schemas.Costs:
        """Spend of the days that begin in the period against who entered a stage and what closed in it."""
        names = asking.named("model", model, rules.models) or (rules.agreed,)
        if len(names) > 1:
            raise Reject("bad_model", "one of them", "model")
        into = rules.currency if currency is None else money.currency_code(currency)
        asked = ReportAsked(names, (group_by,), into, period.since, period.until)
        spend = returns.spent(await spending.lines(period, into), asked.keys, into, rules.rates)
        reported = await reading.report(asked)
        earned = reported.sums.get(names[0], {})
        by_day = await _since_the_spend(reading, asked, spend)
        entries = await leads.entered(EnteredAsked(group_by, by, period))
        pipeline = (await opened.open(asked)).sums.get(names[0], {})
        return schemas.Costs(
            currency=into,
            model=names[0],
            group_by=group_by,
            by=by,
            rows=[_row(row) for row in costs(spend, earned, by_day, entries, pipeline)],
            unconverted=[Unconverted(one.currency, one.deals, one.amount_minor) for one in reported.unconverted],
            unconverted_spend=[UnconvertedSpend(*one) for one in spend.unconverted.items()],
        )

    return routes


async def _since_the_spend(reading: Reports, asked: ReportAsked, spend: Spent) -> Sums:
    """What was earned by day since the first day of spend; nothing where there was none."""
    if not spend.first_day:
        return {}
    first = min(spend.first_day.values())
    since = first if asked.since is None else max(first, asked.since)
    reported = await reading.report(replace(asked, keys=(*asked.keys, "day"), since=since))
    return reported.sums.get(asked.models[0], {})


def _row(cost: Cost) -> schemas.CostRow:
    return schemas.CostRow(
        key=cost.key,
        spend_minor=cost.spend_minor,
        won_deals=round(float(cost.deals), DIGITS),
        credited_minor=cost.earned_minor,
        cost_per_won_minor=cost.per_deal_minor,
        **cost.entries._asdict(),
        cost_per_lead_minor=cost.each.lead,
        cost_per_mql_minor=cost.each.mql,
        cost_per_sal_minor=cost.each.sal,
        cost_per_sql_minor=cost.each.sql,
        cost_per_won_deal_minor=cost.each.won,
        roi=None if cost.roi is None else round(float(cost.roi), DIGITS),
        payback_days=cost.payback_days,
        pipeline_minor=cost.open_minor,
    )
