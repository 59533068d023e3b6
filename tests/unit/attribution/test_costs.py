"""What a won deal cost, and when the spend came back."""

from fractions import Fraction

from services.attribution.domain.costs import Cost, Entries, costs, payback
from services.attribution.domain.rates import NO_RATES
from services.attribution.domain.report import Sum
from services.attribution.domain.returns import Spent, spent
from services.attribution.domain.spend import SpendLine
from shared.kernel.instant import DAY
from tests.unit.attribution.builders import START


def spend(*lines: tuple[str, int, int]) -> Spent:
    """What channels cost on some days."""
    found = [SpendLine(channel, None, START + day * DAY, amount, "EUR") for channel, day, amount in lines]
    return spent(found, ("channel",), "EUR", NO_RATES)


def earned(*days: tuple[str, int, int]) -> dict[tuple[str, ...], Sum]:
    """What channels earned on some days, half a deal each."""
    return {(channel, str(START + day * DAY)): Sum(Fraction(1, 2), amount, amount) for channel, day, amount in days}


def whole(by_day: dict[tuple[str, ...], Sum]) -> dict[tuple[str, ...], Sum]:
    """The same without days."""
    found: dict[tuple[str, ...], Sum] = {}
    for (channel, _), one in by_day.items():
        found.setdefault((channel,), Sum()).add(one.deals, one.amount_minor, one.volume)
    return found


def of(spent_on: Spent, by_day: dict[tuple[str, ...], Sum]) -> tuple[Cost, ...]:
    """What they cost."""
    return costs(spent_on, whole(by_day), by_day, {}, {})


def told(*rows: Cost) -> list[tuple[str, int | None, int | None]]:
    return [(row.key, row.per_deal_minor, row.payback_days) for row in rows]


def test_a_deal_costs_what_its_part_of_the_spend_is() -> None:
    rows = of(spend(("email", 0, 30), ("email", 2, 20)), earned(("email", 5, 10), ("email", 6, 70)))
    assert told(*rows) == [("email", 50, 6)]
    assert (rows[0].deals, rows[0].earned_minor, rows[0].roi) == (Fraction(1), 80, Fraction(3, 5))


def test_what_brought_nothing_costs_and_what_cost_nothing_brings() -> None:
    rows = of(spend(("print", 0, 7)), earned(("email", 5, 10)))
    assert told(*rows) == [("print", None, None), ("email", 0, None)]


def test_each_stage_costs_its_part_of_the_spend_and_what_nobody_entered_costs_nothing() -> None:
    rows = costs(spend(("email", 0, 100)), {}, {}, {"email": Entries(3, 2), "chat": Entries(1)}, {})
    assert [(row.key, tuple(row.each)) for row in rows] == [
        ("email", (33, 50, None, None, None)),
        ("chat", (0, None, None, None, None)),
    ]


def test_what_is_open_is_added_up_over_its_stages_beside_the_spend() -> None:
    opened: dict[tuple[str, ...], Sum]
    opened = {("demo", "email"): Sum(amount_minor=5), ("offer", "email"): Sum(amount_minor=2), ("demo", "chat"): Sum()}
    rows = costs(spend(("email", 0, 100)), {}, {}, {}, opened)
    assert [(row.key, row.open_minor) for row in rows] == [("email", 7), ("chat", 0)]


def test_the_spend_is_paid_back_on_the_day_that_covers_all_of_it() -> None:
    days = [(START + day * DAY, Sum(Fraction(1), 10, 10)) for day in (3, 1, 2)]
    assert [payback(amount, START, days) for amount in (1, 10, 11, 30, 31)] == [1, 1, 2, 3, None]


def test_what_closed_before_the_first_day_of_spend_pays_nothing_back() -> None:
    days = [(START - DAY, Sum(Fraction(1), 10, 10)), (START, Sum(Fraction(1), 4, 4))]
    assert [payback(amount, START, days) for amount in (4, 5)] == [0, None]
