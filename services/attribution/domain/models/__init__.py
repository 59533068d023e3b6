"""The rule models, by name. A new one is a file in here and a line in this table."""

from types import MappingProxyType

from services.attribution.domain.models.first_last import FIRST_LAST
from services.attribution.domain.models.linear import LINEAR
from services.attribution.domain.models.model import Model
from services.attribution.domain.models.one_touch import FIRST_TOUCH, LAST_NON_DIRECT, LAST_TOUCH
from services.attribution.domain.models.single import SINGLE

MODELS = MappingProxyType(
    {model.name: model for model in (FIRST_LAST, LINEAR, SINGLE, FIRST_TOUCH, LAST_TOUCH, LAST_NON_DIRECT)}
)
"""Name to model, the agreed default first."""

AGREED = FIRST_LAST.name
"""The model of the default charter."""

__all__ = ["AGREED", "MODELS", "Model"]
