"""What the resolver says, as events: ids are derived from what they say, so a redo says the same again."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from msgspec import json, structs

from services.ingest.domain.card import NAMES_CUT, TRAITS_CUT, Trait, fitting, has_more_names
from services.ingest.domain.identity import Identifier, IdentifierKind
from services.ingest.domain.limits import MOST_OF_A_KIND
from services.ingest.domain.people import Person
from services.ingest.ports import Card
from shared.contracts import topics
from shared.contracts.deals import CollectedDeal, Deal, DealPerson
from shared.contracts.envelope import Emit, Event
from shared.contracts.touchpoints import (
    AccountRef,
    PersonErased,
    PersonIdentified,
    PersonMerged,
    PersonSplit,
    Touchpoint,
)
from shared.kernel.ids import derived
from shared.kernel.instant import Instant

SOURCE = "ingest"


def touchpoint(whole: Touchpoint) -> Emit:
    """A touchpoint under its owner, or under its own id where it is nobody's."""
    event_id = derived("touchpoint", whole.id, str(whole.revision))
    event = Event(event_id, "touchpoint", SOURCE, Instant(whole.received_at), whole)
    return Emit(topics.TOUCHPOINTS.name, whole.person_id or whole.id, event)


def alias_changes(changed: Iterable[Person], before: Mapping[str, Person], now: int) -> list[Emit]:
    """`person.merged` and `person.split` for everyone whose alias changed."""
    emits: list[Emit] = []
    for person in changed:
        event_id = derived("alias", person.id, str(person.version))
        if person.into is not None:
            merged = PersonMerged(from_id=person.id, into_id=person.into, version=person.version, at=now)
            event = Event(event_id, "person.merged", SOURCE, Instant(now), merged)
        elif person.id in before:
            split = PersonSplit(person_id=person.id, version=person.version, at=now)
            event = Event(event_id, "person.split", SOURCE, Instant(now), split)
        else:
            continue
        emits.append(Emit(topics.TOUCHPOINTS.name, person.id, event))
    return emits


def card(
    person_id: str,
    members: Iterable[Identifier],
    first: Mapping[Identifier, tuple[int, str]],
    traits: Sequence[Trait],
    accounts: tuple[AccountRef, ...],
) -> PersonIdentified:
    """The card of a person, with version 0. Traits: per name the latest event time, then id. What does not fit is left
    out and flagged."""
    ordered = sorted(members)
    known = min((first[member] for member in ordered if member.kind in ("email", "phone")), default=(None, None))
    kept, more = fitting(traits)
    flags = [TRAITS_CUT] if more else []
    if has_more_names(ordered, len(accounts)):
        flags.append(NAMES_CUT)
    return PersonIdentified(
        person_id=person_id,
        version=0,
        first_seen_at=min(first[member] for member in ordered)[0],
        known_since=known[0],
        known_by=known[1],
        emails=_values(ordered, "email"),
        phones=_values(ordered, "phone"),
        user_ids=_values(ordered, "user_id"),
        crm_contact_ids=_values(ordered, "crm_contact_id"),
        anonymous_ids=_values(ordered, "anonymous_id"),
        traits={name: json.decode(trait.value) for name, trait in kept.items()},
        accounts=accounts[:MOST_OF_A_KIND],
        flags=tuple(flags),
    )


def identified(whole: PersonIdentified, now: int) -> Emit:
    """`person.identified`: the card in a version."""
    event_id = derived("card", whole.person_id, str(whole.version))
    event = Event(event_id, "person.identified", SOURCE, Instant(now), whole)
    return Emit(topics.TOUCHPOINTS.name, whole.person_id, event)


def blank(before: Card) -> PersonIdentified:
    """A card with nothing on it but what was allowed, in the next version."""
    whole = json.decode(before.body, type=PersonIdentified)
    return PersonIdentified(
        person_id=whole.person_id,
        version=before.version + 1,
        first_seen_at=whole.first_seen_at,
        consent=whole.consent,
    )


def kept(card: PersonIdentified) -> Card:
    """A card as the store keeps it."""
    return Card(card.version, json.encode(structs.replace(card, version=0)).decode())


def erased(erasure_id: str, person_id: str, ids: Iterable[str], now: int) -> list[Emit]:
    """`person.erased` under every id that stood for somebody: what they did lies in the partitions of all of them."""
    ordered = sorted(ids)
    aliases = tuple(one for one in ordered if one != person_id)
    told = PersonErased(erasure_id=erasure_id, person_id=person_id, aliases=aliases, at=now)
    return [
        Emit(topics.TOUCHPOINTS.name, one, Event(derived("erased", one), "person.erased", SOURCE, Instant(now), told))
        for one in ordered
    ]


def deal(collected: CollectedDeal, revision: int, people: tuple[DealPerson, ...]) -> Emit:
    """`deal`: a version of a deal with its people, in a revision."""
    whole = Deal(
        id=collected.id,
        version=collected.version,
        revision=revision,
        status=collected.status,
        amount_minor=collected.amount_minor,
        currency=collected.currency,
        created_at=collected.created_at,
        occurred_at=collected.occurred_at,
        people=people,
        closed_at=collected.closed_at,
        name=collected.name,
        account=collected.account,
        stage=collected.stage,
        owner=collected.owner,
        lost_reason=collected.lost_reason,
        deal_type=collected.deal_type,
        flags=collected.flags,
    )
    event_id = derived("deal", collected.id, str(collected.version), str(revision))
    return Emit(topics.DEALS.name, collected.id, Event(event_id, "deal", SOURCE, Instant(collected.received_at), whole))


def _values(members: Sequence[Identifier], kind: IdentifierKind) -> tuple[str, ...]:
    return tuple(islice((member.value for member in members if member.kind == kind), MOST_OF_A_KIND))
