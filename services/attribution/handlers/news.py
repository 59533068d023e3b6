"""What a batch brought: touches, people who became somebody else, a lead or nobody, purchases. It says why credit
changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from services.attribution.domain.cause import Cause, Reason, deal_event
from services.attribution.ports import KeptTouch
from shared.contracts.deals import Deal
from shared.kernel.ids import derived
from shared.kernel.stand_ins import stand_in

_News = TypeVar("_News", str, tuple[int, str])
_Buyer = tuple[str, str]
_place = itemgetter(0)


class News:
    """Filled while events are taken; asked once their people are settled."""

    def __init__(self) -> None:
        self._touches: dict[str, tuple[int, str]] = {}
        self._merges: dict[str, str] = {}
        self._splits: dict[str, str] = {}
        self._leads: dict[str, str] = {}
        self._deals: list[Deal] = []
        self._erasures: dict[str, str] = {}

    def touched(self, owner: str, kept: KeptTouch) -> None:
        """A touch of somebody's came, left, or changed; the earliest speaks for all."""
        self._touches[owner] = min(self._touches.get(owner, kept.touch.order), kept.touch.order)

    def aliased(self, person_id: str, into: str | None, version: int) -> None:
        """Somebody was merged into somebody, or is themselves again."""
        event_id = derived("alias", person_id, str(version))
        (self._splits if into is None else self._merges)[person_id] = event_id

    def became(self, person_id: str, version: int) -> None:
        """Somebody became a lead at another moment."""
        self._leads[person_id] = derived("stage", person_id, str(version))

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

    def settled(self, members: Mapping[str, str]) -> "SettledNews":
        """The same, now that it is known who stands for whom."""
        return SettledNews(
            members,
            _earliest(self._merges.items(), members),
            _earliest(self._splits.items(), members),
            _earliest(self._touches.items(), members),
            _earliest(self._leads.items(), members),
            _earliest(self._erasures.items(), members),
            min(self._splits.values(), default=None),
            _by_buyer(self._deals, members),
        )


@dataclass(frozen=True, slots=True)
class SettledNews:
    """What a batch brought, by who stands for those it is about: looked up once for each deal."""

    members: Mapping[str, str]
    merges: Mapping[str, str]
    splits: Mapping[str, str]
    touches: Mapping[str, tuple[int, str]]
    leads: Mapping[str, str]
    erasures: Mapping[str, str]
    any_split: str | None
    purchases: Mapping[_Buyer, Sequence[tuple[int, Deal]]]
    """In the order in which they were told."""

    def reason(self, deal: Deal) -> Reason:
        """Why the credit of a deal changed, where the deal itself did not."""
        roots = _roots(deal, self.members)
        if (merge := _first(self.merges, roots)) is not None:
            return Reason(Cause.MERGE, merge)
        if (split := _first(self.splits, roots)) is not None:
            return Reason(Cause.SPLIT, split)
        if (touch := _first(self.touches, roots)) is not None:
            return Reason(Cause.LATE_TOUCH, touch[1])
        if (stage := _first(self.leads, roots)) is not None:
            return Reason(Cause.STAGE, stage)
        if (erasure := _first(self.erasures, roots)) is not None:
            return Reason(Cause.ERASURE, erasure)
        # Who was split off took their touches along, and has a root of their own by now.
        if roots and self.any_split is not None:
            return Reason(Cause.SPLIT, self.any_split)
        other = self._other_purchase(deal)
        return Reason(Cause.OTHER) if other is None else Reason(Cause.OTHER_DEAL, other)

    def _other_purchase(self, deal: Deal) -> str | None:
        """The event of the last other purchase of the same buyer."""
        told = (self.purchases.get(buyer, ()) for buyer in _buyers(deal, self.members))
        last = (next((one for one in reversed(deals) if one[1].id != deal.id), None) for deals in told)
        found = max((one for one in last if one is not None), key=_place, default=None)
        return None if found is None else deal_event(found[1].id, found[1].version, found[1].revision)


def _earliest(news: Iterable[tuple[str, _News]], members: Mapping[str, str]) -> dict[str, _News]:
    """By who stands for them, the first of the news of some people."""
    found: dict[str, _News] = {}
    for person_id, one in news:
        root = members.get(person_id)
        if root is not None:
            found[root] = min(found.get(root, one), one)
    return found


def _first(news: Mapping[str, _News], roots: Collection[str]) -> _News | None:
    return min((news[root] for root in roots if root in news), default=None)


def _by_buyer(deals: Iterable[Deal], members: Mapping[str, str]) -> Mapping[_Buyer, Sequence[tuple[int, Deal]]]:
    found: defaultdict[_Buyer, list[tuple[int, Deal]]] = defaultdict(list)
    for number, deal in enumerate(deals):
        for buyer in _buyers(deal, members):
            found[buyer].append((number, deal))
    return found


def _buyers(deal: Deal, members: Mapping[str, str]) -> list[_Buyer]:
    """Who another deal has to be of, to be of the same buyer: the account, or one of its people."""
    account: list[_Buyer] = [] if deal.account is None else [("account", deal.account.id)]
    return [*account, *(("person", root) for root in _roots(deal, members))]


def _roots(deal: Deal, members: Mapping[str, str]) -> set[str]:
    """Who the people of a deal are, of those that the batch touched."""
    return {members[person.person_id] for person in deal.people if person.person_id in members}
