"""What sales may do with a hand-off, and in which state."""

from dataclasses import replace

import pytest

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
    Told,
    Updated,
    act,
    noted,
)
from services.handoff.domain.reasons import DEFAULT_REASONS, outcome_of
from shared.kernel.errors import Conflict, Reject
from shared.kernel.instant import HOUR, Instant

T0 = Instant(1_780_000_000_000)
NEW = Handoff("h1", "p1", "ana", 1, "rep-1", T0, Instant(T0 + 4 * HOUR), Instant(T0 + 24 * HOUR))
REJECTED = Rejected("poor_fit", "disqualified", "no budget line")


def after(*acts: Act) -> Handoff:
    """A hand-off after these acts, an hour apart."""
    handoff = NEW
    for hours, what in enumerate(acts, 1):
        handoff = act(handoff, what, Instant(T0 + hours * HOUR))
    return handoff


@pytest.mark.parametrize(
    ("acts", "status"),
    [
        ((Accepted(),), "accepted"),
        ((Accepted(), Contacted("call")), "contacted"),
        ((Contacted("call"),), "contacted"),
        ((Contacted("call"), Accepted()), "contacted"),
        ((Accepted(), MeetingBooked()), "meeting_booked"),
        ((Accepted(), MeetingBooked(), Contacted("email")), "meeting_booked"),
        ((MeetingBooked(), Accepted()), "meeting_booked"),
        ((Qualified(),), "qualified"),
        ((Qualified(), Contacted("call")), "qualified"),
        ((REJECTED,), "rejected"),
        ((Accepted(), Contacted("call"), REJECTED), "rejected"),
        ((Accepted(), Released()), "recycled"),
        ((Qualified(), Closed("won")), "closed"),
        ((Closed("merged"),), "closed"),
        ((Closed("merged"), Delivered()), "closed"),
        ((Updated(),), "assigned"),
        ((Breached(), Accepted()), "accepted"),
    ],
)
def test_acts_lead_to_the_status(acts: tuple[Act, ...], status: str) -> None:
    handoff = after(*acts)
    assert handoff.status == status
    assert handoff.version == 1 + len(acts)
    assert handoff.is_open == (status in OPEN)


@pytest.mark.parametrize(
    ("before", "what"),
    [
        ((Accepted(),), Accepted()),
        ((Qualified(),), Accepted()),
        ((Qualified(),), REJECTED),
        ((Qualified(),), Qualified()),
        ((MeetingBooked(),), MeetingBooked()),
        ((Delivered(),), Delivered()),
        ((REJECTED,), Accepted()),
        ((REJECTED,), REJECTED),
        ((Released(),), Contacted("call")),
        ((Closed("merged"),), Updated()),
        ((Qualified(),), Reassigned("rep-2", T0, T0)),
        ((REJECTED,), Breached()),
        ((REJECTED,), Reopened()),
        ((Closed("erased"),), Reopened()),
    ],
)
def test_an_act_the_state_does_not_allow_is_a_conflict(before: tuple[Act, ...], what: Act) -> None:
    handoff = after(*before)
    with pytest.raises(
        Conflict, match=f"is not possible: this hand-off (was accepted before and )?is {handoff.status}"
    ):
        act(handoff, what, T0)


@pytest.mark.parametrize(
    ("before", "what", "told"),
    [
        (
            (Accepted(), Contacted("call")),
            Accepted(),
            "accept is not possible: this hand-off was accepted before and is contacted; "
            "possible now: reject, contact, meeting, qualify, release",
        ),
        (
            (Qualified(),),
            REJECTED,
            "reject is not possible: this hand-off was accepted before and is qualified; "
            "possible now: contact, release",
        ),
        (
            (MeetingBooked(),),
            MeetingBooked(),
            "meeting is not possible: this hand-off is meeting_booked; "
            "possible now: accept, reject, contact, qualify, release",
        ),
        ((REJECTED,), Released(), "release is not possible: this hand-off is rejected, and has ended with that"),
    ],
)
def test_a_refusal_says_how_it_stands_in_the_words_of_the_api(before: tuple[Act, ...], what: Act, told: str) -> None:
    with pytest.raises(Conflict) as caught:
        act(after(*before), what, T0)
    assert str(caught.value) == told


