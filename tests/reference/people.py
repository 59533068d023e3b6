"""Who is who, by the rules of claims: trusted ones first, each in event time, then id; operators come last."""

from collections.abc import Iterable

from tests.reference.erasure import Rest
from tests.reference.happened import Contact, Decision, Happening, Name, Version

STRONG = ("user_id", "crm_contact_id", "email", "phone")
_TRUSTED, _PUBLIC, _OPERATOR = 0, 1, 2
"""Who says something, in the order in which they are heard."""


class People:
    """The people that all happenings, deals and decisions together make."""

    def __init__(
        self,
        happenings: list[Happening],
        versions: list[Version],
        decisions: Iterable[Decision] = (),
        rests: Iterable[Rest] = (),
    ) -> None:
        self.rests = list(rests)
        self.happenings = sorted(happenings, key=lambda h: (h.at, h.id))
        last = {decision.names: decision for decision in sorted(decisions, key=lambda d: (d.at, d.id))}
        self.withdrawn = {names for names, decision in last.items() if not decision.one}
        claims = [
            (_TRUSTED if h.trusted else _PUBLIC, h.at, h.id, h.kind == "alias", h.names())
            for h in happenings
            if h.claims()
        ]
        claims += [(_TRUSTED, v.at, v.id, False, c.names()) for v in versions for c in v.contacts]
        claims += [
            (_TRUSTED if r.trusted else _PUBLIC, r.at, r.id, r.explicit, r.names) for r in self.rests if r.claims()
        ]
        claims += [(_OPERATOR, d.at, d.id, True, list(d.names)) for d in last.values() if d.one]
        self.person: dict[Name, set[Name]] = {}
        self.first: dict[Name, tuple[int, str]] = {}
        self.contested: set[Name] = set()
        self._vouched = {name for sender, *_, names in claims if sender == _TRUSTED for name in names}
        for sender, at, event, explicit, names in sorted(claims):
            for name in names:
                self.person.setdefault(name, {name})
                if sender != _OPERATOR:
                    self.first[name] = min(self.first.get(name, (at, event)), (at, event))
            for name in names[1:] if tuple(names) not in self.withdrawn else ():
                if self._may_link(names[0], name, sender, explicit=explicit):
                    self._link(self.person[names[0]], self.person[name])

    def _link(self, mine: set[Name], theirs: set[Name]) -> None:
        mine |= theirs
        self.person.update(dict.fromkeys(theirs, mine))

    def _may_link(self, one: Name, other: Name, sender: int, *, explicit: bool) -> bool:
        mine, theirs = self.person[one], self.person[other]
        if mine is theirs or sender == _OPERATOR:
            return mine is not theirs
        trusted = sender != _PUBLIC
        both_vouched = bool(mine & self._vouched) and bool(theirs & self._vouched)
        if one[0] != "anonymous_id" and other[0] == "anonymous_id":
            if other in self.contested:
                return False
            if (both_vouched and not trusted) or (not explicit and _both_have(mine, theirs, *STRONG)):
                self.contested.add(other)
                return False
            return True
        return not ((both_vouched and not trusted) or (not explicit and _both_have(mine, theirs, "user_id")))

    def of(self, happening: Happening) -> frozenset[Name] | None:
        """Whose it is."""
        return self.saying(happening.names(), happening.at, happening.id)

    def saying(self, names: list[Name], at: int, event: str) -> frozenset[Name] | None:
        """Who says something under these names. Under a browser that several share: whoever named themselves there last
        before it."""
        holder = next(iter(names), None)
        if holder not in self.person:
            return None
        if holder in self.contested:
            named = [h for h in self.happenings if holder in h.names() and h.names()[0][0] != "anonymous_id"]
            named = [h for h in named if tuple(h.names()) not in self.withdrawn]
            before = [h for h in named if (h.at, h.id) <= (at, event)]
            holder = (before[-1] if before else named[0]).names()[0] if named else holder
        return frozenset(self.person[holder])

    def known(self, person: frozenset[Name]) -> tuple[int, str] | None:
        """When an address of theirs was first heard of, and by which event."""
        return min((self.first[name] for name in person if name[0] in ("email", "phone")), default=None)

    def on(self, contacts: list[Contact]) -> set[frozenset[Name]]:
        """Who the contacts of a deal are."""
        return {frozenset(self.person[contact.names()[0]]) for contact in contacts}


def standing(versions: list[Version]) -> dict[str, Version]:
    """The version that holds, by deal: the highest."""
    return {version.deal: version for version in sorted(versions, key=lambda v: (v.number, v.id))}


def _both_have(one: set[Name], other: set[Name], *kinds: str) -> bool:
    return any(kind in kinds for kind in {name[0] for name in one} & {name[0] for name in other})
