"""What is left when people are erased: all that names them goes, and of what named others too stays what it says of
those."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.reference.happened import Company, Happening, Name, Version


@dataclass(frozen=True)
class Erased:
    """`names`: what only the erased were called. What had come by then: `emptied` are events, `heard` what versions of
    deals said of a contact, without those names. What came later is not taken."""

    names: frozenset[Name] = frozenset()
    emptied: frozenset[str] = frozenset()
    heard: frozenset[tuple[str, tuple[Name, ...]]] = frozenset()

    def kept(self, happenings: list[Happening]) -> list[Happening]:
        """What happened and names nobody who was erased."""
        return [h for h in happenings if h.id not in self.emptied and self.names.isdisjoint(h.names())]

    def on_deals(self, versions: list[Version]) -> list[Version]:
        """The versions of deals without the contacts that name them."""
        return [replace(v, contacts=[c for c in v.contacts if self.names.isdisjoint(c.names())]) for v in versions]

    def rests(self, happenings: list[Happening], versions: list[Version]) -> list["Rest"]:
        """What was said of others beside them, and before they were erased."""
        found = [
            Rest(h.trusted, h.at, h.id, h.kind == "alias", self._others(h.names()), h.names(), h.company, h.claims())
            for h in happenings
            if h.id in self.emptied
        ]
        named = [(v, c.names()) for v in versions for c in v.contacts if not self.names.isdisjoint(c.names())]
        found += [
            Rest(True, v.at, v.id, False, self._others(names), names, v.company, True)
            for v, names in named
            if (v.id, tuple(self._others(names))) in self.heard
        ]
        return found

    def _others(self, names: list[Name]) -> list[Name]:
        return [name for name in names if name not in self.names]


class Rest(NamedTuple):
    """What is left of something said: `names` of the `named`."""

    trusted: bool
    at: int
    id: str
    explicit: bool
    names: list[Name]
    named: list[Name]
    company: Company | None
    claimed: bool

    def claims(self) -> bool:
        """Whether it still makes somebody known: browsers alone do where nothing else was said."""
        return self.claimed and (self.names == self.named or any(kind != "anonymous_id" for kind, _ in self.names))

    def apart(self) -> list["Rest"]:
        """The same where an operator had taken it back: each name for itself, and no company with it."""
        strong = [name for name in self.names if name[0] != "anonymous_id"]
        return [self._replace(names=[name], company=None) for name in strong]

    def whom(self) -> list[list[Name]]:
        """Whom it names with a company: whoever it did by the strongest name."""
        return [self.names] if self.names and self.names[0] == self.named[0] else []
