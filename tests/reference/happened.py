"""What happened, in plain words: the input of the model, told apart from how it travels."""

from dataclasses import dataclass

Name = tuple[str, str]
"""What somebody is called: of which kind, and what."""


@dataclass(frozen=True)
class Company:
    """An account, as somebody names it."""

    id: str
    name: str | None = None
    domain: str | None = None


@dataclass(frozen=True)
class Happening:
    """Somebody did something. `trusted`: our own back end says so. `former`: of an alias, the id they had. `company`:
    of a group call, what they belong to."""

    id: str
    at: int
    trusted: bool
    kind: str
    browser: str | None = None
    user: str | None = None
    email: str | None = None
    former: str | None = None
    campaign: str | None = None
    company: Company | None = None

    def names(self) -> list[tuple[str, str]]:
        """What the event names somebody by, the strongest first."""
        strong = [("user_id", user) for user in sorted(filter(None, {self.user, self.former}))]
        strong += [("email", self.email)] if self.email else []
        return strong + [("anonymous_id", each) for each in sorted(filter(None, {self.browser, self.former}))]

    def claims(self) -> bool:
        """Whether it makes somebody known: what is said of a group under a browser alone does not."""
        return bool(self.names()) and (self.kind != "group" or self.names()[0][0] != "anonymous_id")


@dataclass(frozen=True)
class Contact:
    """Somebody on a deal."""

    email: str
    crm: str | None = None
    role: str | None = None

    def names(self) -> list[tuple[str, str]]:
        """What the CRM names them by, the strongest first."""
        return ([("crm_contact_id", self.crm)] if self.crm else []) + [("email", self.email)]


@dataclass(frozen=True)
class Version:
    """One version of a deal; the CRM says what it says at `at`."""

    id: str
    deal: str
    number: int
    at: int
    status: str
    created: int
    closed: int | None
    amount: int
    contacts: list[Contact]
    company: Company | None = None


@dataclass(frozen=True)
class Decision:
    """An operator said that all these names are one person, or that what says so is wrong."""

    id: str
    at: int
    one: bool
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """Sales dealt with a lead that was handed over because of `cause`: `assigned`, `accepted` or `recycled` it."""

    id: str
    at: int
    act: str
    cause: str
