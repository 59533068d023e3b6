"""The rule models that look at places alone, over paths: one pass serves them all.

The pass sums what was won by length of path, place (first, between, last) and channel; a model is a weight for
each length and place, taken from the rule that splits a single journey.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from services.attribution.domain.interactions import Interaction
from services.attribution.domain.journey import Journey
from services.attribution.domain.models.first_last import FIRST_LAST
from services.attribution.domain.models.inverse_j_shaped import INVERSE_J_SHAPED
from services.attribution.domain.models.j_shaped import J_SHAPED
from services.attribution.domain.models.linear import LINEAR
from services.attribution.domain.models.model import Model
from services.attribution.domain.models.one_touch import FIRST_TOUCH, LAST_TOUCH
from services.attribution.domain.paths.encoded import Credited, Floats, Indexes, Paths, tally
