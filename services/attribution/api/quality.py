"""`GET /v1/quality`: what became of the leads that each source found."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.attribution.api import asking
from services.attribution.api.asking import Currency
from services.attribution.api.periods import AskedPeriod
from services.attribution.api.schemas import Unconverted
from services.attribution.domain.quality import KEYS, By
from services.attribution.domain.rules import Rules
from services.attribution.domain.sources import Quality
from services.attribution.ports.leads import QualityAsked, QualityReading
from shared.kernel import money
from shared.web.auth import Scope, require

_DIGITS = 6
"""Of shares and of days: past this a float is noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of some leads. Shares are null where nobody took the step before."""

    leads: int
    mqls: int
    accepted: int
    rejected: int
    rejection_reasons: dict[str, int]
    contacted: int
    won_deals: int
    won_amount_minor: int
    median_days_to_close: float | None
    """From becoming a lead to the close of a won deal."""
    conversion: dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow(Became):
    """Those of one source; `key` is a list where the report is grouped by two."""

    key: str | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Leads by where they came from, and all of them together."""

    by: By
    group_by: list[str]
    currency: str
    rows: list[QualityRow]
    total: Became
    unconverted: list[Unconverted] = field(default_factory=list)


def router(reading: QualityReading, rules: Rules) -> APIRouter:
    """The route, for tokens that may read."""
    routes = APIRouter(tags=["quality"], dependencies=[require(Scope.READ)])

    @routes.get("/v1/quality")
    async def quality(
        period: AskedPeriod,
        group_by: Annotated[str, Query(description=f"One or two with a comma: {', '.join(KEYS)}.")] = "channel",
        by: Annotated[By, Query(description="Which interaction says where a lead came from.")] = By.FIRST,
        currency: Currency = None,
    ) -> QualityReport:
        """What became of everybody who became a lead in this time, by where they came from."""
        keys = asking.keys(group_by, KEYS)
        reported = rules.currency if currency is None else money.currency_code(currency)
        sources = await reading.quality(QualityAsked(keys, by, reported, period))
        return QualityReport(
            by=by,
            group_by=list(keys),
            currency=reported,
            rows=[QualityRow(key=asking.shown_key(key), **_became(found)) for key, found in sources.ranked()],
            total=Became(**_became(sources.all)),
            unconverted=[Unconverted(code, *astuple(one)) for code, one in sorted(sources.unconverted.items())],
        )

    return routes


def _became(quality: Quality) -> Mapping[str, Any]:
    return {
        "leads": quality.leads,
        "mqls": quality.mqls,
        "accepted": quality.accepted,
        "rejected": quality.rejected,
        "rejection_reasons": dict(sorted(quality.reasons.items())),
        "contacted": quality.contacted,
        "won_deals": quality.deals,
        "won_amount_minor": quality.amount_minor,
        "median_days_to_close": _rounded(quality.median_days),
        "conversion": {name: _rounded(share) for name, share in quality.conversion.items()},
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, _DIGITS)
