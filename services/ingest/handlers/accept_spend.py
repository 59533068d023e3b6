"""Spend came in by a door: make it one version of what was spent on one day, or refuse it.

Promises: channels and campaigns are called as those of touchpoints are, so that spend meets its credit; the same
version with the same content has the same event id. Leaves out: which version holds; attribution knows.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.ingest.domain.channels import CHANNELS
from services.ingest.domain.limits import CAMPAIGN_LENGTH
from services.ingest.domain.page import looks_personal
from services.ingest.handlers import posted
from services.ingest.handlers.posted import PostArrival
from shared.contracts.spend import CollectedSpend
from shared.kernel import instant
from shared.kernel.errors import Reject
from shared.kernel.ids import derived
from shared.kernel.instant import DAY, Instant
from shared.kernel.money import currency_code

_CHANNELS = tuple(sorted(CHANNELS))
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EARLIEST = instant.from_datetime(datetime(2000, 1, 1, tzinfo=UTC))
_AHEAD = 366 * DAY
"""Media is booked ahead; a year more than that is a typing error."""


def accept_spend(words: Mapping[str, Any], arrival: PostArrival) -> CollectedSpend:
    """One version of a day's spend. Numbers in `words` are the decimal texts that were sent. Raises Reject."""
    channel = posted.one_of(words, "channel", _CHANNELS)
    campaign = _campaign(words)
    day = _day(words, arrival.received_at)
    currency = currency_code(posted.text(words, "currency", required=True))
    said = posted.moment(words, "occurred_at")
    version = posted.version(words, arrival.received_at if said is None else said)
    spend_id = derived("spend", arrival.source, channel, campaign or "", str(day))
    return CollectedSpend(
        event_id=derived("spend version", spend_id, str(version), arrival.content),
        id=spend_id,
        version=version,
        source=arrival.source,
        received_at=arrival.received_at,
        channel=channel,
        day=day,
        amount_minor=posted.amount(words, currency),
        currency=currency,
        campaign=campaign,
    )


def _campaign(words: Mapping[str, Any]) -> str | None:
    campaign = posted.text(words, "campaign", longest=CAMPAIGN_LENGTH)
    if looks_personal(campaign):
        raise Reject("bad_campaign", "a campaign is no address of a person", "campaign")
    return campaign or None


def _day(words: Mapping[str, Any], received_at: int) -> Instant:
    text = posted.text(words, "day", required=True)
    try:
        day = instant.parse(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not _EARLIEST <= day <= received_at + _AHEAD:
        raise Reject("bad_day", "a day is a date such as 2026-11-23, from 2000 to a year ahead", "day")
    return day
