"""The knobs of ingest that are its own; what a whole deployment shares is in services/deployment.py."""

from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.ingest.domain.identity import DEFAULT_LIMITS, PersonLimits
from services.ingest.domain.mail_hosts import MailHosts, host_of


class IngestSettings(BaseSettings):
    """Environment variables `THROUGHLINE_INGEST_*`."""

    model_config = SettingsConfigDict(env_prefix="THROUGHLINE_INGEST_", frozen=True)

    request_bytes: int = Field(default=4 * 1024 * 1024, ge=1024, description="A request may be this large, decoded.")
    body_seconds: float = Field(
        default=10, gt=0, description="A body that is not there after this long is answered 408."
    )
    origins: str = Field(default="", description="Origins that browsers may post from, with commas; none given: any.")
    most_crm_contact_ids: int = Field(
        default=DEFAULT_LIMITS.crm_contact_id, ge=1, description="A person may hold so many ids of a CRM."
    )
    most_emails: int = Field(
        default=DEFAULT_LIMITS.email, ge=1, description="Forms and browsers may give a person so many e-mail addresses."
    )
    most_phones: int = Field(
        default=DEFAULT_LIMITS.phone, ge=1, description="Forms and browsers may give a person so many phone numbers."
    )
    most_anonymous_ids: int = Field(
        default=DEFAULT_LIMITS.anonymous_id, ge=1, description="A person may have come by so many browsers and devices."
    )
    most_merges: int = Field(
        default=DEFAULT_LIMITS.merges, ge=0, description="So many people who were known already may become one."
    )
    most_browsers_a_minute: int = Field(
        default=DEFAULT_LIMITS.browsers_a_minute,
        ge=1,
        description="Public keys may give a person so many browsers within a minute.",
    )

    aliases_per_second: int = Field(
        default=250,
        ge=5,
        description="While it is busy with other events, a worker takes so many alias calls a second; more wait.",
    )

    def person_limits(self) -> PersonLimits:
        """How much one person may hold; a claim that would break it is not followed, and becomes a review."""
        return PersonLimits(
            crm_contact_id=self.most_crm_contact_ids,
            email=self.most_emails,
            phone=self.most_phones,
            anonymous_id=self.most_anonymous_ids,
            merges=self.most_merges,
            browsers_a_minute=self.most_browsers_a_minute,
        )


class MailDomain(NamedTuple):
    """Where an address is: its host, and the registered domain that names an account."""

    host: str
    registered: str


@lru_cache(maxsize=50_000)
def mail_domain(address: str) -> MailDomain | None:
    """Where an e-mail address, a domain or a website is; None where that names no account."""
    host = host_of(address)
    registered = None if host is None else mail_hosts().domain_of(host)
    return None if host is None or registered is None else MailDomain(host, registered)


@cache
def mail_hosts() -> MailHosts:
    """The lists that are shipped; docs/accounts.md says where they are from and how they are renewed."""
    return MailHosts(_listed("free.txt"), _listed("disposable.txt"), _listed("suffixes.txt"))


def _listed(name: str) -> frozenset[str]:
    text = (resources.files("services.ingest") / "mail_hosts" / name).read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))
