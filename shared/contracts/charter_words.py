"""The words a charter is written in: kinds, channels, phases, and numbers that are what they say."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Kind = Literal[
    "page_viewed", "form_submitted", "content_downloaded", "email_sent", "email_delivered", "email_opened",
    "email_clicked", "email_replied", "email_unsubscribed", "email_bounced", "call", "meeting_booked", "meeting_held",
    "meeting_missed", "event_registered", "event_attended", "webinar_attended", "demo_requested", "demo_held",
    "trial_started", "app_installed", "tutorial_viewed", "chat", "social_followed", "social_engaged", "forum_posted",
    "review_posted", "referral_made", "ad_clicked", "ad_viewed", "prospected", "support_ticket", "onboarding_step",
    "product_used", "purchase_repeated", "custom",
]  # fmt: skip
Channel = Literal[
    "direct", "organic_search", "paid_search", "organic_social", "paid_social", "email", "affiliates", "referral",
    "organic_video", "paid_video", "display", "sms", "push", "audio", "direct_mail", "print", "tv", "out_of_home",
    "ai_assistant", "event", "phone", "meeting", "chat", "partner", "review_site", "community", "other",
]  # fmt: skip
Phase = Literal["awareness", "consideration", "decision", "onboarding", "retention", "advocacy"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

MOST_RULES = 200
MOST_POINTS = 100.0


def _runs_forward(hours: str) -> str:
    begin, end = hours.split("-")
    if begin >= end:
        raise ValueError("hours end after they begin, on the same day")
    return hours


def _is_a_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not an IANA time zone, such as Europe/Madrid") from None


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Points = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=MOST_POINTS)]
Loss = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-MOST_POINTS, lt=0)]
Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
PagePath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_.~%-]*\*?$", max_length=200)]
"""A whole path, or a prefix with `*` at its end. There are no regular expressions in a charter."""
Hours = Annotated[
    str,
    StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"),
    AfterValidator(_runs_forward),
]
Week = dict[Weekday, tuple[Hours, ...]]
Zone = Annotated[str, AfterValidator(_is_a_zone)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Part(BaseModel):
    """A part of the charter: it never changes once read, and knows every key it holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def unique(names: Iterable[str], what: str) -> None:
    """Raises ValueError where a name is there twice, and says which."""
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        raise ValueError(f"the same {what} twice: {', '.join(twice)}")
