"""Which accounts people belong to: what group calls and deals name, else what their addresses tell."""

from typing import NamedTuple

from tests.reference.happened import Company, Name, Version
from tests.reference.people import People

_FREE = "gmail.com"


class _Said(NamedTuple):
    """Somebody named a company, and each of these people (by all names) with it."""

    public: bool
    at: int
    event: str
    company: Company
    whom: list[list[Name]]


class Told(NamedTuple):
    """An account of somebody, as their card names it."""

    id: str
    name: str | None
    domain: str | None
    since: int


class Accounts:
    """The accounts that all happenings and deals together tell of."""

    def __init__(self, people: People, versions: list[Version]) -> None:
        self._people = people
        self._said = [_Said(not h.trusted, h.at, h.id, h.company, [h.names()]) for h in people.happenings if h.company]
        self._said += [
            _Said(False, v.at, v.id, v.company, [c.names() for c in v.contacts]) for v in versions if v.company
        ]
        self._said += [_Said(not r.trusted, r.at, r.id, r.company, r.whom()) for r in people.rests if r.company]
        self._first: dict[tuple[Name, str, bool], tuple[int, str]] = {}
        """When a company was first named under a browser alone: of those who share one, it is of whoever did so."""
        for said in self._said:
            for names in said.whom:
                if names and names[0][0] == "anonymous_id":
                    key, moment = (names[0], said.company.id, said.public), (said.at, said.event)
                    self._first[key] = min(self._first.get(key, moment), moment)

    def of(self, person: frozenset[Name]) -> list[Told]:
        """The accounts of somebody, the current one first."""
        found = [
            (2, self._at(value.partition("@")[2]), self._people.first[kind, value][0])
            for kind, value in person
            if kind == "email" and not value.endswith(_FREE)
        ]
        for said in self._said:
            named = [names for names in said.whom if names and tuple(names) not in self._people.withdrawn]
            theirs = [names for names in named if self._is_of(person, names, said)]
            found += [(int(said.public), said.company.id, said.at) for _ in theirs]
        rank = {account: min(rank for rank, other, _ in found if other == account) for _, account, _ in found}
        since = {account: min(at for _, other, at in found if other == account) for account in rank}
        ordered = sorted(rank, key=lambda account: (rank[account], -since[account], account))
        return [Told(account, self._name(account), self._domain(account), since[account]) for account in ordered]

    def _is_of(self, person: frozenset[Name], names: list[Name], said: _Said) -> bool:
        moment = (said.at, said.event)
        first = self._first.get((names[0], said.company.id, said.public), moment)
        return first == moment and self._people.saying(names, *moment) == person

    def everybody_of(self, account: str) -> set[frozenset[Name]]:
        """Whoever belongs to an account, by its id or its domain."""
        everybody = {frozenset(person) for person in self._people.person.values()}
        return {one for one in everybody if any(account in (told.id, told.domain) for told in self.of(one))}

    def _at(self, host: str) -> str:
        """The account of a host: of whoever holds it or the domain above it."""
        registered = ".".join(host.split(".")[-2:])
        for domain in (host, registered):
            held = [said for said in self._said if _own(said.company) == domain]
            if held:
                return min((s.public, s.company.id == domain, s.at, s.event, s.company.id) for s in held)[-1]
        return registered

    def _name(self, account: str) -> str | None:
        named = [said for said in self._said if said.company.id == account and said.company.name]
        return max(((not s.public, s.at, s.event, s.company.name) for s in named), default=(None,))[-1]

    def _domain(self, account: str) -> str | None:
        owned = [(s.public, s.at, s.event, _own(s.company)) for s in self._said if s.company.id == account]
        return min((one for one in owned if one[-1]), default=(_own(Company(account)),))[-1]


def _own(company: Company) -> str | None:
    return company.domain or (company.id if "." in company.id else None)
