"""The hand-offs of a batch: as they were read, as they become, and what is said of that."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.handoff.domain import messages
from services.handoff.domain.lead import Act, act
from services.handoff.handlers import deriving, publishing
from services.handoff.handlers.publishing import News
from services.handoff.ports import Kept
from shared.contracts.envelope import Emit
from shared.contracts.leads import LeadQualified
from shared.kernel.instant import Instant
from shared.kernel.stand_ins import stands_in


class Held:
    """Hand-offs by id, and by whose they are once that is settled."""

    def __init__(self, handoffs: Mapping[str, Kept], now: Instant) -> None:
        self.kept = dict(handoffs)
        self.news: list[tuple[News, Kept]] = []
        self._now = now
        self._said: list[Emit] = []
        self._changed: set[str] = set()
        self._retold: set[str] = set()
        self._of_root: defaultdict[str, list[str]] = defaultdict(list)

    def group(self, members: Mapping[str, str]) -> None:
        """Find whose each hand-off is now, the oldest first. One of somebody erased is nobody's: nor of an alias of
        theirs, whose split is on its way."""
        for kept in sorted(self.kept.values(), key=_age):
            root = members.get(kept.handoff.person_id)
            if root is not None and not stands_in(kept.handoff.person_id):
                self._of_root[root].append(kept.handoff.id)

    def roots(self) -> Sequence[str]:
        """Everybody who has hand-offs."""
        return sorted(self._of_root)

    def of(self, root: str) -> list[Kept]:
        """The hand-offs of a person, the oldest first."""
        return [self.kept[one] for one in self._of_root.get(root, ())]

    def open(self, root: str) -> list[Kept]:
        """The open ones of a person: one, unless people have just merged."""
        return [kept for kept in self.of(root) if kept.handoff.is_open]

    def turn(self, root: str, lead: LeadQualified) -> tuple[int, Instant, str]:
        """When it is a promotion's turn among those of a person: who was handed over first comes first."""
        handed = [kept.handoff.person_id for kept in self.of(root)]
        first = handed.index(lead.person_id) if lead.person_id in handed else len(handed)
        return first, Instant(lead.at), lead.promotion_id

    def add(self, root: str, kept: Kept) -> None:
        """A person was handed over."""
        self.keep(kept)
        self._of_root[root].append(kept.handoff.id)
        self.publish([publishing.assigned(kept.handoff)])

    def act(self, kept: Kept, what: Act) -> Kept:
        """The hand-off after an act; raises Conflict where its state does not allow it."""
        return self.say(replace(kept, handoff=act(kept.handoff, what, self._now)), type(what))

    def say(self, kept: Kept, what: type[Act]) -> Kept:
        """A hand-off became this, which is published as such an act."""
        self.keep(kept)
        self.publish([publishing.acted(kept.handoff, what, self._now)])
        return kept

    def keep(self, kept: Kept) -> None:
        """A hand-off became this, of which nothing is said."""
        before = self.kept.get(kept.handoff.id)
        if before is not None and messages.unsays(before.brief.person, kept.brief.person):
            self._retold.add(kept.handoff.id)
        self.kept[kept.handoff.id] = kept
        self._changed.add(kept.handoff.id)

    def publish(self, emits: Iterable[Emit]) -> None:
        """These are said as well."""
        self._said += emits

    def said(self) -> Sequence[Emit]:
        """All that is to be published."""
        return self._said

    def tell(self, news: News, kept: Kept) -> None:
        """CRMs are to hear of it."""
        self.news.append((news, kept))

    def changed(self) -> list[Kept]:
        """Those that became something else."""
        return [self.kept[one] for one in sorted(self._changed)]

    def told(self) -> list[tuple[News, Kept]]:
        """What CRMs are to hear, with the person as known in the end."""
        return [(news, replace(kept, brief=self.kept[kept.handoff.id].brief)) for news, kept in self.news]

    def retold(self) -> Mapping[str, messages.Brief]:
        """The briefs of those whose messages say of their person what is no longer said."""
        return {one: self.kept[one].brief for one in sorted(self._retold)}


def _age(kept: Kept) -> tuple[Instant, Instant, str]:
    return kept.handoff.assigned_at, deriving.promoted_at(kept), kept.handoff.id
