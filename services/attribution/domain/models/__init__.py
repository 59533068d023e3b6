"""The rule models, by name. A new one is a file in here, a line in this table, and a migration: it is summed, too."""

from types import MappingProxyType

from services.attribution.domain.models.first_last import FIRST_LAST
from services.attribution.domain.models.full_path import FULL_PATH
from services.attribution.domain.models.inverse_j_shaped import INVERSE_J_SHAPED
from services.attribution.domain.models.j_shaped import J_SHAPED
from services.attribution.domain.models.lead_creation import LEAD_CREATION
from services.attribution.domain.models.linear import LINEAR
from services.attribution.domain.models.model import Model
from services.attribution.domain.models.one_touch import FIRST_TOUCH, LAST_NON_DIRECT, LAST_TOUCH
from services.attribution.domain.models.single import SINGLE
from services.attribution.domain.models.time_decay import TIME_DECAY
from services.attribution.domain.models.u_shaped_bizible import U_SHAPED_BIZIBLE
from services.attribution.domain.models.u_shaped_hubspot import U_SHAPED_HUBSPOT
from services.attribution.domain.models.w_shaped import W_SHAPED
from services.attribution.domain.models.w_shaped_bizible import W_SHAPED_BIZIBLE

MODELS = MappingProxyType(
    {
        model.name: model
        for model in (
            FIRST_LAST,
            LINEAR,
            SINGLE,
            FIRST_TOUCH,
            LAST_TOUCH,
            LAST_NON_DIRECT,
            LEAD_CREATION,
            U_SHAPED_HUBSPOT,
            U_SHAPED_BIZIBLE,
            W_SHAPED,
            W_SHAPED_BIZIBLE,
            FULL_PATH,
            J_SHAPED,
            INVERSE_J_SHAPED,
            TIME_DECAY,
        )
    }
)
"""Name to model, the agreed default first."""

AGREED = FIRST_LAST.name
"""The model of the default charter."""

__all__ = ["AGREED", "MODELS", "Model"]
