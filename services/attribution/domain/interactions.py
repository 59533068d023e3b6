"""Interactions: what earns credit. A visit to the site is one, however many pages; other acts are one each.

The result is a fold over touches in event time, then id: any order of arrival gives the same, what happens
later never changes what an earlier interaction began with, and one person's depend on nobody else's touches.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from services.attribution.domain.touch import Touch, Why
from shared.kernel.ids import derived
from shared.kernel.instant import MINUTE
from shared.kernel.stand_ins import stand_in

_order = attrgetter("order")

_Browser = tuple[str, str | None]
"""An anonymous id and who owns it: another owner's visit is another visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionRules:
    """What counts as an interaction; the defaults are the default charter's."""

    visit_kinds: tuple[str, ...] = (
        "demo_requested",
        "trial_started",
        "form_submitted",
        "content_downloaded",
        "tutorial_viewed",
        "page_viewed",
    )
    """What happens in a visit, the strongest first."""
    single_kinds: frozenset[str] = frozenset(
        {
            "ad_clicked",
            "app_installed",
            "call",
            "chat",
            "demo_held",
            "email_clicked",
            "email_replied",
            "event_attended",
            "forum_posted",
            "meeting_held",
            "prospected",
            "referral_made",
            "review_posted",
            "webinar_attended",
        }
    )
    """One interaction each. A kind that is in neither set earns nothing."""
    click_kinds: frozenset[str] = frozenset({"ad_clicked", "email_clicked"})
    """Of the single ones, those that open the visit they lead to."""
    vanity_kinds: frozenset[str] = frozenset()
    """Kinds that earn their credit although they are vanity."""
    unanswered: frozenset[str] = frozenset(
        {
            "busy",
            "canceled",
            "cancelled",
            "failed",
            "left_voicemail",
            "missed",
            "no_answer",
            "not_answered",
            "unanswered",
            "voicemail",
        }
    )
    """Outcomes of a call that nobody answered, in snake_case."""
    visit_gap: int = 30 * MINUTE
    """Milliseconds. A visit ends when nothing happens for so long; a click leads to a visit within it."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """Touches that earn credit as one. It speaks of its first; campaign, UTM source and content are the first named."""

    touches: tuple[Touch, ...]
    kind: str
    """The strongest of `kinds`."""

    @property
    def id(self) -> str:
        return self.touches[0].id

    @property
    def occurred_at(self) -> int:
        return self.touches[0].occurred_at

    @property
    def order(self) -> tuple[int, str]:
        return self.touches[0].order

    @property
    def person_id(self) -> str | None:
        return self.touches[0].person_id

    @property
    def kinds(self) -> tuple[str, ...]:
        """All that happened in it, each once, in the order in which it first did."""
        return tuple(dict.fromkeys(touch.kind for touch in self.touches))

    @property
    def channel(self) -> str:
        return self.touches[0].channel

    @property
    def department(self) -> str:
        return self.touches[0].department

    @property
    def direction(self) -> str:
        return self.touches[0].direction

    @property
    def source(self) -> str | None:
        return self.touches[0].source

    @property
    def campaign(self) -> str | None:
        return next((touch.campaign for touch in self.touches if touch.campaign), None)

    @property
    def utm_source(self) -> str | None:
        return next((touch.utm_source for touch in self.touches if touch.utm_source), None)

    @property
    def content(self) -> str | None:
        return next((touch.content for touch in self.touches if touch.content), None)

    def until(self, instant: int, rules: InteractionRules) -> "Interaction | None":
        """It as it stood at an instant: the same as deriving from the touches up to then. None: not yet begun."""
        if self.touches[-1].occurred_at <= instant:
            return self
        touches = tuple(touch for touch in self.touches if touch.occurred_at <= instant)
        return _interaction(touches, rules) if touches else None


def why_not(touch: Touch, rules: InteractionRules) -> Why | None:
    """Why a touch is part of no interaction; None where it is part of one."""
    if touch.barred is not None and not (touch.barred is Why.VANITY and touch.kind in rules.vanity_kinds):
        return touch.barred
    if not any(touch.kind in kinds for kinds in (rules.visit_kinds, rules.single_kinds, rules.vanity_kinds)):
        return Why.KIND
    if touch.kind == "call" and touch.outcome is not None and _snake(touch.outcome) in rules.unanswered:
        return Why.UNANSWERED
    return None


def interactions(touches: Iterable[Touch], rules: InteractionRules) -> tuple[Interaction, ...]:
    """The interactions that touches make up, in event time, then id. Every touch that counts is in exactly one."""
    counted = sorted((touch for touch in touches if why_not(touch, rules) is None), key=_order)
    visits = _visits((touch for touch in counted if touch.kind in rules.visit_kinds), rules.visit_gap)
    singles = [touch for touch in counted if touch.kind not in rules.visit_kinds]
    openings = _openings((touch for touch in singles if touch.kind in rules.click_kinds), visits, rules.visit_gap)
    opening = {click.id for click in openings.values()}
    found = [_interaction((touch,), rules) for touch in singles if touch.id not in opening]
    for number, visit in enumerate(visits):
        click = openings.get(number)
        found.append(_interaction((*([click] if click else ()), *visit.touches), rules))
    return tuple(sorted(found, key=_order))


def forgotten(touch: Touch, rules: InteractionRules) -> Touch:
    """What stays of a touch of somebody who was erased: all that credit is told by, nothing that they said or are known
    by. It counts as before, in the same place and the same visit."""
    outcome = None if touch.outcome is None else _snake(touch.outcome)
    return replace(
        touch,
        id=stand_in(touch.id),
        anonymous_id=None if touch.anonymous_id is None else derived("erased visitor", touch.anonymous_id),
        outcome=outcome if outcome in rules.unanswered else None,
        heard_from=None,
    )


@dataclass(slots=True)
class _Visit:
    """A visit while it is being put together."""

    touches: list[Touch] = field(default_factory=list)
    anonymous_id: str | None = None
    campaign: tuple[str | None, str | None] | None = None

    def goes_on_with(self, touch: Touch, gap: int) -> bool:
        """Whether its owner's next touch is still of this visit: soon enough, and no new campaign."""
        return touch.occurred_at - self.touches[-1].occurred_at < gap and _campaign(touch) in (None, self.campaign)

    def take(self, touch: Touch) -> None:
        self.touches.append(touch)
        self.anonymous_id = self.anonymous_id or touch.anonymous_id
        self.campaign = self.campaign or _campaign(touch)


