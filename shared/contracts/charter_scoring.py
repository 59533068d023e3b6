"""The charter's scoring part: fit, engagement, what qualifies. Fit and engagement are never mixed."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from shared.contracts.charter_words import (
    MOST_POINTS,
    MOST_RULES,
    Channel,
    Kind,
    Loss,
    Name,
    Number,
    PagePath,
    Part,
    Points,
    Text,
    unique,
)
from shared.contracts.touchpoints import Direction


class Match(Part):
    """Which touchpoints are meant; every part that is given must hold, and one must be given."""

    kinds: tuple[Kind, ...] = ()
    names: tuple[Text, ...] = ()
    channels: tuple[Channel, ...] = ()
    direction: Direction | None = None
    paths: tuple[PagePath, ...] = ()
    properties: dict[Text, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if not (self.kinds or self.names or self.channels or self.paths or self.properties):
            raise ValueError("say at least one of kinds, names, channels, paths, properties")
        return self


class _Rule(Part):
    name: Name
    text: Text
    match: Match
    half_life_days: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=3650)]
    cap: Points
    cap_per_day: Points | None = None
    once: bool = False


class EngagementRule(_Rule):
    """Points for an act. Caps are the most the rule holds at any time, and gives in one UTC day."""

    points: Points


class NegativeRule(_Rule):
    """Points taken away; its caps are sizes."""

    points: Loss


class HandRaiser(Part):
    """An act that makes an MQL at once, whatever the score."""

    name: Name
    match: Match


class FitRule(Part):
    """A test of an attribute: a trait by its dotted name, or `email_domain`. The first that is known is tested.

    Case does not matter; `contains` means whole words.
    """

    name: Name
    text: Text
    attributes: Annotated[tuple[Text, ...], Field(min_length=1, max_length=10)]
    points: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-MOST_POINTS, le=MOST_POINTS)]
    any_of: tuple[Text, ...] = ()
    none_of: tuple[Text, ...] = ()
    contains: tuple[Text, ...] = ()
    ends_with: tuple[Text, ...] = ()
    at_least: Number | None = None

    @model_validator(mode="after")
    def _tests_one_thing(self) -> Self:
        tests = (self.any_of, self.none_of, self.contains, self.ends_with, self.at_least is not None)
        if sum(map(bool, tests)) != 1:
            raise ValueError("give exactly one of any_of, none_of, contains, ends_with, at_least")
        return self


class Grades(Part):
    """The least fit points of a grade; below C it is D."""

    A: Points
    B: Points
    C: Points

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if not self.A > self.B > self.C:
            raise ValueError("A must need more points than B, and B more than C")
        return self


class MqlPoints(Part):
    """The least engagement that makes an MQL of a grade; none: never by points."""

    A: Points | None
    B: Points | None
    C: Points | None
    D: Points | None

    @property
    def given(self) -> dict[str, float]:
        """The grades that qualify by points, best first."""
        columns = {"A": self.A, "B": self.B, "C": self.C, "D": self.D}
        return {grade: points for grade, points in columns.items() if points is not None}

    @model_validator(mode="after")
    def _rises(self) -> Self:
        needed = [MOST_POINTS + 1 if points is None else points for points in (self.A, self.B, self.C, self.D)]
        if needed != sorted(needed):
            raise ValueError("a worse grade cannot need fewer points than a better one")
        return self


class Thresholds(Part):
    """How much engagement makes a lead (none: acts alone do) and an MQL."""

    lead: Points | None = None
    mql: MqlPoints

    @model_validator(mode="after")
    def _rises(self) -> Self:
        lowest = min(self.mql.given.values(), default=MOST_POINTS)
        if self.lead is not None and lowest < self.lead:
            raise ValueError("an MQL cannot need fewer points than a lead")
        return self


class Scoring(Part):
    """Fit and engagement, which are never mixed."""

    grades: Grades
    fit: Annotated[tuple[FitRule, ...], Field(max_length=MOST_RULES)]
    engagement: Annotated[tuple[EngagementRule, ...], Field(min_length=1, max_length=MOST_RULES)]
    negative: Annotated[tuple[NegativeRule, ...], Field(max_length=MOST_RULES)] = ()
    hand_raisers: Annotated[tuple[HandRaiser, ...], Field(max_length=MOST_RULES)]
    thresholds: Thresholds
    bands: Annotated[tuple[Points, ...], Field(min_length=1, max_length=9)]

    @field_validator("bands")
    @classmethod
    def _fall(cls, bands: tuple[float, ...]) -> tuple[float, ...]:
        if any(higher <= lower for higher, lower in pairwise(bands)):
            raise ValueError("bands go from the most points to the fewest")
        return bands

    @field_validator("engagement")
    @classmethod
    def _caps_fit(cls, rules: tuple[EngagementRule, ...]) -> tuple[EngagementRule, ...]:
        total = sum(rule.cap for rule in rules)
        if abs(total - MOST_POINTS) > 1e-9:
            raise ValueError(f"the caps sum to {total:g}; they must sum to 100, the scale of engagement")
        return rules

    @model_validator(mode="after")
    def _names_areunique(self) -> Self:
        unique([rule.name for rule in (*self.engagement, *self.negative)], "rule")
        unique([rule.name for rule in self.fit], "fit rule")
        return self
