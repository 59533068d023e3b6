"""The services as the simulation runs them: their real handlers and stores, one entry each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import services
from services.attribution import settings as attribution_settings
from services.attribution import worker as attribution
from services.attribution.handlers.attributing import Attributing
from services.attribution.store.books import SqlBooks
from services.attribution.store.ledger import open_ledger as open_journeys
from services.ingest import worker as ingest
from services.ingest.store.session import open_resolving
from services.scoring import settings as scoring_settings
from services.scoring import worker as scoring
from services.scoring.handlers.scoring import Scoring
from services.scoring.store.ledger import open_ledger
from shared.contracts import charter_text
from shared.contracts.charter import Charter
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.session import Consuming, Open
from tests.simulation.sales import Sales

_LONG = 4
"""So few facts are a long past here, or there would be none."""
_SERVICES = Path(services.__file__).parent


@dataclass(frozen=True, slots=True)
class Simulated:
    """One service: what its loop runs, and the store it runs on."""

    consuming: Consuming[Any]
    patient: Consuming[Any] | None = None
    """What a loop of its own takes, once the other has gone first."""
    sales: Sales | None = None
    """Of hand-off: whom it meets."""

    @property
    def name(self) -> str:
        """Its name, which is its group's too."""
        return self.consuming.group

    @property
    def loops(self) -> Sequence[Consuming[Any]]:
        """All that its process consumes."""
        return [self.consuming] if self.patient is None else [self.consuming, self.patient]

    @property
    def topics(self) -> tuple[str, ...]:
        """What they read."""
        return tuple(topic.name for loop in self.loops for topic in loop.topics)

    @property
    def operated(self) -> bool:
        """Whether operators decide on who is who at it."""
        return self.name == ingest.GROUP

    @property
    def folds_apart(self) -> bool:
        """Whether it puts off who has a long past."""
        return self.name == scoring.GROUP

    @property
    def migrations(self) -> Path:
        """The history that makes its store."""
        return _SERVICES / self.name / "store" / "migrations"


def simulated_services(open_ingest: Open[Any] = open_resolving) -> list[Simulated]:
    """All of them, by the default charter; a test may open ingest's session over another store."""
    charter = charter_text.default()
    sales = Sales(charter)
    return [
        _ingest(open_ingest),
        Simulated(Consuming(scoring.GROUP, scoring.TOPICS, scoring.HANDLERS, _open_scoring(charter))),
        Simulated(Consuming(attribution.GROUP, attribution.TOPICS, attribution.HANDLERS, _open_attribution(charter))),
        Simulated(sales.consuming, sales=sales),
    ]


def _ingest(open_session: Open[Any]) -> Simulated:
    first = tuple(topic for topic in ingest.TOPICS if topic not in ingest.PATIENT)
    patient = Consuming(ingest.GROUP, ingest.PATIENT, ingest.HANDLERS, open_session)
    return Simulated(Consuming(ingest.GROUP, first, ingest.HANDLERS, open_session), patient)


def _open_scoring(charter: Charter) -> Open[Scoring]:
    rules = scoring_settings.rules_of(charter)

    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Scoring:
        people, ledger = await open_ledger(work, keys)
        return Scoring(people, ledger, rules, now, _LONG)

    return open_session


def _open_attribution(charter: Charter) -> Open[Attributing]:
    rules = attribution_settings.rules_of(charter)

    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Attributing:
        people, ledger = await open_journeys(work, keys)
        return Attributing(people, ledger, SqlBooks(work, now), rules, now)

    return open_session
