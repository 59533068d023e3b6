"""U-shaped at HubSpot: the first, the one that made a lead, and a part for all others.

Six interactions A to F, where A is the first, B made the lead, D came before the deal and F closed it:
40, 40, 5, 5, 5, 5 %.
"""

from fractions import Fraction

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models.milestones import Parts, by_milestones

U_SHAPED_HUBSPOT = by_milestones(
    "u_shaped_hubspot",
    Parts(first=Fraction(2, 5), milestones={Milestone.LEAD_CREATION: Fraction(2, 5)}),
    "40 % to the first, 40 % to the one that made a lead, the rest in equal parts to all others.",
    "HubSpot",
)
