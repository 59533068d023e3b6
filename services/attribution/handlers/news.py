"""What a batch brought about people: whose touches came, who became somebody else. It explains the credit of deals."""

from collections.abc import Iterable, Mapping

from services.attribution.domain.cause import Cause, Reason
from services.attribution.ports import KeptTouch
from shared.kernel.ids import derived


class News:
    """Filled while events are taken; asked once their people are settled."""

    def __init__(self) -> None:
        self._touches: dict[str, tuple[int, str]] = {}
        self._merges: dict[str, str] = {}
        self._splits: dict[str, str] = {}

    def touched(self, owner: str, kept: KeptTouch) -> None:
        """A touch of somebody's came, left, or changed; the earliest speaks for all."""
        self._touches[owner] = min(self._touches.get(owner, kept.touch.order), kept.touch.order)

    def aliased(self, person_id: str, into: str | None, version: int) -> None:
        """Somebody was merged into somebody, or is themselves again."""
        event_id = derived("alias", person_id, str(version))
        (self._splits if into is None else self._merges)[person_id] = event_id

    def reason(self, people: Iterable[str], members: Mapping[str, str]) -> Reason:
        """Why the credit of a deal with these people changed, where the deal itself did not."""
        roots = {members[person] for person in people if person in members}
        if (merge := _first(self._merges, roots, members)) is not None:
            return Reason(Cause.MERGE, merge)
        if (split := _first(self._splits, roots, members)) is not None:
            return Reason(Cause.SPLIT, split)
        touches = [touch for owner, touch in self._touches.items() if members.get(owner) in roots]
        if touches:
            return Reason(Cause.LATE_TOUCH, min(touches)[1])
        # Who was split off took their touches along, and has a root of their own by now.
        if roots and self._splits:
            return Reason(Cause.SPLIT, min(self._splits.values()))
        return Reason(Cause.OTHER_DEAL)


def _first(events: Mapping[str, str], roots: set[str], members: Mapping[str, str]) -> str | None:
    return min((event_id for person, event_id in events.items() if members.get(person) in roots), default=None)
