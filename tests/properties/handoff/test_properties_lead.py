"""Any acts in any order: what has ended stays ended, and the version tells how many acts there were."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.handoff.domain.lead import (
    OPEN,
    Accepted,
    Act,
    Breached,
    Closed,
    Contacted,
    Delivered,
    Handoff,
    MeetingBooked,
    Qualified,
    Reassigned,
    Rejected,
    Released,
    Reopened,
    Updated,
    act,
    noted,
)
from shared.kernel.errors import Conflict
from shared.kernel.instant import HOUR, Instant

T0 = Instant(1_780_000_000_000)
NEW = Handoff("h1", "p1", "ana", 1, "rep-1", T0, Instant(T0 + HOUR), Instant(T0 + 2 * HOUR))
ACTS: st.SearchStrategy[Act] = st.one_of(
    st.sampled_from(
        [Delivered(), Accepted(), MeetingBooked(), Qualified(), Released(), Updated(), Breached(), Closed("merged")]
    ),
    st.just(Rejected("poor_fit", "disqualified")),
    st.just(Reassigned("rep-2", T0, T0)),
    st.builds(Contacted, st.just("call"), st.none() | st.integers(0, 2 * T0).map(Instant)),
)
BY_SALES: dict[str, Act] = {
    "accept": Accepted(),
    "reject": Rejected("poor_fit", "disqualified"),
    "contact": Contacted("call"),
    "meeting": MeetingBooked(),
    "qualify": Qualified(),
    "release": Released(),
}
PROGRESS = ["assigned", "accepted", "contacted", "meeting_booked", "qualified", "rejected", "recycled", "closed"]


def walk(acts: list[Act]) -> list[Handoff]:
    """The hand-off before and after each act that was possible."""
    states = [NEW]
    for minutes, what in enumerate(acts):
        try:
            states.append(act(states[-1], what, Instant(T0 + minutes * 60_000)))
        except Conflict:
            continue
    return states


@given(st.lists(ACTS, max_size=20))
def test_a_hand_off_that_has_ended_never_opens_again(acts: list[Act]) -> None:
    states = walk(acts)
    ended = [state.status for state in states if not state.is_open]
    assert len(set(ended)) <= 1
    assert all((state.ended_at is None) == (state.status in OPEN) for state in states)
    assert [state.is_open for state in states] == sorted((state.is_open for state in states), reverse=True)


@given(st.lists(ACTS.filter(lambda what: not isinstance(what, Closed)), max_size=20))
def test_a_merge_that_is_taken_back_leaves_a_hand_off_where_it_stood(acts: list[Act]) -> None:
    for state in walk(acts):
        if state.is_open:
            again = act(act(state, Closed("merged"), T0), Reopened(), T0)
            assert again == replace(state, version=state.version + 2)


@given(st.lists(ACTS, max_size=20))
def test_the_version_counts_the_acts(acts: list[Act]) -> None:
    assert [state.version for state in walk(acts)] == list(range(1, len(walk(acts)) + 1))


@given(st.lists(ACTS.filter(lambda what: not isinstance(what, Reassigned)), max_size=20))
def test_an_owner_only_ever_moves_a_hand_off_forward(acts: list[Act]) -> None:
    ranks = [PROGRESS.index(state.status) for state in walk(acts)]
    assert ranks == sorted(ranks)


@given(st.lists(ACTS, max_size=20), *[st.lists(st.integers(T0, 2 * T0).map(Instant), max_size=5)] * 2)
def test_what_touchpoints_show_now_is_all_that_counts_of_them(
    acts: list[Act], shown: list[Instant], before: list[Instant]
) -> None:
    for state in walk(acts):
        once, twice = noted(state, shown), noted(noted(state, before), shown)
        assert replace(twice, version=0, told=None) == replace(once, version=0, told=None)


@given(st.lists(ACTS, max_size=20))
def test_no_delay_is_ever_negative(acts: list[Act]) -> None:
    for state in walk(acts):
        told = (state.accepted_at, state.contacted_at, state.meeting_at, state.qualified_at, state.ended_at)
        assert all(at >= state.assigned_at for at in told if at is not None)


@given(st.lists(ACTS, max_size=20))
def test_a_refusal_names_whatever_sales_may_do_and_nothing_else(acts: list[Act]) -> None:
    for state in walk(acts):
        refused: dict[str, str] = {}
        for verb, what in BY_SALES.items():
            try:
                act(state, what, T0)
            except Conflict as conflict:
                refused[verb] = str(conflict)
        possible = ", ".join(verb for verb in BY_SALES if verb not in refused)
        told = f"; possible now: {possible}" if possible else ", and has ended with that"
        assert all(text.startswith(f"{verb} is") and text.endswith(told) for verb, text in refused.items())
