"""What a batch says of somebody who was erased, as it is kept: of what stands in for them, with all that credit is told
by, and nothing else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from msgspec import structs

from services.attribution.domain.interactions import InteractionRules, forgotten
from services.attribution.domain.touch import Touch
from services.attribution.ports import KeptCard, KeptTouch, Published, Refusal
from services.attribution.ports.people import Leaver
from shared.contracts.deals import Deal, DealPerson
from shared.contracts.handoffs import HandoffActed
from shared.contracts.leads import LeadQualified, LeadStageChanged, without_causes
from shared.kernel.stand_ins import stands_in

T = TypeVar("T")
S = TypeVar("S", HandoffActed, LeadQualified)
_Place = tuple[str, str]
"""On a deal: a person and a role."""


def looks_back(posted: Sequence[Deal]) -> bool:
    """Whether who left a deal earlier may be on it again, or stay on it as nobody. Where nobody is on it, an erasure
    has no lock in common with this batch."""
    if any(stands_in(one.person_id) for one in posted[0].people):
        return True
    return any(not before.people or _ids(after) - _ids(before) for before, after in pairwise(posted))


def _leavers(before: Deal, after: Deal) -> list[Leaver]:
    """Who is on a deal no more although the CRM posted nothing new, and nobody came in their place. Such a revision
    says that its contact was erased, and may come before the erasure itself."""
    there = _ids(after)
    if before.version != after.version or len(there) >= len(_ids(before)):
        return []
    left = [one for one in before.people if one.person_id not in there]
    return [Leaver(before.id, one.person_id, one.role or "", before.version) for one in left]


def _ids(deal: Deal) -> set[str]:
    return {one.person_id for one in deal.people}


class Forgetting:
    """`gone`: the ids that were erased, with what stands in for each."""

    def __init__(self, gone: Mapping[str, str], rules: InteractionRules) -> None:
        self.gone = gone
        self._rules = rules

    def forgotten(self, touch: Touch) -> Touch:
        """What stays of a touch of theirs."""
        return forgotten(touch, self._rules)

    def touch(self, kept: KeptTouch) -> KeptTouch:
        """A touch under who owns it."""
        owner, revision = kept.published.owner, kept.published.revision
        if owner is None or owner not in self.gone:
            return kept
        return KeptTouch(self.forgotten(kept.touch), Published(self.gone[owner], revision))

    def deal(self, posted: Sequence[Deal], kept: Iterable[Leaver]) -> tuple[Deal, Sequence[Leaver]]:
        """A deal as it was posted last, after all that was posted before it and whoever had left by then (`kept`); and
        who has left it now. Of these whoever was erased stays: nobody can name them any more, and what they did has led
        to the deal all the same. Who is named again, whoever posts that, has not left."""
        left = dict(map(self._leaver, kept))
        before = self._renamed(posted[0])
        before = structs.replace(before, people=tuple(one for one in before.people if _place(one) not in left))
        for deal in posted[1:]:
            after = self._renamed(deal)
            there = _ids(after)
            left = {place: one for place, one in left.items() if one.person_id not in there}
            left |= dict(map(self._leaver, _leavers(before, after)))
            before = after
        gone = sorted(one for one in left.values() if stands_in(one.person_id))
        stayed = (DealPerson(person_id=one.person_id, role=one.role or None) for one in gone)
        return structs.replace(before, people=(*before.people, *stayed)), list(left.values())

    def named(self, said: Mapping[str, T], now: Callable[[T, str], T]) -> dict[str, T]:
        """What is kept by person."""
        return {
            self.gone.get(one, one): now(what, self.gone[one]) if one in self.gone else what
            for one, what in said.items()
        }

    def card(self, kept: KeptCard, stand_in: str) -> KeptCard:
        """The accounts of a card."""
        return replace(kept, person_id=stand_in)

    def stages(self, said: LeadStageChanged, stand_in: str) -> LeadStageChanged:
        """Stages: when each was entered, and not because of what."""
        return structs.replace(said, person_id=stand_in, history=without_causes(said.history))

    def refusal(self, said: Refusal) -> Refusal:
        """Whether they refused: it holds on."""
        return replace(said, person_id=self.gone.get(said.person_id, said.person_id))

    def of_person(self, said: S) -> S:
        """What was said of them under an id of its own."""
        if said.person_id not in self.gone:
            return said
        return structs.replace(said, person_id=self.gone[said.person_id])

    def _renamed(self, deal: Deal) -> Deal:
        people = (structs.replace(one, person_id=self.gone.get(one.person_id, one.person_id)) for one in deal.people)
        return structs.replace(deal, people=tuple(dict.fromkeys(people)))

    def _leaver(self, one: Leaver) -> tuple[_Place, Leaver]:
        now = one._replace(person_id=self.gone.get(one.person_id, one.person_id))
        return (now.person_id, now.role), now


def _place(one: DealPerson) -> _Place:
    return one.person_id, one.role or ""
