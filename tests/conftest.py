"""What every test may ask for: the real parts, found when the first test needs one and ended with the session.

A test that uses one carries its marker by itself. What could not be had is named in the last lines;
with CI=true it fails the run.
"""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.parts.engine import NotHere
from tests.parts.kafka import KafkaBroker
from tests.parts.ladder import Ladder
from tests.parts.part import Part
from tests.parts.postgres import PostgresServer

P = TypeVar("P", bound=Part)

_FIXTURES = {
    "kafka": {"kafka_broker", "own_kafka"},
    "postgres": {"postgres_server", "postgres_url", "own_postgres"},
}
_LADDER = pytest.StashKey[Ladder]()
_ABSENT = "no real "

# A busy machine is not a slow program: what an example may take is not measured here.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_configure() -> None:
    """End a run that is asked to end as one that is interrupted: in good order, with no server left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever uses a real part, before `-m` chooses."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for marker, fixtures in _FIXTURES.items():
            if used & fixtures:
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    """Say which real parts were used, and which tests had to do without, after all else there is to say."""
    yield
    ladder = config.stash.get(_LADDER, None)
    used = [f"{name} {how}" for name, how in sorted(ladder.used.items())] if ladder else []
    terminalreporter.write_line(f"real parts: {', '.join(used) or 'none was used'}")
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if _ABSENT in reason:
            terminalreporter.write_line(f"not run: {report.nodeid} ({reason.removeprefix('Skipped: ')})")


@pytest.fixture(scope="session")
def ladder(pytestconfig: pytest.Config) -> Iterator[Ladder]:
    """The way to the real parts; ends what it started."""

    def say(text: str) -> None:
        capture = pytestconfig.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            pytestconfig.get_terminal_writer().line(f"\n{text}", bold=True)

    found = pytestconfig.stash.setdefault(_LADDER, Ladder(say))
    yield found
    found.close()


@pytest.fixture(scope="session")
def kafka_broker(ladder: Ladder) -> KafkaBroker:
    """The session's broker: share it, by topics and groups of names nobody else uses."""
    return _or_do_without("Kafka", ladder.kafka)


@pytest.fixture(scope="session")
def postgres_server(ladder: Ladder) -> PostgresServer:
    """The session's server: share it, by a database of one's own."""
    return _or_do_without("PostgreSQL", ladder.postgres)


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The address of a new, empty database, which is gone after the test."""
    url = await postgres_server.fresh_database()
    yield url
    await postgres_server.drop_database(url)


@pytest.fixture
def own_kafka(ladder: Ladder) -> Iterator[Callable[[], KafkaBroker]]:
    """Starts brokers the test may kill; they are gone after it."""
    yield from _factory("Kafka", lambda: ladder.kafka(own=True))


@pytest.fixture
def own_postgres(ladder: Ladder) -> Iterator[Callable[[], PostgresServer]]:
    """Starts servers the test may kill; they are gone after it."""
    yield from _factory("PostgreSQL", lambda: ladder.postgres(own=True))


def _factory(name: str, find: Callable[[], P]) -> Iterator[Callable[[], P]]:
    made: list[P] = []

    def make() -> P:
        made.append(_or_do_without(name, find))
        return made[-1]

    yield make
    for part in made:
        part.discard()


def _or_do_without(name: str, find: Callable[[], P]) -> P:
    """What was found; where nothing was, the test is skipped, and with CI=true it fails."""
    try:
        return find()
    except NotHere as reason:
        message = f"{_ABSENT}{name}: {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
