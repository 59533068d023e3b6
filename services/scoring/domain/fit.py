"""Fit: how much somebody is whom we sell to, a grade from A to D. It is never mixed with engagement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.scoring.domain.facts import Card
from services.scoring.domain.rules import GRADES, FitRule, Rules

_MOST = 100.0


@dataclass(frozen=True, slots=True)
class FitEntry:
    """A fit rule that held, what it found and what it gave."""

    rule: str
    text: str
    value: str
    points: float


@dataclass(frozen=True, slots=True)
class Fit:
    """The grade, the points it comes from (0 to 100) and the rules that held."""

    grade: str
    points: float
    entries: tuple[FitEntry, ...]


def fit(card: Card, rules: Rules) -> Fit:
    """How well the card fits. What is not known gives nothing."""
    entries = []
    for rule in rules.fit:
        value = _attribute(card, rule.attributes)
        if value is not None and _holds(rule, value):
            entries.append(FitEntry(rule.name, rule.text, str(value), rule.points))
    points = min(_MOST, max(0.0, sum(entry.points for entry in entries)))
    grade = next((grade for grade, least in rules.grades if points >= least), GRADES[-1])
    return Fit(grade, points, tuple(entries))


def _attribute(card: Card, names: tuple[str, ...]) -> str | float | None:
    for name in names:
        value = _domain(card) if name == "email_domain" else _trait(card.traits, name)
        if isinstance(value, str) and value.strip():
            return value.strip().casefold()
        if isinstance(value, int | float):
            return value
    return None


def _domain(card: Card) -> str | None:
    return card.emails[0].rpartition("@")[2] if card.emails else None


def _trait(traits: Mapping[str, Any], name: str) -> Any:
    value: Any = traits
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _holds(rule: FitRule, value: str | float) -> bool:
    if rule.at_least is not None:
        number = _number(value)
        return number is not None and number >= rule.at_least
    text = str(value).casefold()
    if rule.none_of:
        return text not in rule.none_of
    return (
        text in rule.any_of
        or any(f" {words} " in _words(text) for words in rule.contains)
        or any(text.endswith(ending) for ending in rule.ends_with)
    )


def _words(text: str) -> str:
    """Between spaces, so that "cto" is no part of a director."""
    return f" {' '.join(''.join(each if each.isalnum() else ' ' for each in text).split())} "


def _number(value: str | float) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
