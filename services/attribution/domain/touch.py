"""A touch: what attribution keeps of a touchpoint, and why one earns nothing.

Owners are people as they are known now: whoever builds a touch follows aliases first. Calls that are no
acts (`identify`, `alias`, `group`) are no touches.
"""

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """Why a touch or an interaction is not part of a journey."""

    BOT = "bot"
    WITHDRAWN = "withdrawn"
    CONSENT = "consent"
    VANITY = "vanity"
    UNANSWERED = "unanswered"
    KIND = "kind"
    NO_ROLE = "no_role"
    AFTER_CLOSE = "after_close"
    BEFORE_WINDOW = "before_window"
    PREVIOUS_PURCHASE = "previous_purchase"

    @property
    def sentence(self) -> str:
        """The reason, as a person would say it."""
        return _SENTENCE[self]


_SENTENCE = {
    Why.BOT: "A machine did it, not a person.",
    Why.WITHDRAWN: "The touchpoint was withdrawn.",
    Why.CONSENT: "The person did not allow it to be used.",
    Why.VANITY: "Likes, follows and shares earn nothing.",
    Why.UNANSWERED: "Nobody answered the call.",
    Why.KIND: "Touchpoints of this kind earn nothing.",
    Why.NO_ROLE: "The person is not among those whose interactions count for this deal.",
    Why.AFTER_CLOSE: "It happened after the deal was closed.",
    Why.BEFORE_WINDOW: "It happened before the window opened.",
    Why.PREVIOUS_PURCHASE: "It led to the purchase before this one.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One touchpoint, at `occurred_at` in milliseconds UTC, of the person who owns it now."""

    id: str
    occurred_at: int
    kind: str
    channel: str
    department: str
    direction: str = "inbound"
    person_id: str | None = None
    anonymous_id: str | None = None
    campaign: str | None = None
    utm_source: str | None = None
    content: str | None = None
    source: str | None = None
    """The source of ours it came through."""
    outcome: str | None = None
    """How a call ended, in the sender's words."""
    heard_from: str | None = None
    """How the person says that they found us: it is kept beside what was measured, and earns nothing."""
    barred: Why | None = None
    """What keeps it from ever counting: a bot, consent, a vanity kind, withdrawn."""

    @property
    def counts(self) -> bool:
        """Whether nothing bars it; the rules may still give its kind no credit."""
        return self.barred is None

    @property
    def order(self) -> tuple[int, str]:
        """Event time, then id: the one order of everything in here."""
        return self.occurred_at, self.id
