"""Whatever became of whomever: the rows of a quality report add up, and no share is more than a whole."""

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.quality import Act, Became, By, Lead, became
from services.attribution.domain.rates import Rates, rates_of
from services.attribution.domain.sources import Bought, Counted, Key, Sources
from tests.properties.attribution.strategies import touches
from tests.unit.attribution.builders import RULES, START

RATES = rates_of([{"day": "2025-01-01", "currency": "USD", "rate": "0.3"}], "EUR")
ACTS = st.builds(
    Act,
    st.sampled_from(["h-1", "h-2"]),
    st.sampled_from(["assigned", "accepted", "rejected", "contacted", "meeting_booked", "sales_qualified"]),
    st.sampled_from([None, "poor-fit"]),
)
MOMENTS = st.integers(START, START + 10**8)
CURRENCIES = ("EUR", "USD", "CHF")
LEADS = st.lists(
    st.builds(
        Lead,
        lead_at=MOMENTS,
        mql_at=st.none() | MOMENTS,
        touches=touches().map(tuple),
        acts=st.lists(ACTS, max_size=4).map(tuple),
    ),
    max_size=5,
)
DEALS = st.lists(st.tuples(st.integers(0, 4), st.integers(-5, 10**6), st.sampled_from(CURRENCIES), MOMENTS), max_size=4)


def counted(lead: Became) -> Counted:
    """One lead."""
    return Counted(1, lead.mql, lead.accepted, lead.rejected, lead.contacted, lead.reasons)


def key(lead: Became, by: By) -> Key:
    """Where a lead came from."""
    found = lead.found[by]
    return ("(none)",) if found is None else (found.channel,)


def added_up(
    leads: list[Lead], deals: list[tuple[int, int, str, int]], by: By, into: str = "EUR", rates: Rates = RATES
) -> Sources:
    """The leads with their deals, those of nobody left out."""
    found = [became(lead, RULES) for lead in leads]
    sources = Sources(into, rates)
    sources.count((key(lead, by), counted(lead)) for lead in found)
    sources.win(
        (key(found[of], by), Bought(str(of), leads[of].lead_at, at, currency, amount))
        for of, amount, currency, at in deals
        if of < len(found)
    )
    return sources


@given(LEADS, DEALS, st.sampled_from(By))
def test_rows_sum_to_the_total_and_nobody_is_counted_twice(
    leads: list[Lead], deals: list[tuple[int, int, str, int]], by: By
) -> None:
    sources = added_up(leads, deals, by)
    for name in ("leads", "mqls", "accepted", "rejected", "contacted", "customers", "deals", "amount_minor"):
        assert sum(getattr(row, name) for row in sources.rows.values()) == getattr(sources.all, name)
    assert sources.all.leads == len(leads)


@given(LEADS, DEALS, st.sampled_from(By))
def test_a_share_is_between_nothing_and_all(leads: list[Lead], deals: list[tuple[int, int, str, int]], by: By) -> None:
    for row in added_up(leads, deals, by).rows.values():
        assert all(share is None or 0 <= share <= 1 for share in row.conversion.values())


@given(LEADS, DEALS, st.sampled_from(CURRENCIES))
def test_every_deal_is_converted_once_or_listed_by_its_currency(
    leads: list[Lead], deals: list[tuple[int, int, str, int]], into: str
) -> None:
    sources = added_up(leads, deals, By.FIRST, into)
    counted = [deal for deal in deals if deal[0] < len(leads)]
    amounts = [RATES.converted(amount, currency, into, at) for _, amount, currency, at in counted]
    assert sources.all.amount_minor == sum(amount for amount in amounts if amount is not None)
    assert sum(one.deals for one in sources.unconverted.values()) == amounts.count(None)


@given(LEADS.flatmap(lambda leads: st.tuples(st.just(leads), st.permutations(leads))))
def test_the_order_of_leads_makes_no_difference(orders: tuple[list[Lead], list[Lead]]) -> None:
    told, shuffled = (added_up(leads, [], By.FIRST) for leads in orders)
    assert {one: (row.leads, row.reasons) for one, row in told.ranked()} == {
        one: (row.leads, row.reasons) for one, row in shuffled.ranked()
    }
