"""Who earned what of a won deal: visits and clicks before its close, by two models, to the last cent."""

from fractions import Fraction

from tests.reference.happened import Happening, Version
from tests.reference.people import People, standing

_GAP = 30 * 60 * 1000
_VISITING = ("page_viewed", "form_submitted", "demo_requested")
Credit = tuple[str | None, Fraction, int]


def interactions(touches: list[Happening]) -> list[list[Happening]]:
    """What one person did, put together into what earns credit, each by its touches."""
    visits: list[list[Happening]] = []
    for touch in sorted((t for t in touches if t.kind in _VISITING), key=_order):
        latest = sorted(visits, key=lambda visit: _order(visit[-1]), reverse=True)
        same = [v for v in latest if touch.browser and any(t.browser == touch.browser for t in v)][:1]
        loose = [v for v in latest[:1] if not touch.browser or not any(t.browser for t in v)]
        visit = next((v for v in same + loose if _goes_on(v, touch)), None)
        if visit is None:
            visits.append([touch])
        else:
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


def earned_by_deal(versions: list[Version], people: People) -> dict[tuple[str, str], list[Credit]]:
    """The credit of every won deal, by deal and model."""
    won = [version for version in standing(versions).values() if version.status == "won"]
    earned: dict[tuple[str, str], list[Credit]] = {}
    for deal in won:
        journey = _journey(deal, won, people)
        count = len(journey)
        ends, rest = (Fraction(2, 5), Fraction(1, 5)) if count > 2 else (Fraction(1, max(count, 1)), Fraction(0))
        first_last = [ends if n in (0, count - 1) else rest / (count - 2) for n in range(count)]
        earned[deal.deal, "first_last"] = _split(deal.amount, journey, first_last)
        earned[deal.deal, "linear"] = _split(deal.amount, journey, [Fraction(1, count)] * count if count else [])
    return earned


def _journey(deal: Version, won: list[Version], people: People) -> list[str]:
    """The interactions that count, by their first touches."""
    closed = deal.closed or deal.at
    buyers = people.on(deal.contacts)
    scope = people.on(c for c in deal.contacts if c.role) or buyers
    closes = [v.closed or v.at for v in won if people.on(v.contacts) & buyers]
    since = max((close for close in closes if close < closed), default=0)
    found: list[list[Happening]] = []
    for person in scope:
        own = [h for h in people.happenings if people.of(h) == person]
        found += [[t for t in touches if t.at <= closed] for touches in interactions(own)]
    starts = sorted(_order(touches[0]) for touches in found if touches)
    return [touch for at, touch in starts if at > since]


def _split(amount: int, journey: list[str], shares: list[Fraction]) -> list[Credit]:
    if not journey:
        return [(None, Fraction(1), amount)]
    parts = [int(amount * share) for share in shares]
    by_remainder = sorted(range(len(parts)), key=lambda n: (parts[n] - amount * shares[n], n))
    for n in by_remainder[: amount - sum(parts)]:
        parts[n] += 1
    return list(zip(journey, shares, parts, strict=True))
