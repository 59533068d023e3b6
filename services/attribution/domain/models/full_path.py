"""Full path: all four milestones alike, and a part for all others.

Six interactions A to F, where A is the first, B made the lead, D came before the deal and F closed it:
22.5, 22.5, 5, 22.5, 5, 22.5 %.
"""

from fractions import Fraction

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models.milestones import Parts, by_milestones

_PART = Fraction(9, 40)

FULL_PATH = by_milestones(
    "full_path",
    Parts(first=_PART, milestones=dict.fromkeys(Milestone, _PART)),
    "22.5 % each to the first, the one that made a lead, the one before the deal and the one before its close; "
    "the rest in equal parts to all others.",
    "HubSpot, Marketo Measure",
)
