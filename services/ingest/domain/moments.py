"""When an event happened, where its sender's clock may be wrong (ruling 9)."""

from shared.kernel.instant import DAY

CLOCK_SUSPECT = "clock_suspect"

_EARLIEST = 946_684_800_000
"""2000-01-01: an event from before it comes from a clock that was never set."""
_MOST_AHEAD = DAY
_MOST_SKEW = 366 * DAY
"""A clock further off than this is not slow or fast but broken, and says nothing about other times."""


def occurred_at(received_at: int, timestamp: int | None, sent_at: int | None) -> tuple[int, bool]:
    """The event time, and whether the sender's could not be believed. All are milliseconds UTC.

    How long before sending it happened is known by the sender's own clock alone, right or wrong; so that span is
    taken off our time of arrival. Without a believable `sent_at` the time stands as it is.
    """
    if timestamp is None:
        return received_at, False
    if sent_at is not None and timestamp <= sent_at and -_MOST_SKEW <= sent_at - received_at <= _MOST_SKEW:
        timestamp += received_at - sent_at
    if _EARLIEST <= timestamp <= received_at + _MOST_AHEAD:
        return timestamp, False
    return received_at, True