def test_a_rejection_keeps_its_reason_and_what_it_does_to_the_lead() -> None:
    handoff = after(REJECTED)
    assert (handoff.reason, handoff.outcome, handoff.note) == ("poor_fit", "disqualified", "no budget line")
    assert handoff.ended_at == T0 + HOUR


def test_a_contact_answers_but_does_not_accept() -> None:
    handoff = after(Contacted("call"))
    assert handoff.accepted_at is None
    assert handoff.answered_at == handoff.contacted_at == T0 + HOUR


def test_nobody_has_answered_a_hand_off_that_was_only_delivered() -> None:
    assert after(Delivered()).answered_at is None
    assert after(REJECTED).answered_at == T0 + HOUR


def test_the_first_contact_counts_even_when_it_is_told_last() -> None:
    earlier = Contacted("call", Instant(T0 + HOUR // 2))
    handoff = after(Contacted("email_sent"), earlier)
    assert handoff.contacted_at == T0 + HOUR // 2
    assert handoff.attempts == 2


@pytest.mark.parametrize(("occurred_at", "counted"), [(T0 - HOUR, T0), (T0 + 9 * HOUR, T0 + HOUR)])
def test_a_contact_is_neither_before_the_hand_over_nor_in_the_future(occurred_at: int, counted: int) -> None:
    assert after(Contacted("call", Instant(occurred_at))).contacted_at == counted


def test_contacts_that_touchpoints_show_are_all_there_are_beside_those_sales_told() -> None:
    handoff = after(Accepted(), Contacted("meeting_held"))
    shown = noted(handoff, [Instant(T0 + HOUR), Instant(T0 + 3 * HOUR)])
    assert (shown.attempts, shown.contacted_at, shown.version) == (3, T0 + HOUR, handoff.version + 1)
    assert replace(noted(shown, []), version=handoff.version) == handoff
    assert noted(handoff, []) is handoff


def test_a_hand_off_goes_back_to_where_it_was_without_the_only_contact() -> None:
    shown = noted(after(Accepted()), [T0])
    assert (shown.status, noted(shown, []).status) == ("contacted", "accepted")
    assert noted(after(REJECTED), [T0]).status == "rejected"


def test_what_was_kept_before_counts_as_many_as_no_touchpoint_shows() -> None:
    before = replace(after(Contacted("call"), Contacted("meeting_held")), told=None)
    assert act(before, Contacted("meeting_held"), T0).attempts == 3
    shown = noted(before, [Instant(T0 + HOUR), T0, Instant(T0 - HOUR)])
    assert (shown.attempts, shown.told) == (3, Told())
    assert noted(replace(before, attempts=5), [T0]).told == Told(4, Instant(T0 + HOUR))


def test_what_a_deal_ended_did_so_when_the_deal_closed_and_goes_on_where_it_stood() -> None:
    ended = after(Qualified(), Closed("won", Instant(T0 + HOUR // 2)))
    assert (ended.reason, ended.ended_at) == ("won", T0 + HOUR // 2)
    assert replace(act(ended, Reopened(), T0), version=2) == after(Qualified())


def test_a_booked_meeting_is_a_contact() -> None:
    handoff = after(MeetingBooked())
    assert handoff.contacted_at == handoff.meeting_at == T0 + HOUR


def test_a_new_owner_starts_with_clocks_of_their_own() -> None:
    due = Instant(T0 + 30 * HOUR)
    handoff = after(Accepted(), Contacted("call"), Reassigned("rep-2", due, due))
    assert (handoff.status, handoff.owner_id, handoff.accept_by, handoff.contact_by) == ("assigned", "rep-2", due, due)
    assert handoff.assigned_at == T0 + 3 * HOUR
    assert handoff.accepted_at is handoff.contacted_at is None
    assert handoff.attempts == 1


def test_a_reason_has_the_charters_outcome() -> None:
    assert outcome_of("bad_timing", DEFAULT_REASONS) == "recycled"
    assert outcome_of("poor_fit", DEFAULT_REASONS) == "disqualified"


def test_a_reason_outside_the_list_is_rejected() -> None:
    with pytest.raises(Reject) as caught:
        outcome_of("i do not feel like it", DEFAULT_REASONS)
    assert caught.value.code == "unknown_reason"
