"""How sales kept its promises over a period."""

from dataclasses import replace

from services.handoff.domain.lead import Handoff
from services.handoff.domain.promises import Standing, standings
from services.handoff.domain.sla import calendar
from shared.kernel import instant
from shared.kernel.instant import HOUR, MINUTE, Instant

MONDAY = instant.parse("2026-11-23T10:00:00Z")
NEW = Handoff("h", "p", "ana", 1, "bo", MONDAY, Instant(MONDAY + 4 * HOUR), Instant(MONDAY + 7 * HOUR))


def accept_standing(*handoffs: Handoff, now: int = MONDAY + HOUR) -> Standing:
    """How the promise to accept stands."""
    return standings(handoffs, lambda _: calendar("UTC"), Instant(now))[0]


def accepted(minutes: int) -> Handoff:
    """A hand-off that was accepted so many minutes after it was made."""
    return replace(NEW, status="accepted", accepted_at=Instant(MONDAY + minutes * MINUTE))


def test_a_period_without_hand_offs_has_no_share() -> None:
    assert accept_standing() == Standing("accept", 0, 0, 0, 0, None, None, None)


def test_what_still_runs_is_neither_met_nor_breached() -> None:
    standing = accept_standing(NEW, accepted(30))
    assert (standing.met, standing.running, standing.share) == (1, 1, 1.0)


def test_what_came_too_late_is_breached_and_its_time_counts() -> None:
    standing = accept_standing(accepted(30), accepted(300))
    assert (standing.met, standing.breached, standing.share, standing.median_minutes) == (1, 1, 0.5, 165.0)


def test_what_ended_before_it_was_due_is_waived() -> None:
    closed = replace(NEW, status="closed", reason="merged", ended_at=Instant(MONDAY + MINUTE))
    standing = accept_standing(closed, now=MONDAY + 9 * HOUR)
    assert (standing.waived, standing.breached, standing.share) == (1, 0, None)


def test_nights_do_not_count() -> None:
    overnight = accepted(24 * 60)
    assert accept_standing(overnight).median_minutes == 8 * 60


def test_the_ninth_decile_lies_among_the_slowest() -> None:
    p90 = accept_standing(*(accepted(minutes) for minutes in range(0, 110, 10))).p90_minutes
    assert p90 == 90.0


def test_contacts_are_held_against_their_own_time() -> None:
    contacted = replace(NEW, status="contacted", contacted_at=Instant(MONDAY + 6 * HOUR))
    accept, contact = standings([contacted], lambda _: calendar("UTC"), Instant(MONDAY + 8 * HOUR))
    assert (accept.breached, contact.met) == (1, 1)
