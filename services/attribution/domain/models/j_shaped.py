"""J-shaped: most to the last, which converted; a part to the first and to those between.

Six interactions: 20, 5, 5, 5, 5, 60 %. Two: 25, 75 %.
"""

from fractions import Fraction

from services.attribution.domain.models.places import ends

J_SHAPED = ends("j_shaped", Fraction(1, 5), Fraction(3, 5), "HubSpot")
