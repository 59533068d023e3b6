"""What happened: the kind of a call, who acted, and what the kind alone says (rulings 4 and 5).

Promises: a public key never makes an act of sales, by name or outright. Leaves out: where a visit came from
(channels.py).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from services.ingest.domain.call import Call
from services.ingest.domain.calls import SALES_KINDS

Direction = Literal["inbound", "outbound"]
Department = Literal["marketing", "sales", "service"]

PAGE_VIEWED = "page_viewed"
CUSTOM = "custom"
KINDS = frozenset(
    (
        "page_viewed", "form_submitted", "content_downloaded", "email_sent", "email_delivered", "email_opened",
        "email_clicked", "email_replied", "email_unsubscribed", "email_bounced", "call", "meeting_booked",
        "meeting_held", "meeting_missed", "event_registered", "event_attended", "webinar_attended", "demo_requested",
        "demo_held", "trial_started", "app_installed", "tutorial_viewed", "chat", "social_followed", "social_engaged",
        "forum_posted", "review_posted", "referral_made", "ad_clicked", "ad_viewed", "prospected", "support_ticket",
        "onboarding_step", "product_used", "purchase_repeated", "custom",
    )
)  # fmt: skip

VANITY_KINDS = frozenset(("social_followed", "social_engaged", "ad_viewed"))
"""Likes, follows, shares and impressions."""
KIND_OF_NAME: Mapping[str, str] = {"email_link_clicked": "email_clicked", "unsubscribed": "email_unsubscribed"}
"""Names of Segment's own e-mail events that say a kind in other words."""
CHANNEL_OF_KIND: Mapping[str, str] = {
    "email_sent": "email", "email_delivered": "email", "email_opened": "email", "email_clicked": "email",
    "email_replied": "email", "email_unsubscribed": "email", "email_bounced": "email",
    "call": "phone", "prospected": "other", "chat": "chat",
    "meeting_booked": "meeting", "meeting_held": "meeting", "meeting_missed": "meeting", "demo_held": "meeting",
    "event_registered": "event", "event_attended": "event", "webinar_attended": "event",
    "social_followed": "organic_social", "social_engaged": "organic_social",
    "forum_posted": "community", "review_posted": "review_site", "referral_made": "referral",
    "support_ticket": "other", "onboarding_step": "other", "product_used": "other", "purchase_repeated": "other",
}  # fmt: skip
"""Kinds that are a channel by themselves. All others are told by campaign and referrer."""
AD_KINDS = frozenset(("ad_clicked", "ad_viewed"))

_OUR_MAILS = frozenset(("email_sent", "email_delivered"))
_OUTBOUND_KINDS = _OUR_MAILS | {"ad_viewed", "prospected"}
_NOT_FOR_THE_PUBLIC = SALES_KINDS | _OUR_MAILS
"""What we did ourselves: a visitor's browser cannot know it."""
_SERVICE_KINDS = frozenset(("support_ticket", "onboarding_step", "product_used", "purchase_repeated"))
_DEPARTMENTS: Mapping[str, Department] = {"marketing": "marketing", "sales": "sales", "service": "service"}

_NAMES = 4_096
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAP = re.compile(r"[^a-z0-9]+")


def kind_of(call: Call, kind_of_name: Mapping[str, str] = KIND_OF_NAME) -> str:
    """The kind of a call: what it says outright, else what its name says, else `custom`."""
    if call.type == "page" or call.type == "screen":
        return PAGE_VIEWED
    if call.type != "track":
        return CUSTOM
    kind = valid(call.properties.get("kind"), KINDS)
    if kind is None:
        name = snake_case(call.name or "")
        kind = name if name in KINDS else kind_of_name.get(name, CUSTOM)
    return kind if call.trusted or kind not in _NOT_FOR_THE_PUBLIC else CUSTOM


def direction_of(call: Call, kind: str, department: Department) -> Direction:
    """Whether the buyer acted (inbound) or we did: as the sender says where it may, else by the kind."""
    said = valid(call.properties.get("direction"), ("inbound", "outbound"))
    if said == "inbound":
        return "inbound"
    if said == "outbound" and call.trusted:
        return "outbound"
    ours = kind in _OUTBOUND_KINDS or (kind == "call" and department == "sales")
    return "outbound" if ours else "inbound"


def department_of(call: Call, kind: str, channel: str, departments: Mapping[str, Department]) -> Department:
    """Whose domain it is: as the sender says where it may, else by the kind, else by the channel."""
    said = valid(call.properties.get("department"), _DEPARTMENTS)
    if said is None:
        if kind in SALES_KINDS:
            return "sales"
        department = "service" if kind in _SERVICE_KINDS else departments.get(channel, "marketing")
    else:
        department = _DEPARTMENTS[said]
    # A channel is free to claim; sales would get credit for whatever a stranger calls a phone call.
    return "marketing" if department == "sales" and not call.trusted else department


def valid(value: object, known: frozenset[str] | Mapping[str, object] | tuple[str, ...]) -> str | None:
    """The word somebody said, if it is a known one; None else."""
    if not isinstance(value, str):
        return None
    word = value if value in known else value.strip().lower()
    return word if word in known else None


@lru_cache(maxsize=_NAMES)
def snake_case(name: str) -> str:
    """`Demo Requested`, `DemoRequested` and `demo-requested` are all `demo_requested`."""
    return _GAP.sub("_", _HUMP.sub("_", name).lower()).strip("_")