def _visits(touches: Iterable[Touch], gap: int) -> list[_Visit]:
    """Touches in order, put together into visits, in the order in which they begin."""
    visits: list[_Visit] = []
    by_browser: dict[_Browser, _Visit] = {}
    by_person: dict[str, _Visit] = {}
    for touch in touches:
        open_ones = _open_ones(touch, by_browser, by_person)
        visit = next((visit for visit in open_ones if visit.goes_on_with(touch, gap)), None)
        if visit is None:
            visit = _Visit()
            visits.append(visit)
        visit.take(touch)
        if touch.anonymous_id is not None:
            by_browser[touch.anonymous_id, touch.person_id] = visit
        if touch.person_id is not None:
            by_person[touch.person_id] = visit
    return visits


def _open_ones(touch: Touch, by_browser: dict[_Browser, _Visit], by_person: dict[str, _Visit]) -> Iterator[_Visit]:
    """The visits of its owner that a touch may go on with: by anonymous id; by person where one of the two has none.

    So a form that the site's own server reports, which knows no anonymous id, is part of the visit it was sent in.
    """
    if touch.anonymous_id is not None and (visit := by_browser.get((touch.anonymous_id, touch.person_id))):
        yield visit
    last = by_person.get(touch.person_id) if touch.person_id is not None else None
    if last is not None and (touch.anonymous_id is None or last.anonymous_id is None):
        yield last


def _openings(clicks: Iterable[Touch], visits: Sequence[_Visit], gap: int) -> dict[int, Touch]:
    """Which click opens which visit, by its number: the person's last one of those that led to it."""
    starts: dict[str, list[tuple[int, int]]] = {}
    for place, visit in enumerate(visits):
        first = visit.touches[0]
        if first.person_id is not None:
            starts.setdefault(first.person_id, []).append((first.occurred_at, place))
    openings: dict[int, Touch] = {}
    for click in clicks:
        own = starts.get(click.person_id, []) if click.person_id is not None else []
        soonest = bisect_left(own, (click.occurred_at, 0))
        latest = bisect_left(own, (click.occurred_at + gap + 1, 0))
        number = next((number for _, number in own[soonest:latest] if _led_to(click, visits[number])), None)
        if number is not None:
            openings[number] = click
    return openings


def _led_to(click: Touch, visit: _Visit) -> bool:
    """Whether a click and a visit speak of the same campaign or channel."""
    first = visit.touches[0]
    return click.channel == first.channel or (click.campaign is not None and click.campaign == first.campaign)


def _interaction(touches: tuple[Touch, ...], rules: InteractionRules) -> Interaction:
    kinds = {touch.kind for touch in touches}
    return Interaction(touches, next((kind for kind in rules.visit_kinds if kind in kinds), touches[0].kind))


def _campaign(touch: Touch) -> tuple[str | None, str | None] | None:
    """What tells one campaign from another: its source and its name."""
    return (touch.utm_source, touch.campaign) if touch.utm_source or touch.campaign else None


def _snake(text: str) -> str:
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())
