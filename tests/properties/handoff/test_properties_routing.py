"""The rota, over any team and any history."""

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.handoff.domain.routing import Absence, Lead, Load, Owner, Rules, choose
from shared.kernel.instant import Instant

NOW = Instant(1_780_000_000_000)
AWAY = (Absence(NOW, Instant(NOW + 1)),)
RULES = Rules("fallback")
LEAD = Lead("p")
TEAMS = st.lists(
    st.tuples(st.integers(0, 5), st.none() | st.integers(0, 3), st.booleans()), min_size=1, max_size=8
).map(
    lambda rows: [
        Owner(f"o{number}", "", "", weight, capacity, away=AWAY if away else ())
        for number, (weight, capacity, away) in enumerate(rows)
    ]
)
LOADS = st.dictionaries(
    st.integers(0, 7).map(lambda number: f"o{number}"), st.builds(Load, st.integers(0, 4), st.integers(0, 50))
)


def has_room(owner: Owner, loads: dict[str, Load]) -> bool:
    full = owner.capacity is not None and loads.get(owner.id, Load()).in_hand >= owner.capacity
    return owner.weight > 0 and not owner.away and not full


@given(TEAMS, LOADS)
def test_the_rota_takes_an_owner_with_room_whenever_there_is_one(team: list[Owner], loads: dict[str, Load]) -> None:
    free = {owner.id for owner in team if has_room(owner, loads)}
    choice = choose(LEAD, team, loads, RULES, NOW)
    assert choice.owner_id in (free or {"fallback"})
    assert choice.trail[-1].result == "chosen"
    assert choice.trail[-1].candidate == choice.owner_id


@given(TEAMS, LOADS)
def test_the_order_in_which_owners_are_listed_changes_nothing(team: list[Owner], loads: dict[str, Load]) -> None:
    assert choose(LEAD, team, loads, RULES, NOW) == choose(LEAD, team[::-1], loads, RULES, NOW)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 300))
def test_every_owner_stays_within_one_lead_of_its_share(weights: list[int], leads: int) -> None:
    team = [Owner(f"o{number}", "", "", weight) for number, weight in enumerate(weights)]
    given_so_far: Counter[str] = Counter()
    for total in range(1, leads + 1):
        loads = {owner.id: Load(assigned=given_so_far[owner.id]) for owner in team}
        given_so_far[choose(LEAD, team, loads, RULES, NOW).owner_id] += 1
        for owner in team:
            assert abs(given_so_far[owner.id] - Fraction(total * owner.weight, sum(weights))) < 1
