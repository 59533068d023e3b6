"""W-shaped: the first, the one that made a lead, the one before the deal, and a part for all others.

Six interactions A to F, where A is the first, B made the lead, D came before the deal and F closed it:
30, 30, 10/3, 30, 10/3, 10/3 %.
"""

from fractions import Fraction

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models.milestones import Parts, by_milestones

_PART = Fraction(3, 10)

W_SHAPED = by_milestones(
    "w_shaped",
    Parts(first=_PART, milestones={Milestone.LEAD_CREATION: _PART, Milestone.DEAL_CREATION: _PART}),
    "30 % each to the first, the one that made a lead and the one before the deal; "
    "the rest in equal parts to all others.",
    "HubSpot",
)
