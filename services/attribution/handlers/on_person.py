"""Something was said of a person: their accounts, whether they may be analysed, whose alias they are, that they were
erased."""

from collections.abc import Iterable

from services.attribution.domain.persona import persona_of
from services.attribution.handlers.attributing import Attributing
from services.attribution.ports import KeptCard, Refusal
from shared.contracts import erasing
from shared.contracts.touchpoints import PersonErased, PersonIdentified, PersonMerged, PersonSplit
from shared.kernel.keys import Key


def card_keys(event: PersonIdentified) -> Iterable[Key]:
    """The person, and the accounts that the card names."""
    return [Key("person", event.person_id), *(Key("account", name) for name in _accounts(event))]


def merge_keys(event: PersonMerged) -> Iterable[Key]:
    """Both people."""
    return [Key("person", event.from_id), Key("person", event.into_id)]


def split_keys(event: PersonSplit) -> Iterable[Key]:
    """Who comes back; whoever stood for them is found under the lock."""
    return [Key("person", event.person_id)]


def erasure_keys(event: PersonErased) -> Iterable[Key]:
    """Every id of the person, and what stands in for it."""
    return erasing.keys(event)


def on_person_identified(event: PersonIdentified, session: Attributing) -> None:
    """Keep of a card the accounts it names, the persona it tells, and whether what the person did may earn credit."""
    persona = persona_of(event.traits, session.personas)
    session.keep_card(KeptCard(event.person_id, event.version, frozenset(_accounts(event)), persona))
    session.keep_refusal(Refusal(event.person_id, event.version, refused=not event.allows("analytics")))


def on_person_merged(event: PersonMerged, session: Attributing) -> None:
    """Follow a merge."""
    session.alias(event.from_id, event.into_id, event.version)


def on_person_split(event: PersonSplit, session: Attributing) -> None:
    """Take a merge back."""
    session.alias(event.person_id, None, event.version)


def on_person_erased(event: PersonErased, session: Attributing) -> None:
    """Forget somebody, and none of what their acts earned."""
    session.erase(event)


def _accounts(event: PersonIdentified) -> list[str]:
    """By id, and by domain too: a deal may name its account by no more than that."""
    return sorted({name for account in event.accounts for name in (account.id, account.domain) if name is not None})
