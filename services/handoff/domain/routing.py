"""Whose a lead is, and why: every step that was tried is in the trail.

Promises: a relation outlives the rota; the rota is deterministic and keeps each owner within one lead of
its share by weight; no owner at capacity gets one from the rota. Leaves out how the facts are found.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from services.handoff.domain.sla import DEFAULT_HOURS
from shared.kernel.instant import DAY, Instant

StepName = Literal["open_handoff", "prospected", "account", "territory", "segment", "round_robin", "fallback"]
Result = Literal["chosen", "skipped", "no_match"]


@dataclass(frozen=True, slots=True)
class Absence:
    """From inclusive, to exclusive."""

    since: Instant
    until: Instant


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody in sales. `weight`: the share of the rota, 0 for none; `capacity`: how many leads in hand at a
    time, None for any number."""

    id: str
    name: str
    email: str
    weight: int = 1
    capacity: int | None = None
    time_zone: str = "UTC"
    hours: Mapping[str, Sequence[str]] = field(default_factory=lambda: DEFAULT_HOURS, hash=False)
    away: tuple[Absence, ...] = ()

    def is_away(self, now: Instant) -> bool:
        """Whether they are on leave now; outside working hours they are not away (clocks wait for them)."""
        return any(absence.since <= now < absence.until for absence in self.away)


@dataclass(frozen=True, slots=True)
class Load:
    """What an owner has: leads in hand now, and how many the rota gave them in the period that is evened out."""

    in_hand: int = 0
    assigned: int = 0


@dataclass(frozen=True, slots=True)
class Lead:
    """What routing needs to know of a lead. `prospected`: sales' own earlier contacts as (owner, when)."""

    person_id: str
    open_owner_id: str | None = None
    prospected: tuple[tuple[str, Instant], ...] = ()
    account_owner_id: str | None = None
    territory: str | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The charter's routing: who shares a territory or a segment, and who takes what nobody else can."""

    fallback_owner_id: str
    territories: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    segments: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    prospected_days: int = 90


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried. `why` is a sentence for the people who ask."""

    step: StepName
    candidate: str | None
    result: Result
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The owner, and how it came to that."""

    owner_id: str
    trail: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Rota:
    owners: Mapping[str, Owner]
    loads: Mapping[str, Load]
    now: Instant

    def load(self, owner_id: str) -> Load:
        return self.loads.get(owner_id, Load())


def choose(lead: Lead, owners: Iterable[Owner], loads: Mapping[str, Load], rules: Rules, now: Instant) -> Choice:
    """The owner of a lead. Relations come first, whatever the owner's load; then territory, segment and all
    owners share by weight; the fallback owner takes the rest, away or not, known or not."""
    rota = _Rota({owner.id: owner for owner in owners}, loads, now)
    trail: list[Step] = []
    for step in _relations(lead, rules, rota):
        trail.append(step)
        if step.result == "chosen" and step.candidate is not None:
            return Choice(step.candidate, tuple(trail))
    for name, key, members in _circles(lead, rules, rota):
        found, steps = _share(name, key, members, rota)
        trail += steps
        if found is not None:
            return Choice(found, tuple(trail))
    trail.append(Step("fallback", rules.fallback_owner_id, "chosen", "nobody else can take it"))
    return Choice(rules.fallback_owner_id, tuple(trail))


def _relations(lead: Lead, rules: Rules, rota: _Rota) -> Iterable[Step]:
    if lead.open_owner_id is not None:
        # Not asked whether they are away: the person is in their hands, and a second signal only updates that.
        yield Step("open_handoff", lead.open_owner_id, "chosen", "has an open hand-off with this person")
    since = rota.now - rules.prospected_days * DAY
    latest = sorted(((at, owner_id) for owner_id, at in lead.prospected if since <= at <= rota.now), reverse=True)
    why = f"prospected this person in the last {rules.prospected_days} days"
    for owner_id in dict.fromkeys(owner_id for _, owner_id in latest):
        yield _kept("prospected", owner_id, why, rota)
    if not latest:
        yield Step("prospected", None, "no_match", f"nobody {why}")
    if lead.account_owner_id is not None:
        yield _kept("account", lead.account_owner_id, "owns this person's account", rota)
    else:
        yield Step("account", None, "no_match", "nobody owns this person's account")


def _kept(name: StepName, owner_id: str, why: str, rota: _Rota) -> Step:
    owner = rota.owners.get(owner_id)
    if owner is None:
        return Step(name, owner_id, "skipped", f"{why}, but is no owner any more")
    if owner.is_away(rota.now):
        return Step(name, owner_id, "skipped", f"{why}, but is away")
    return Step(name, owner_id, "chosen", why)


def _circles(lead: Lead, rules: Rules, rota: _Rota) -> Iterable[tuple[StepName, str, Iterable[str]]]:
    if lead.territory is not None and lead.territory in rules.territories:
        yield "territory", lead.territory, rules.territories[lead.territory]
    if lead.segment is not None and lead.segment in rules.segments:
        yield "segment", lead.segment, rules.segments[lead.segment]
    yield "round_robin", "all owners", rota.owners


def _share(name: StepName, key: str, members: Iterable[str], rota: _Rota) -> tuple[str | None, list[Step]]:
    """Who is next among the members, with those passed over; None where nobody can."""
    able: list[Owner] = []
    steps: list[Step] = []
    for owner_id in sorted(set(members)):
        owner = rota.owners.get(owner_id)
        hindrance = "is no owner any more" if owner is None else _hindrance(owner, rota)
        if owner is not None and hindrance is None:
            able.append(owner)
        elif hindrance is not None:
            steps.append(Step(name, owner_id, "skipped", hindrance))
    if not able:
        return None, [*steps, Step(name, None, "no_match", f"nobody of {key} can take one more")]
    chosen = _next(able, rota)
    why = f"next of {key}: {rota.load(chosen.id).assigned} so far at weight {chosen.weight}"
    return chosen.id, [*steps, Step(name, chosen.id, "chosen", why)]


def _hindrance(owner: Owner, rota: _Rota) -> str | None:
    if owner.weight <= 0:
        return "takes no part in the rota"
    if owner.is_away(rota.now):
        return "is away"
    if owner.capacity is not None and rota.load(owner.id).in_hand >= owner.capacity:
        return f"is at capacity ({owner.capacity})"
    return None


def _next(able: Sequence[Owner], rota: _Rota) -> Owner:
    """The smallest (assigned + 1) / weight, ties by id, among those whom one more does not lift past their share.

    Without that second half (Balinski and Young's quota method) one heavy owner among many light ones is
    served well ahead of its share before they get their first. There is always somebody below it.
    """
    total = sum(owner.weight for owner in able)
    given = sum(rota.load(owner.id).assigned for owner in able)
    below = [owner for owner in able if rota.load(owner.id).assigned * total < (given + 1) * owner.weight]
    return min(below, key=lambda owner: (Fraction(rota.load(owner.id).assigned + 1, owner.weight), owner.id))
