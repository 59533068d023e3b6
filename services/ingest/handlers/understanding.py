"""From what was collected to what it means: decoded once, also where it is asked for twice in one batch."""

from functools import lru_cache
from typing import Any

from msgspec import Raw, UnsetType, json

from services.ingest.domain.call import Call, Meaning
from services.ingest.domain.identifiers import identifiers_of
from services.ingest.domain.identity import Claim, Identifier, statement_id
from services.ingest.domain.meaning import meaning_of
from shared.contracts.touchpoints import CollectedTouchpoint, Touchpoint


class Understood:
    """A collected event with its meaning and its identifiers, the strongest first."""

    __slots__ = ("collected", "identifiers", "meaning", "statement")

    def __init__(self, collected: CollectedTouchpoint, meaning: Meaning, identifiers: tuple[Identifier, ...]) -> None:
        self.collected = collected
        self.meaning = meaning
        self.identifiers = identifiers
        self.statement = statement_id(identifiers) if len(identifiers) > 1 else None

    def claim(self) -> Claim | None:
        """What the event claims; None where it makes nobody known."""
        it = self.collected
        if not self.identifiers or (it.type == "group" and not self.identifiers[0].strong):
            # What is said of a group is often sent under an id drawn for the call: that is nobody (ruling 15).
            return None
        return Claim(it.id, self.meaning.occurred_at, it.trusted, it.type == "alias", self.identifiers, it.source)

    def touchpoint(self) -> Touchpoint:
        """The touchpoint, nobody's yet."""
        it, means = self.collected, self.meaning
        return Touchpoint(
            id=it.id, revision=0, door=it.door, source=it.source, occurred_at=means.occurred_at,
            received_at=it.received_at, type=it.type, kind=means.kind, name=means.name, direction=means.direction,
            department=means.department, channel=means.channel, message_id=it.message_id,
            anonymous_id=it.anonymous_id, campaign=dict(means.campaign), page=dict(means.page),
            properties=dict(means.properties), consent=dict(means.consent), vanity=means.vanity, bot=means.bot,
            flags=means.flags,
        )  # fmt: skip


@lru_cache(maxsize=2_048)
def understand(collected: CollectedTouchpoint) -> Understood:
    """What a collected event means. The loop asks for its keys first and for its meaning later: one decoding."""
    call = Call(
        id=collected.id,
        source=collected.source,
        door=collected.door,
        trusted=collected.trusted,
        received_at=collected.received_at,
        type=collected.type,
        name=collected.name,
        timestamp=collected.timestamp,
        sent_at=collected.sent_at,
        user_id=collected.user_id,
        anonymous_id=collected.anonymous_id,
        previous_id=collected.previous_id,
        group_id=collected.group_id,
        properties=_properties(collected),
        traits=_decoded(collected.traits),
        context=_decoded(collected.context),
        flags=collected.flags,
    )
    meaning = meaning_of(call)
    return Understood(collected, meaning, identifiers_of(call, meaning.kind, meaning.traits))


def _properties(collected: CollectedTouchpoint) -> dict[str, Any]:
    """The properties, and the category of a page or a screen among them: some SDKs say it there, some beside them."""
    properties = _decoded(collected.properties)
    if collected.category is not None and collected.type in ("page", "screen"):
        return {"category": collected.category} | properties
    return properties


def _decoded(raw: Raw | UnsetType) -> dict[str, Any]:
    return {} if isinstance(raw, UnsetType) else json.decode(raw, type=dict[str, Any])
