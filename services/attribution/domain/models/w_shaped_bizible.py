"""W-shaped at Marketo Measure (Bizible): what the milestones leave goes to the interactions between them alone.

Six interactions A to F, where A is the first, B made the lead, D came before the deal and F closed it:
30, 30, 10, 30, 0, 0 %.
"""

from fractions import Fraction

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models.milestones import Parts, by_milestones

_PART = Fraction(3, 10)

W_SHAPED_BIZIBLE = by_milestones(
    "w_shaped_bizible",
    Parts(
        first=_PART,
        milestones={Milestone.LEAD_CREATION: _PART, Milestone.DEAL_CREATION: _PART},
        middle="between",
    ),
    "30 % each to the first, the one that made a lead and the one before the deal; "
    "the rest in equal parts to those between them.",
    "Marketo Measure",
)
