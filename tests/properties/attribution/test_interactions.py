"""What holds of interactions whatever the touches, and in whatever order they came."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.interactions import Interaction, interactions, why_not
from services.attribution.domain.journey import uncounted
from services.attribution.domain.touch import Touch
from shared.kernel.instant import MINUTE
from tests.properties.attribution.strategies import SPAN, touches
from tests.unit.attribution.builders import RULES, START, touch


def derive(found: list[Touch]) -> tuple[Interaction, ...]:
    return interactions(found, RULES)


@given(touches(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(found: list[Touch], chance: Random) -> None:
    shuffled = chance.sample(found, len(found))
    assert derive(shuffled) == derive(found)


@given(touches(), st.sampled_from(("ana", "ben", None)))
def test_nobody_elses_touches_change_a_persons_interactions(found: list[Touch], person: str | None) -> None:
    alone = derive([touch for touch in found if touch.person_id == person])
    assert tuple(item for item in derive(found) if item.person_id == person) == alone


@given(touches())
def test_every_touch_is_in_exactly_one_interaction_or_has_a_reason(found: list[Touch]) -> None:
    placed = [touch.id for interaction in derive(found) for touch in interaction.touches]
    explained = [exclusion.item.id for exclusion in uncounted(found, RULES)]
    assert sorted(placed + explained) == sorted(touch.id for touch in found)


@given(touches())
def test_an_interaction_is_of_one_person_and_holds_no_quiet_half_hour(found: list[Touch]) -> None:
    for interaction in derive(found):
        times = [touch.occurred_at for touch in interaction.touches]
        assert {touch.person_id for touch in interaction.touches} == {interaction.person_id}
        assert all(0 <= later - sooner <= RULES.visit_gap for sooner, later in pairwise(times))


@given(touches(), st.sampled_from(("b1", "b2")))
def test_nothing_but_a_pause_an_owner_or_a_campaign_ends_a_visit(found: list[Touch], browser: str) -> None:
    derived = derive(found)
    visit_of = {touch.id: interaction.id for interaction in derived for touch in interaction.touches}
    pages = [touch for touch in found if touch.kind in RULES.visit_kinds and touch.id in visit_of]
    own = sorted((touch for touch in pages if touch.anonymous_id == browser), key=lambda touch: touch.order)
    for sooner, later in pairwise(own):
        paused = later.occurred_at - sooner.occurred_at >= RULES.visit_gap
        if not (paused or later.person_id != sooner.person_id or later.campaign or later.utm_source):
            assert visit_of[later.id] == visit_of[sooner.id]


@given(touches())
def test_a_visit_is_of_one_browser_at_most(found: list[Touch]) -> None:
    for interaction in derive(found):
        visit = [touch for touch in interaction.touches if touch.kind in RULES.visit_kinds]
        assert len({touch.anonymous_id for touch in visit} - {None}) <= 1


@given(touches())
def test_only_a_click_may_lead_into_a_visit(found: list[Touch]) -> None:
    for interaction in derive(found):
        first, *rest = interaction.touches
        assert all(touch.kind in RULES.visit_kinds for touch in rest)
        assert not rest or first.kind in RULES.visit_kinds or first.kind in RULES.click_kinds


@given(touches(), st.sampled_from(sorted({*RULES.visit_kinds, *RULES.single_kinds})), st.booleans())
def test_a_touch_far_away_changes_no_other_interaction(found: list[Touch], kind: str, earlier: bool) -> None:
    far = touch(-31 if earlier else SPAN + 31, kind, name="far", channel="email")
    assert [item for item in derive([*found, far]) if item.id != "far"] == list(derive(found))


@given(touches(), st.integers(0, SPAN))
def test_what_happens_later_changes_nothing_of_what_was_known_before(found: list[Touch], minute: int) -> None:
    instant = START + minute * MINUTE
    as_of = [interaction.until(instant, RULES) for interaction in derive(found)]
    before = derive([touch for touch in found if touch.occurred_at <= instant])
    assert tuple(interaction for interaction in as_of if interaction) == before


@given(touches())
def test_ids_are_those_of_touches_that_count_and_no_two_are_alike(found: list[Touch]) -> None:
    counting = {touch.id for touch in found if why_not(touch, RULES) is None}
    ids = [interaction.id for interaction in derive(found)]
    assert len(set(ids)) == len(ids)
    assert counting.issuperset(ids)
