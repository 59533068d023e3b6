"""What attribution goes by: which journeys there are, and the models that split their credit."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.attribution.domain.journey import JourneyRules
from services.attribution.domain.models.model import Model
from services.attribution.domain.persona import Persona
from services.attribution.domain.rates import NO_RATES, Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one version of the charter."""

    version: str
    currency: str
    """What is reported where nobody asks for another (ISO 4217)."""
    agreed: str
    """The model that marketing and sales have agreed on."""
    models: Mapping[str, Model]
    """By name, the agreed one first."""
    journey: JourneyRules
    personas: tuple[Persona, ...] = ()
    """Whom we sell to; the first that fits holds."""
    rates: Rates = NO_RATES
    """Into `currency`; the deployment gives them, the charter does not."""
