"""What attribution goes by: its own knobs, and the charter's rules as the domain reads them."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.attribution.domain.interactions import InteractionRules
from services.attribution.domain.journey import JourneyRules
from services.attribution.domain.models import MODELS
from services.attribution.domain.models.single import Named, single
from services.attribution.domain.models.time_decay import time_decay
from services.attribution.domain.persona import Persona
from services.attribution.domain.rules import Rules
from shared.contracts import charter as words
from shared.contracts.charter import Attribution, Charter
from shared.kernel.errors import Reject
from shared.kernel.instant import DAY, MINUTE

UNSIGNED = "default"
"""The version of the shipped charter, in force until one is signed."""


class AttributionSettings(BaseSettings):
    """Environment variables `THROUGHLINE_ATTRIBUTION_*`."""

    model_config = SettingsConfigDict(env_prefix="THROUGHLINE_ATTRIBUTION_", frozen=True)

    rates: Path | None = Field(
        default=None,
        description="File of rates, `.csv` or `.yaml`: day, currency, rate into the charter's; read at the start.",
    )


def rules_of(charter: Charter, version: str = UNSIGNED) -> Rules:
    """The rules a charter holds; `version` is stored with every journey. Raises Reject where its model is unknown."""
    agreed = charter.attribution
    named = single(Named(kinds=frozenset({agreed.single.kind})), MODELS[agreed.single.otherwise])
    decayed = time_decay(round(agreed.time_decay_half_life_days * DAY))
    models = {**MODELS, named.name: named, decayed.name: decayed}
    if agreed.model not in models:
        raise Reject("unknown_model", f"the models are {', '.join(models)}", "attribution.model")
    return Rules(
        version=version,
        currency=agreed.currency,
        agreed=agreed.model,
        models={agreed.model: models[agreed.model], **models},
        journey=_journey(agreed),
        personas=tuple(_persona(persona) for persona in charter.personas),
    )


def _persona(told: words.Persona) -> Persona:
    any_of = frozenset(text.casefold() for text in told.any_of)
    return Persona(told.name, told.attributes, any_of, tuple(text.casefold() for text in told.contains))


def _journey(agreed: Attribution) -> JourneyRules:
    return JourneyRules(
        window=agreed.window_days * DAY,
        contact_scope=agreed.contact_scope,
        interactions=InteractionRules(
            visit_kinds=agreed.visit_kinds,
            single_kinds=frozenset(agreed.interaction_kinds),
            click_kinds=frozenset(agreed.visit_openers),
            visit_gap=agreed.visit_gap_minutes * MINUTE,
        ),
    )
