"""Running processes to throw bad input at, as they would be in production."""

from collections.abc import Iterator

import pytest

from tests.bad_inputs.server import ONE_ORIGIN, SERVER_KEY, WRITE_KEY, running


@pytest.fixture(scope="session")
def ingest_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the doors are."""
    with running("ingest:api", tmp_path_factory.mktemp("ingest")) as url:
        yield url


@pytest.fixture(scope="session")
def one_origin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the doors of a deployment are whose keys are for one origin."""
    with running("ingest:api", tmp_path_factory.mktemp("ingest"), THROUGHLINE_INGEST_ORIGINS=ONE_ORIGIN) as url:
        yield url


@pytest.fixture(scope="session")
def resolving_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an ingest is that also works on what it takes."""
    with running("ingest", tmp_path_factory.mktemp("ingest")) as url:
        yield url


@pytest.fixture(scope="session")
def write_key() -> str:
    return WRITE_KEY


@pytest.fixture(scope="session")
def server_key() -> str:
    return SERVER_KEY
