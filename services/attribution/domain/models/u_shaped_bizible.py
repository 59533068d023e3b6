"""U-shaped at Marketo Measure (Bizible): half to the first, half to the one that made a lead.

Six interactions A to F, where A is the first, B made the lead, D came before the deal and F closed it:
50, 50, 0, 0, 0, 0 %.
"""

from fractions import Fraction

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models.milestones import Parts, by_milestones

U_SHAPED_BIZIBLE = by_milestones(
    "u_shaped_bizible",
    Parts(first=Fraction(1, 2), milestones={Milestone.LEAD_CREATION: Fraction(1, 2)}),
    "50 % to the first, 50 % to the one that made a lead, nothing to the others.",
    "Marketo Measure",
)
