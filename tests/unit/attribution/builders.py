"""Touches, deals and journeys in the fewest words; times are minutes, or days, after one Monday."""

from collections.abc import Sequence

from services.attribution.domain.deal import Contact, Deal
from services.attribution.domain.interactions import Interaction, InteractionRules, interactions
from services.attribution.domain.journey import Journey, Milestone
from services.attribution.domain.touch import Touch, Why
from shared.kernel.instant import DAY, MINUTE

START = 1_767_571_200_000
"""2026-01-05T00:00:00Z."""
RULES = InteractionRules()


def touch(
    minute: float = 0,
    kind: str = "page_viewed",
    *,
    name: str = "",
    channel: str = "direct",
    person: str | None = "ana",
    browser: str | None = "b1",
    campaign: str | None = None,
) -> Touch:
    """A touch of Ana's in her browser, unless told otherwise; its id is its name, else its time."""
    return Touch(
        id=name or f"t{minute:09.2f}",
        occurred_at=START + round(minute * MINUTE),
        kind=kind,
        channel=channel,
        department="sales" if kind == "call" else "marketing",
        person_id=person,
        anonymous_id=browser,
        campaign=campaign,
    )


def call(minute: float = 0, outcome: str | None = None) -> Touch:
    """A call of sales to Ana, and how it ended."""
    at = START + round(minute * MINUTE)
    return Touch(
        id=f"c{minute}",
        occurred_at=at,
        kind="call",
        channel="phone",
        department="sales",
        direction="outbound",
        person_id="ana",
        outcome=outcome,
    )


def barred(why: Why, kind: str = "page_viewed") -> Touch:
    """A touch of Ana's that something keeps from counting."""
    return Touch(
        id="barred", occurred_at=START, kind=kind, channel="direct", department="marketing", person_id="ana", barred=why
    )


def met(day: float, kind: str = "chat", *, person: str = "ana", channel: str = "chat") -> Interaction:
    """An interaction of one touch; its id is its day."""
    return Interaction((touch(day * 24 * 60, kind, name=f"day {day:g}", person=person, channel=channel),), kind)


def sequence(*channels: str) -> Journey:
    """A journey of one interaction every ten days through these channels, closed with the last."""
    found = tuple(met(10 * position, channel=channel) for position, channel in enumerate(channels))
    return Journey("deal", found, found[-1].occurred_at if found else START)


def at_days(*days: float, lead: float | None = None, deal: float | None = None, won: float | None = None) -> Journey:
    """A journey of one interaction on each of these days, and the days on which its milestones were reached."""
    reached = {Milestone.LEAD_CREATION: lead, Milestone.DEAL_CREATION: deal, Milestone.CLOSED_WON: won}
    moments = {milestone: START + round(day * DAY) for milestone, day in reached.items() if day is not None}
    return Journey("deal", tuple(met(day) for day in days), moments.get(Milestone.CLOSED_WON), (), moments)


def deal(
    closed: float | None = 100,
    *,
    name: str = "deal",
    amount_minor: int = 100_00,
    contacts: Sequence[tuple[str, str | None]] = (("ana", "buyer"),),
    account: str | None = "acme",
    colleagues: Sequence[str] = (),
) -> Deal:
    """A deal that was won on a day, or is open; created the day after START."""
    return Deal(
        id=name,
        status="open" if closed is None else "won",
        amount_minor=amount_minor,
        currency="EUR",
        created_at=START + DAY,
        closed_at=None if closed is None else START + round(closed * DAY),
        account_id=account,
        contacts=tuple(Contact(person, role) for person, role in contacts),
        account_people=frozenset(colleagues),
    )


def grouped(*touches: Touch) -> list[list[str]]:
    """The ids of touches, by the interaction they make up."""
    return [[touch.id for touch in found.touches] for found in interactions(touches, RULES)]
