"""What a batch says of somebody who was erased, as it is kept: of what stands in for them, with all that credit is told
by, and nothing else."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
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


def leavers(before: Deal, after: Deal) -> list[Leaver]:
    """Who is on a deal no more although the CRM posted nothing new, and nobody came in their place. Such a revision
    says that its contact was erased, and may come before the erasure itself."""
    there = {one.person_id for one in after.people}
    if before.version != after.version or len(there) >= len({one.person_id for one in before.people}):
        return []
    left = [one for one in before.people if one.person_id not in there and not stands_in(one.person_id)]
    return [Leaver(before.id, one.person_id, one.role or "", before.version) for one in left]


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

    def deal(self, posted: Deal, former: Iterable[DealPerson]) -> Deal:
        """A deal as it was posted. Whoever was on it (`former`) and was erased stays: nobody can name them any more,
        and what they did has led to the deal all the same."""
        people = dict.fromkeys(map(self._on_deal, posted.people))
        there = {one.person_id for one in people}
        stayed = (one for one in map(self._on_deal, former) if stands_in(one.person_id))
        people |= dict.fromkeys(one for one in stayed if one.person_id not in there)
        return posted if tuple(people) == posted.people else structs.replace(posted, people=tuple(people))

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

    def _on_deal(self, one: DealPerson) -> DealPerson:
        return DealPerson(person_id=self.gone[one.person_id], role=one.role) if one.person_id in self.gone else one
