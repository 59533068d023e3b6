"""What a call means, by itself: when, what, who acted, by which channel, and what it says of the person.

Promises: pure, never raises on what a sender may send, and gives the same meaning whenever it is asked. What cannot
be believed is replaced and flagged, never refused. Leaves out: whose event it is (identity.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.ingest.domain import bots, campaign, channels, consent, kinds, moments, page, properties, traits
from services.ingest.domain.call import Call, Meaning
from services.ingest.domain.kinds import Department
from services.ingest.domain.page import Seen

_SALES_CHANNELS = frozenset(("phone", "meeting"))


def _default_departments() -> dict[str, Department]:
    return {name: "sales" if name in _SALES_CHANNELS else "marketing" for name in channels.CHANNELS}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the charter and the deployment may say otherwise."""

    departments: Mapping[str, Department] = field(default_factory=_default_departments)
    """Whose domain each channel is."""
    vanity_kinds: frozenset[str] = kinds.VANITY_KINDS
    kind_of_name: Mapping[str, str] = field(default_factory=lambda: kinds.KIND_OF_NAME)
    """Names in snake_case that are no kind, and the kind they mean: the mapping of a protocol."""
    purposes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: consent.PURPOSES)
    """The consent categories that each purpose needs, in lower case."""


DEFAULT_RULES = Rules()


def meaning_of(call: Call, rules: Rules = DEFAULT_RULES) -> Meaning:
    """The meaning of a call under these rules."""
    moment, suspect = moments.occurred_at(call.received_at, call.timestamp, call.sent_at)
    kind = kinds.kind_of(call, rules.kind_of_name)
    seen = page.page_of(call)
    came_by = campaign.campaign_of(call.context, call.properties, seen.url)
    channel = _channel(call, kind, came_by, seen)
    department = kinds.department_of(call, kind, channel, rules.departments)
    kept, kept_flags = properties.properties_of(call)
    said, said_flags = traits.traits_of(call)
    flags = call.flags + seen.flags + kept_flags + said_flags
    if suspect:
        flags += (moments.CLOCK_SUSPECT,)
    return Meaning(
        occurred_at=moment,
        kind=kind,
        name=call.name or call.type,
        direction=kinds.direction_of(call, kind, department),
        department=department,
        channel=channel,
        campaign=came_by,
        page=seen.page,
        properties=kept,
        traits=said,
        consent=consent.consent_of(call.context, call.flags, rules.purposes),
        vanity=kind in rules.vanity_kinds,
        bot=bots.is_bot(call),
        flags=tuple(dict.fromkeys(flags)) if flags else (),
    )


def _channel(call: Call, kind: str, came_by: Mapping[str, str], seen: Seen) -> str:
    said = kinds.valid(call.properties.get("channel"), channels.CHANNELS)
    if said is not None:
        return said
    by_kind = kinds.CHANNEL_OF_KIND.get(kind)
    if by_kind is not None:
        return by_kind
    channel = channels.channel_of_visit(came_by, seen.url, seen.referrer)
    if channel != channels.DIRECT:
        return channel
    if kind in kinds.AD_KINDS:
        return "display"
    # What a back end posts about no page was no visit, so it did not come directly either.
    no_visit = kind == kinds.CUSTOM and call.trusted and not seen.page and not came_by
    return "other" if no_visit else channel
