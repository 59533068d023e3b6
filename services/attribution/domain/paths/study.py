"""Paths under study: every model by its name, what they share worked out once, and why some cannot be asked."""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from services.attribution.domain.journey import Milestone
from services.attribution.domain.models import MODELS
from services.attribution.domain.models.last_non_direct import LAST_NON_DIRECT
from services.attribution.domain.models.milestones import MilestoneModel
from services.attribution.domain.models.places import PlacedModel
from services.attribution.domain.models.time_decay import DecayModel
from services.attribution.domain.paths import markov
from services.attribution.domain.paths.chain import chain, removal_effects
from services.attribution.domain.paths.encoded import Credited, Floats, Paths, Timed
from services.attribution.domain.paths.placed import PlacedSums
from services.attribution.domain.paths.shapley import shapley, shapley_ordered
from services.attribution.domain.paths.touched import by_marks, by_time, last_but

LEARNED = ("markov_channel", "markov", "shapley", "shapley_ordered")
"""Models that need all journeys at once."""
NAMES = (*MODELS, *LEARNED)
DIRECT = "direct"
_LONG_CYCLE = 4
"""Half-lives: a cycle past so many leaves almost nothing to how it began."""


class Study:
    """Some paths, one at least, and the models that can be asked about them."""

    def __init__(self, paths: Paths, order: int = 1, timed: Timed | None = None) -> None:
        self.paths = paths
        self._order = order
        self._timed = timed

    def left_out(self, name: str) -> str | None:
        """What a model needs that these paths do not have; None where it can be asked. Raises KeyError for no model."""
        if name in LEARNED:
            return None
        model = MODELS[name]
        if isinstance(model, MilestoneModel):
            return None if self._timed is not None and self._timed.marked else "needs milestones"
        if isinstance(model, DecayModel):
            return None if self._timed is not None else "needs times"
        return None if isinstance(model, PlacedModel) or model is LAST_NON_DIRECT else "needs the kinds of touches"

    def credited(self, name: str) -> Credited:
        """What the channels earned by a model; raises KeyError where it cannot be asked of these paths."""
        if name in LEARNED:
            return self._learned[name]()
        model = MODELS[name]
        if isinstance(model, PlacedModel):
            return self._placed.credited(model)
        if model is LAST_NON_DIRECT:
            return last_but(self.paths, DIRECT)
        if self._timed is not None and isinstance(model, DecayModel):
            return by_time(self._timed, model.half_life)
        if self._timed is not None and self._timed.marked and isinstance(model, MilestoneModel):
            return by_marks(self._timed, model.parts)
        raise KeyError(name)

    def warnings(self, name: str) -> list[str]:
        """What has to be said beside the credit of a model."""
        if name in ("markov", "markov_channel") and not self.paths.lost.any():
            return ["there are no lost journeys: a removal effect is then only the part of the wins with the channel"]
        model = MODELS.get(name)
        if self._timed is None or model is None:
            return []
        if isinstance(model, DecayModel):
            return _long_cycle(self._timed, model.half_life)
        return [_missing(self._timed, milestone) for milestone in model.milestones if _lacks(self._timed, milestone)]

    @cached_property
    def _placed(self) -> PlacedSums:
        return PlacedSums(self.paths)

    @cached_property
    def removal_effects(self) -> Floats:
        """By channel, what of the conversions its removal loses, 0 to 1, by the chain of this order."""
        return removal_effects(chain(self.paths, self._order))

    @cached_property
    def _learned(self) -> Mapping[str, Callable[[], Credited]]:
        return {
            "markov_channel": lambda: markov.over_the_set(self.paths, self.removal_effects),
            "markov": lambda: markov.inside_journeys(self.paths, self.removal_effects),
            "shapley": lambda: shapley(self.paths),
            "shapley_ordered": lambda: shapley_ordered(self.paths),
        }


def _lacks(timed: Timed, milestone: Milestone) -> int:
    """How many of the won journeys have no touch that reached a milestone."""
    won = timed.paths.conversions > 0
    marked = timed.marked.get(milestone)
    return int(won.sum() if marked is None else (marked[won] < 0).sum())


def _missing(timed: Timed, milestone: Milestone) -> str:
    won = int((timed.paths.conversions > 0).sum())
    return f"{_lacks(timed, milestone)} of {won} won journeys have no {milestone}: their other parts grow"


def _long_cycle(timed: Timed, half_life: int) -> list[str]:
    """A word where the median won journey is long for a half-life."""
    offsets = timed.paths.offsets
    cycles = (timed.times[offsets[1:] - 1] - timed.times[offsets[:-1]])[timed.paths.conversions > 0]
    median = float(np.median(cycles)) if len(cycles) else 0.0
    if median <= _LONG_CYCLE * half_life:
        return []
    return [f"the median journey lasts {median / half_life:.1f} half-lives: little is left for how it began"]
