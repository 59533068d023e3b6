"""The knobs of ingest that are its own; what a whole deployment shares is in services/deployment.py."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.ingest.domain.identity import DEFAULT_LIMITS, PersonLimits


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
        default=DEFAULT_LIMITS.email, ge=1, description="A person may hold so many e-mail addresses."
    )
    most_phones: int = Field(default=DEFAULT_LIMITS.phone, ge=1, description="A person may hold so many phone numbers.")
    most_anonymous_ids: int = Field(
        default=DEFAULT_LIMITS.anonymous_id, ge=1, description="A person may have come by so many browsers and devices."
    )
    most_merges: int = Field(
        default=DEFAULT_LIMITS.merges, ge=0, description="So many people who were known already may become one."
    )

    def person_limits(self) -> PersonLimits:
        """How much one person may hold; a claim that would break it is not followed, and becomes a review."""
        return PersonLimits(
            crm_contact_id=self.most_crm_contact_ids,
            email=self.most_emails,
            phone=self.most_phones,
            anonymous_id=self.most_anonymous_ids,
            merges=self.most_merges,
        )
