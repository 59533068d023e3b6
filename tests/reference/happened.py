"""What happened, in plain words: the input of the model, told apart from how it travels."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Happening:
    """Somebody did something. `trusted`: our own back end says so. Times are UTC milliseconds."""

    id: str
    at: int
    trusted: bool
    kind: str
    """`page_viewed`, `form_submitted`, `demo_requested`, `email_clicked`, `identify` or `alias`."""
    browser: str | None = None
    user: str | None = None
    email: str | None = None
    former: str | None = None
    """Of an alias: the id they had before."""
    campaign: str | None = None

    def names(self) -> list[tuple[str, str]]:
        """What the event names somebody by, the strongest first."""
        users = sorted(name for name in (self.user, self.former) if name)
        browsers = sorted(name for name in (self.browser, self.former) if name)
        emails = [self.email] if self.email else []
        return (
            [("user_id", u) for u in users] + [("email", e) for e in emails] + [("anonymous_id", b) for b in browsers]
        )


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
    contacts: tuple[Contact, ...] = field(default=())


@dataclass(frozen=True)
class Answer:
    """Sales dealt with a lead that was handed over because of the happening `cause`."""

    id: str
    at: int
    act: str
    """`assigned`, `accepted` or `recycled`."""
    cause: str
