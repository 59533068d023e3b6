"""Promotion: at most one is due, and a sent one silences its cycle wherever it stands in it."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from services.scoring.domain.lifecycle import refold
from services.scoring.domain.promotion import Promote, promotions_due
from tests.properties.scoring.strategies import Life, lives
from tests.unit.scoring.builders import RULES


def due(life: Life) -> tuple[Promote, ...]:
    return promotions_due(refold(life.card, RULES, life.touches, life.outcomes, life.deals), life.card)


@given(lives)
def test_at_most_one_promotion_is_due_and_only_of_somebody_reachable(life: Life) -> None:
    found = due(life)
    assert len(found) <= (1 if life.card.reachable else 0)


@given(lives)
def test_what_was_due_and_is_sent_is_due_no_more(life: Life) -> None:
    unsent = [replace(one, promoted=False) for one in life.touches]
    causes = {one.cause for one in due(life._replace(touches=unsent))}
    sent = [replace(one, promoted=one.id in causes) for one in unsent]
    assert not causes or due(life._replace(touches=sent)) == ()


@given(lives, st.data())
def test_a_sent_promotion_anywhere_in_the_open_cycle_silences_it(life: Life, data: st.DataObject) -> None:
    state = refold(life.card, RULES, life.touches, life.outcomes, life.deals)
    since = state.cycle.started_at if state.cycle.number > 1 and state.cycle.started_at is not None else -1
    inside = [one.id for one in life.touches if one.occurred_at > since]
    assume(inside)
    chosen = data.draw(st.sampled_from(inside))
    marked = [replace(one, promoted=True) if one.id == chosen else one for one in life.touches]
    assert due(life._replace(touches=marked)) == ()


@given(lives)
def test_however_touches_arrive_one_by_one_the_open_cycle_is_promoted_once(life: Life) -> None:
    sent: set[str] = set()
    for count in range(1, len(life.touches) + 1):
        arrived = [replace(one, promoted=one.id in sent) for one in life.touches[:count]]
        sent |= {one.cause for one in due(life._replace(touches=arrived))}
    assert len(sent) <= 1
