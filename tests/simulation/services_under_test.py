"""The services as the simulation runs them: their real handlers and stores, one entry each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import services
from services.ingest import worker as ingest
from services.ingest.store.session import open_resolving
from services.scoring import worker as scoring
from services.scoring.handlers.scoring import Scoring
from services.scoring.settings import rules_of
from services.scoring.store.ledger import open_ledger
from shared.contracts import charter_text
from shared.db.work import Work
from shared.kernel.instant import Instant
from shared.kernel.keys import Key
from shared.runtime.session import Consuming, Open

_SERVICES = Path(services.__file__).parent


@dataclass(frozen=True, slots=True)
class Simulated:
    """One service: what its loop runs, and the store it runs on."""

    consuming: Consuming[Any]

    @property
    def name(self) -> str:
        """Its name, which is its group's too."""
        return self.consuming.group

    @property
    def migrations(self) -> Path:
        """The history that makes its store."""
        return _SERVICES / self.name / "store" / "migrations"


def simulated_services(open_ingest: Open[Any] = open_resolving) -> list[Simulated]:
    """All of them; a test may open ingest's session over another store."""
    return [
        Simulated(Consuming(ingest.GROUP, ingest.TOPICS, ingest.HANDLERS, open_ingest)),
        Simulated(Consuming(scoring.GROUP, scoring.TOPICS, scoring.HANDLERS, _open_scoring())),
    ]


def _open_scoring() -> Open[Scoring]:
    rules = rules_of(charter_text.default())

    async def open_session(work: Work, keys: frozenset[Key], now: Instant) -> Scoring:
        people, ledger = await open_ledger(work, keys)
        return Scoring(people, ledger, rules, now)

    return open_session
