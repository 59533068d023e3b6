"""Whatever became of whomever: the rows of a quality report add up, and no share is more than a whole."""

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.quality import KEYS, Act, By, Lead, Purchase, Sources
from tests.properties.attribution.strategies import touches
from tests.unit.attribution.builders import RULES, START

ACTS = st.builds(
    Act,
    st.sampled_from(["h-1", "h-2"]),
    st.sampled_from(["assigned", "accepted", "rejected", "contacted", "meeting_booked", "sales_qualified"]),
    st.sampled_from([None, "poor-fit"]),
)
MOMENTS = st.integers(START, START + 10**8)
LEADS = st.lists(
    st.builds(
        Lead,
        lead_at=MOMENTS,
        qualified_at=st.none() | MOMENTS,
        touches=touches().map(tuple),
        acts=st.lists(ACTS, max_size=4).map(tuple),
        purchases=st.lists(
            st.builds(Purchase, st.integers(-5, 10**6), st.sampled_from(["EUR", "USD"]), MOMENTS), max_size=2
        ).map(tuple),
    ),
    max_size=5,
)
NAMES = st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=2, unique=True).map(tuple)


@given(LEADS, NAMES, st.sampled_from(By))
def test_rows_sum_to_the_total_and_nobody_is_counted_twice(leads: list[Lead], keys: tuple[str, ...], by: By) -> None:
    sources = Sources(keys, by, "EUR", RULES)
    sources.add(leads)
    rows, total = sources.rows.values(), sources.all
    for name in ("leads", "mqls", "accepted", "rejected", "contacted", "customers", "deals", "amount_minor"):
        assert sum(getattr(row, name) for row in rows) == getattr(total, name)
    assert total.leads == len(leads)


@given(LEADS, NAMES, st.sampled_from(By))
def test_a_share_is_between_nothing_and_all(leads: list[Lead], keys: tuple[str, ...], by: By) -> None:
    sources = Sources(keys, by, "EUR", RULES)
    sources.add(leads)
    for row in sources.rows.values():
        assert all(share is None or 0 <= share <= 1 for share in row.conversion.values())


@given(LEADS.flatmap(lambda leads: st.tuples(st.just(leads), st.permutations(leads))))
def test_the_order_of_leads_makes_no_difference(orders: tuple[list[Lead], list[Lead]]) -> None:
    told, shuffled = (Sources(("channel",), By.FIRST, "EUR", RULES) for _ in orders)
    told.add(orders[0])
    for lead in orders[1]:
        shuffled.add([lead])
    assert [(key, row.leads, row.amount_minor, row.median_days) for key, row in told.ranked()] == [
        (key, row.leads, row.amount_minor, row.median_days) for key, row in shuffled.ranked()
    ]
