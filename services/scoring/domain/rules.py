"""The charter's scoring part as the fold reads it: matches, rules with points, and what moves a stage.

Checked before it gets here (shared/contracts/charter.py); nothing in this file refuses anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from services.scoring.domain.facts import Touch
from shared.kernel.instant import DAY

GRADES = ("A", "B", "C", "D")


@lru_cache(maxsize=10_000)
def plain(text: str) -> str:
    """A name as names are compared: "Contact Sales", "contact_sales" and "contact-sales" are one."""
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which touches are meant. Each part that is given must hold; an empty one holds for all.

    A path that ends in `*` is a prefix; any other is the whole path, with or without a slash at its end.
    """

    kinds: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    direction: str | None = None
    paths: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    def holds(self, touch: Touch) -> bool:
        """Whether this touch is one of those meant."""
        return (
            (not self.kinds or touch.kind in self.kinds)
            and (not self.names or plain(touch.name) in self.names)
            and (not self.channels or touch.channel in self.channels)
            and (self.direction is None or touch.direction == self.direction)
            and (not self.paths or _on_path(touch.page_path, self.paths))
            and (not self.properties or all(_is(touch.properties, *wanted) for wanted in self.properties))
        )


@lru_cache(maxsize=10_000)
def _on_path(path: str | None, patterns: tuple[str, ...]) -> bool:
    if path is None:
        return False
    bare = path.rstrip("/") or "/"
    return any(
        path.startswith(pattern[:-1]) if pattern.endswith("*") else bare == (pattern.rstrip("/") or "/")
        for pattern in patterns
    )


def _is(properties: Mapping[str, Any], name: str, wanted: str) -> bool:
    value = properties.get(name)
    return value is not None and str(value).casefold() == wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Points for a match. They halve every `half_life` ms; caps are sizes, whatever the sign of the points.

    `cap` is the most a rule can hold at any time, so it earns again as what it holds fades. A day is a UTC day.
    """

    name: str
    text: str
    match: Match
    points: float
    half_life: float
    cap: float
    cap_per_day: float | None = None
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRule:
    """Points for what somebody is. `attributes` are dotted trait names, tried in order; the first value counts.

    `email_domain` is an attribute too. Exactly one of the tests is given, in lower case; `contains` means whole words.
    """

    name: str
    text: str
    attributes: tuple[str, ...]
    points: float
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    at_least: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRaiser:
    """Whoever does this is an MQL at once, whatever the score."""

    name: str
    match: Match


M = TypeVar("M", Rule, HandRaiser)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything scoring goes by, indexed by kind. `version` names the charter it comes from."""

    version: str
    engagement: tuple[Rule, ...]
    fit: tuple[FitRule, ...]
    grades: tuple[tuple[str, float], ...]
    """(grade, least fit points), best first; below the last it is D."""
    hand_raisers: tuple[HandRaiser, ...]
    mql_points: Mapping[str, float]
    """The least engagement that makes a known person of a grade an MQL; a grade left out never is by points."""
    bands: tuple[float, ...]
    """Least engagement of bands 1, 2, 3...; below the last is one more band."""
    lead_kinds: frozenset[str]
    lead_kinds_of_ours: frozenset[str]
    """Make a lead even of somebody nobody knows yet (`prospected`)."""
    advocate_kinds: frozenset[str]
    repeat_kinds: frozenset[str]
    interactions: frozenset[str]
    """Kinds that a journey is told by."""
    phases: Mapping[str, str]
    lead_points: float | None = None
    _by_kind: Mapping[str, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    _of_any_kind: tuple[Rule, ...] = field(init=False, repr=False, compare=False)
    _by_name: Mapping[str, Rule] = field(init=False, repr=False, compare=False)
    _raisers_by_kind: Mapping[str, tuple[HandRaiser, ...]] = field(init=False, repr=False, compare=False)
    _raisers_of_any_kind: tuple[HandRaiser, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_kind, of_any_kind = _by_kind(self.engagement)
        object.__setattr__(self, "_by_kind", by_kind)
        object.__setattr__(self, "_of_any_kind", of_any_kind)
        raisers_by_kind, raisers_of_any_kind = _by_kind(self.hand_raisers)
        object.__setattr__(self, "_raisers_by_kind", raisers_by_kind)
        object.__setattr__(self, "_raisers_of_any_kind", raisers_of_any_kind)
        object.__setattr__(self, "_by_name", {rule.name: rule for rule in self.engagement})

    def rules_for(self, kind: str) -> tuple[Rule, ...]:
        """The rules that a touch of this kind can match."""
        return self._by_kind.get(kind, self._of_any_kind)

    def named(self, name: str) -> Rule:
        """The engagement rule of that name."""
        return self._by_name[name]

    def raised_hand(self, touch: Touch) -> str | None:
        """The hand-raiser that this touch is, by name."""
        for raiser in self._raisers_by_kind.get(touch.kind, self._raisers_of_any_kind):
            if raiser.match.holds(touch):
                return raiser.name
        return None

    def cell(self, grade: str, points: float) -> str:
        """The matrix cell, as in `B2`."""
        return f"{grade}{1 + sum(points < least for least in self.bands)}"


def _by_kind(every: Sequence[M]) -> tuple[Mapping[str, tuple[M, ...]], tuple[M, ...]]:
    """Those that a touch of each kind can match, and of any kind that none of them names; the order is kept."""
    kinds = {kind for one in every for kind in one.match.kinds}
    by_kind = {kind: tuple(one for one in every if not one.match.kinds or kind in one.match.kinds) for kind in kinds}
    return by_kind, tuple(one for one in every if not one.match.kinds)


def days(count: float) -> float:
    """Days as the milliseconds that half-lives are counted in."""
    return count * DAY
