"""The knobs of ingest that are its own; what a whole deployment shares is in services/deployment.py."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class IngestSettings(BaseSettings):
    """Environment variables `THROUGHLINE_INGEST_*`."""

    model_config = SettingsConfigDict(env_prefix="THROUGHLINE_INGEST_", frozen=True)

    request_bytes: int = Field(default=4 * 1024 * 1024, ge=1024, description="A request may be this large, decoded.")
    body_seconds: float = Field(
        default=10, gt=0, description="A body that is not there after this long is answered 408."
    )
    origins: str = Field(default="", description="Origins that browsers may post from, with commas; none given: any.")
