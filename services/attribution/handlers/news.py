"""What a batch brought: touches, people who became somebody else or nobody, purchases. It says why credit changed."""

from collections.abc import Mapping

from services.attribution.domain.cause import Cause, Reason, deal_event
from services.attribution.ports import KeptTouch
from shared.contracts.deals import Deal
from shared.kernel.ids import derived
from shared.kernel.stand_ins import stand_in


class News:
    """Filled while events are taken; asked once their people are settled."""

    def __init__(self) -> None:
        self._touches: dict[str, tuple[int, str]] = {}
        self._merges: dict[str, str] = {}
        self._splits: dict[str, str] = {}
        self._deals: list[Deal] = []
        self._erasures: dict[str, str] = {}

    def touched(self, owner: str, kept: KeptTouch) -> None:
        """A touch of somebody's came, left, or changed; the earliest speaks for all."""
        self._touches[owner] = min(self._touches.get(owner, kept.touch.order), kept.touch.order)

    def aliased(self, person_id: str, into: str | None, version: int) -> None:
        """Somebody was merged into somebody, or is themselves again."""
        event_id = derived("alias", person_id, str(version))
        (self._splits if into is None else self._merges)[person_id] = event_id

    def erased(self, person_id: str, erasure_id: str) -> None:
        """Somebody was erased."""
        self._erasures[person_id] = erasure_id

    def forget(self, gone: Mapping[str, str]) -> None:
        """Name no touch of anybody erased by its own id."""
        for owner in gone.keys() & self._touches.keys():
            at, touch_id = self._touches[owner]
            self._touches[owner] = at, stand_in(touch_id)

    def posted(self, deal: Deal) -> None:
        """A deal is so now, or was so until now."""
        self._deals.append(deal)

    def reason(self, deal: Deal, members: Mapping[str, str]) -> Reason:
        """Why the credit of a deal changed, where the deal itself did not."""
        roots = _roots(deal, members)
        if (merge := _first(self._merges, roots, members)) is not None:
            return Reason(Cause.MERGE, merge)
        if (split := _first(self._splits, roots, members)) is not None:
            return Reason(Cause.SPLIT, split)
        touches = [touch for owner, touch in self._touches.items() if members.get(owner) in roots]
        if touches:
            return Reason(Cause.LATE_TOUCH, min(touches)[1])
        if (erasure := _first(self._erasures, roots, members)) is not None:
            return Reason(Cause.ERASURE, erasure)
        # Who was split off took their touches along, and has a root of their own by now.
        if roots and self._splits:
            return Reason(Cause.SPLIT, min(self._splits.values()))
        others = (other for other in self._deals if other.id != deal.id and _same_buyer(deal, other, members))
        purchases = [deal_event(other.id, other.version, other.revision) for other in others]
        return Reason(Cause.OTHER_DEAL, purchases[-1]) if purchases else Reason(Cause.OTHER)


def _roots(deal: Deal, members: Mapping[str, str]) -> set[str]:
    """Who the people of a deal are, of those that the batch touched."""
    return {members[person.person_id] for person in deal.people if person.person_id in members}


def _first(events: Mapping[str, str], roots: set[str], members: Mapping[str, str]) -> str | None:
    return min((event_id for person, event_id in events.items() if members.get(person) in roots), default=None)


def _same_buyer(one: Deal, other: Deal, members: Mapping[str, str]) -> bool:
    if one.account is not None and other.account is not None and one.account.id == other.account.id:
        return True
    return not _roots(one, members).isdisjoint(_roots(other, members))
