"""What tests of scoring ask for."""

import pytest


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> str | None:
    """Each store there is: none is SQLite."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
