"""What attribution answers of spend, pipeline and cost, on the wire: amounts are minor units, days dates."""

from dataclasses import dataclass

from services.attribution.api.schemas import Unconverted, UnconvertedSpend


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What one day of a channel, or of one of its campaigns, cost by one source."""

    id: str
    source: str
    channel: str
    campaign: str | None
    day: str
    amount_minor: int
    currency: str
    version: int
    received_at: str


@dataclass(frozen=True, slots=True)
class OpenAmount:
    """What is open, in minor units of the answer's currency."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class Stage:
    """The open deals of one stage, as the CRM names it."""

    stage: str
    deals: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRow:
    """What one key would earn of one stage; `key` is a list where there are two."""

    stage: str
    key: str | list[str]
    deals: float
    amount_minor: int
    share: float


@dataclass(frozen=True, slots=True)
class PipelineModel:
    """By one model; the rows sum to `amount_minor`, which is what is open."""

    rows: list[PipelineRow]
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What is open, by stage and by whom it would be earned."""

    currency: str
    agreed_model: str
    group_by: list[str]
    deals: int
    open: OpenAmount
    stages: list[Stage]
    models: dict[str, PipelineModel]
    unconverted: list[Unconverted]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """One channel or campaign. `leads` to `sqls` are people, by the interaction that `by` asks for, `won` their deals;
    `won_deals` are by credit. What there is none of has no cost, what cost nothing no return."""

    key: str
    spend_minor: int
    won_deals: float
    credited_minor: int
    cost_per_won_minor: int | None
    """By credit."""
    leads: int
    cost_per_lead_minor: int | None
    mqls: int
    cost_per_mql_minor: int | None
    sals: int
    cost_per_sal_minor: int | None
    sqls: int
    cost_per_sql_minor: int | None
    won: int
    cost_per_won_deal_minor: int | None
    roi: float | None
    payback_days: int | None
    pipeline_minor: int
    """What it would earn of the deals that were created in the period and are open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What leads and won deals cost, the most expensive channel or campaign first."""

    currency: str
    model: str
    group_by: str
    by: str
    rows: list[CostRow]
    unconverted: list[Unconverted]
    unconverted_spend: list[UnconvertedSpend]
