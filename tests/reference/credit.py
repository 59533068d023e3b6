"""Who earned what of a won deal: visits and clicks before its close, by two models, to the last cent."""

from dataclasses import dataclass
from fractions import Fraction

from tests.reference.accounts import Accounts
from tests.reference.happened import Happening, Version
from tests.reference.people import People, standing

_GAP = 30 * 60 * 1000
_VISITING = ("page_viewed", "form_submitted", "demo_requested")
Credit = tuple[str | None, Fraction, int]


@dataclass(frozen=True)
class Nobody:
    """Somebody erased, as far as it earns: what they did, their role on each of their deals, what they belonged to."""

    touches: list[Happening]
    roles: dict[str, str | None]
    accounts: set[str]


def interactions(touches: list[Happening]) -> list[list[Happening]]:
    """What one person did, put together into what earns credit, each by its touches."""
    visits: list[list[Happening]] = []
    for touch in sorted((t for t in touches if t.kind in _VISITING), key=_order):
        latest = sorted(visits, key=lambda visit: _order(visit[-1]), reverse=True)
        same = [v for v in latest if touch.browser and any(t.browser == touch.browser for t in v)][:1]
        loose = [v for v in latest[:1] if not touch.browser or not any(t.browser for t in v)]
        visit = next((v for v in same + loose if _goes_on(v, touch)), None)
        if visit is None:
            visits.append(visit := [])
        visit.append(touch)
    clicks = sorted((t for t in touches if t.kind == "email_clicked"), key=_order)
    opened = {led[0]: c for c in clicks if (led := [n for n, v in enumerate(visits) if _leads(c, v[0])])}
    whole = [[opened[n], *visit] if n in opened else visit for n, visit in enumerate(visits)]
    return whole + [[click] for click in clicks if click not in opened.values()]


def _order(touch: Happening) -> tuple[int, str]:
    return touch.at, touch.id


def _leads(click: Happening, first: Happening) -> bool:
    return click.campaign is not None and click.campaign == first.campaign and 0 <= first.at - click.at <= _GAP


def _goes_on(visit: list[Happening], touch: Happening) -> bool:
    campaign = next((t.campaign for t in visit if t.campaign), None)
    return touch.at - visit[-1].at < _GAP and touch.campaign in (None, campaign)


def earned_by_deal(
    versions: list[Version], people: People, erased: list[Nobody]
) -> dict[tuple[str, str], list[Credit]]:
    """The credit of every won deal, by deal and model."""
    accounts = Accounts(people, versions)
    won = [version for version in standing(versions).values() if version.status == "won"]
    earned: dict[tuple[str, str], list[Credit]] = {}
    for deal in won:
        journey = _journey(deal, won, people, accounts, erased)
        equal = [Fraction(1, len(journey))] * len(journey) if journey else []
        between = [Fraction(1, 5) / (len(journey) - 2)] * (len(journey) - 2) if len(journey) > 2 else []
        first_last = [Fraction(2, 5), *between, Fraction(2, 5)] if between else equal
        earned[deal.deal, "first_last"] = _split(deal.amount, journey, first_last)
        earned[deal.deal, "linear"] = _split(deal.amount, journey, equal)
    return earned


def _journey(deal: Version, won: list[Version], people: People, accounts: Accounts, erased: list[Nobody]) -> list[str]:
    """The interactions that count, by their first touches."""
    closed = deal.closed or deal.at
    before = [v for v in won if (v.closed or 0) < closed and _same_buyer(deal, v, people, erased)]
    since = max((v.closed or 0 for v in before), default=0)
    own = _in_scope(deal, people, accounts, erased)
    starts = sorted(_order(touches[0]) for each in own for touches in interactions(each))
    return [touch for at, touch in starts if since < at <= closed]


def _in_scope(deal: Version, people: People, accounts: Accounts, erased: list[Nobody]) -> list[list[Happening]]:
    """What each of those did who count: whoever has a role, else everybody on the deal and of its account."""
    there = people.on([c for c in deal.contacts if c.role])
    gone = [one for one in erased if one.roles.get(deal.deal)]
    if not there and not gone:
        account = deal.company.id if deal.company else None
        there = people.on(deal.contacts) | (accounts.everybody_of(account) if account else set())
        gone = [one for one in erased if deal.deal in one.roles or account in one.accounts]
    found = [[each for each in people.happenings if people.of(each) == person] for person in there]
    return found + [one.touches for one in gone]


def _same_buyer(one: Version, other: Version, people: People, erased: list[Nobody]) -> bool:
    if one.company and other.company:
        return one.company.id == other.company.id
    both = any(one.deal in nobody.roles and other.deal in nobody.roles for nobody in erased)
    return both or bool(people.on(one.contacts) & people.on(other.contacts))


def _split(amount: int, journey: list[str], shares: list[Fraction]) -> list[Credit]:
    if not journey:
        return [(None, Fraction(1), amount)]
    parts = [int(amount * share) for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda n: (parts[n] - amount * shares[n], n))
    for n in by_remainder[: amount - sum(parts)]:
        parts[n] += 1
    return list(zip(journey, shares, parts, strict=True))
