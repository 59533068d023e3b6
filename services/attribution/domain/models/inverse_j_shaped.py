"""Inverse J: most to the first; a part to the last, which converted, and to those between.

Six interactions: 60, 5, 5, 5, 5, 20 %. Two: 75, 25 %.
"""

from fractions import Fraction

from services.attribution.domain.models.places import ends

INVERSE_J_SHAPED = ends("inverse_j_shaped", Fraction(3, 5), Fraction(1, 5), "HubSpot")
