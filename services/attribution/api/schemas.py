"""What attribution answers with, on the wire: times are RFC 3339 texts, amounts minor units."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """The buyer's account, as the CRM names it."""

    id: str
    name: str | None
    domain: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a deal, and the role the CRM gives them; `person_id` is null where they were erased."""

    person_id: str | None
    role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A deal as posted, its people as they are known now."""

    id: str
    version: int
    name: str | None
    status: str
    stage: str | None
    deal_type: str
    lost_reason: str | None
    owner: str | None
    account: Account | None
    amount_minor: int
    currency: str
    created_at: str
    closed_at: str | None
    occurred_at: str
    people: list[Person]
    flags: list[str]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a deal as posted."""

    version: int
    occurred_at: str
    status: str
    stage: str | None
    amount_minor: int
    currency: str
    closed_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealWithHistory(Deal):
    """A deal and every version of it, the first one first."""

    history: list[Version]


@dataclass(frozen=True, slots=True)
class Credit:
    """What one interaction earned; without an interaction, what nobody earned."""

    interaction_id: str | None
    occurred_at: str | None
    person_id: str | None
    kind: str | None
    channel: str
    campaign: str | None
    department: str
    source: str | None
    utm_source: str | None
    content: str | None
    share: float
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Credits:
    """A won deal's credits by one model; their amounts sum to the deal's."""

    deal_id: str
    model: str
    rule: str
    charter: str
    amount_minor: int
    currency: str
    credits: list[Credit]
    missing: list[str] = field(default_factory=list)
    """Milestones that the model asks for and the journey does not have: their parts went to the others."""
    warnings: list[str] = field(default_factory=list)
    """What a model that learns lacks to learn from."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An interaction of the journey, and the touchpoints it is made of."""

    interaction_id: str
    occurred_at: str
    person_id: str | None
    kind: str
    kinds: list[str]
    channel: str
    campaign: str | None
    department: str
    touchpoints: list[str]


@dataclass(frozen=True, slots=True)
class NotCounted:
    """What is not in the journey: the reason as a word and as a sentence."""

    id: str
    what: str
    occurred_at: str
    person_id: str | None
    kind: str
    channel: str
    why: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Why:
    """A deal's journey with what was counted, what was not and why."""

    deal_id: str
    charter: str
    counted: list[Counted]
    not_counted: list[NotCounted]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row; `key` is a list where the report is grouped by two. `name`: what its account is called.

    `spend_minor` is there where the report is grouped by channel, campaign or both. `roi`: (credited - spent) / spent.
    """

    key: str | list[str]
    deals: float
    amount_minor: int
    share: float
    name: str | None = None
    spend_minor: int | None = None
    roi: float | None = None


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What each row earned by one model; the rows sum to `amount_minor`, which is what was won."""

    rows: list[ReportRow]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class WonAmount:
    """What was won, in minor units of the report's currency."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class SpentAmount:
    """What was spent, in minor units of the report's currency."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class UnconvertedSpend:
    """What was spent in a currency there is no rate for."""

    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Unconverted:
    """What there is no rate for, in its own currency."""

    currency: str
    deals: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AdjustedRow:
    """What was added to one row, signed."""

    key: str | list[str]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AdjustedModel:
    """What was added by one model; the rows sum to `amount_minor`."""

    rows: list[AdjustedRow]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What became known of a closed month in the time that is reported; it is in none of the report's sums."""

    period: str
    models: dict[str, AdjustedModel]


@dataclass(frozen=True, slots=True)
class Report:
    """What was won, and by each model who brought it."""

    currency: str
    agreed_model: str
    group_by: list[str]
    deals: int
    won: WonAmount
    models: dict[str, ModelReport]
    unconverted: list[Unconverted] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    view: str = "as_known"
    adjustments: list[Adjusted] = field(default_factory=list)
    spend: SpentAmount | None = None
    """Where the report is grouped by channel, campaign or both; the rows of each model sum to it."""
    unconverted_spend: list[UnconvertedSpend] = field(default_factory=list)
