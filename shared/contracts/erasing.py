"""What every service does alike when somebody is erased: which ids give way to which, and what it answers."""

from collections.abc import Iterable, Mapping

from shared.contracts import topics
from shared.contracts.envelope import Emit, Event
from shared.contracts.erasures import ErasureDone, Removed
from shared.contracts.touchpoints import PersonErased
from shared.kernel.ids import derived
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.kernel.stand_ins import stand_in


def stand_ins(event: PersonErased) -> dict[str, str]:
    """The stand-in of every id of the person; that of the person's own id stands for all of them."""
    return {one: stand_in(one, event.erasure_id) for one in sorted({event.person_id, *event.aliases})}


def keys(event: PersonErased) -> Iterable[Key]:
    """Every id of the person, and what stands in for it."""
    return [Key("person", one) for pair in stand_ins(event).items() for one in pair]


def receipt(service: str, erasure_id: str, removed: Mapping[str, int], now: int) -> Emit:
    """`erasure.done` of a service: how many rows of each of its stores went, or became anonymous."""
    stores = tuple(Removed(store=store, removed=removed[store]) for store in sorted(removed))
    data = ErasureDone(erasure_id=erasure_id, service=service, stores=stores, at=now)
    event_id = derived("erasure done", erasure_id, service)
    return Emit(topics.ERASURES.name, erasure_id, Event(event_id, "erasure.done", service, Instant(now), data))
