"""Lead creation: everything to the interaction that made somebody a lead.

Six interactions A to F, where A is the first, B made the lead, D came before the deal and F closed it:
0, 100, 0, 0, 0, 0 %.
"""

from fractions import Fraction

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models.milestones import Parts, by_milestones

LEAD_CREATION = by_milestones(
    "lead_creation",
    Parts(milestones={Milestone.LEAD_CREATION: Fraction(1)}),
    "Everything to the interaction that made the first of the deal's people a lead; to the first where none did.",
    "Marketo Measure",
)
