"""Who is who, by the rules of claims: trusted ones first, each in event time, then id."""

from tests.reference.happened import Contact, Happening, Version

Name = tuple[str, str]
STRONG = ("user_id", "crm_contact_id", "email", "phone")


class People:
    """The people that all happenings and deals together make."""

    def __init__(self, happenings: list[Happening], versions: list[Version]) -> None:
        self.happenings = sorted(happenings, key=lambda h: (h.at, h.id))
        claims = [(not h.trusted, h.at, h.id, h.kind == "alias", h.names()) for h in happenings if h.names()]
        claims += [(False, v.at, v.id, False, c.names()) for v in versions for c in v.contacts]
        self.person: dict[Name, set[Name]] = {}
        self.first: dict[Name, tuple[int, str]] = {}
        self.contested: set[Name] = set()
        self._vouched = {name for untrusted, *_, names in claims if not untrusted for name in names}
        for untrusted, at, event, explicit, names in sorted(claims):
            for name in names:
                self.person.setdefault(name, {name})
                self.first[name] = min(self.first.get(name, (at, event)), (at, event))
            for name in names[1:]:
                self._link(names[0], name, trusted=not untrusted, explicit=explicit)

    def _link(self, one: Name, other: Name, *, trusted: bool, explicit: bool) -> None:
        mine, theirs = self.person[one], self.person[other]
        if mine is theirs:
            return
        both_vouched = bool(mine & self._vouched) and bool(theirs & self._vouched)
        if one[0] != "anonymous_id" and other[0] == "anonymous_id":
            if other in self.contested:
                return
            if (both_vouched and not trusted) or (not explicit and _both_have(mine, theirs, *STRONG)):
                self.contested.add(other)
                return
        elif (both_vouched and not trusted) or (not explicit and _both_have(mine, theirs, "user_id")):
            return
        mine |= theirs
        self.person.update(dict.fromkeys(theirs, mine))

    def of(self, happening: Happening) -> frozenset[Name] | None:
        """Whose it is. Under a browser that several share: whoever named themselves there last before it."""
        if not happening.names():
            return None
        holder = happening.names()[0]
        if holder in self.contested:
            named = [h for h in self.happenings if holder in h.names() and h.names()[0][0] != "anonymous_id"]
            before = [h for h in named if (h.at, h.id) <= (happening.at, happening.id)]
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
