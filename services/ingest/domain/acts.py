"""What operators decide of identities: each decision is a fact, and speaks of one statement (identity.py).

A statement is withdrawn or made to stand for whoever says it, now and later; the last decision holds.
"""

from dataclasses import dataclass
from typing import Literal

from services.ingest.domain.identity import Claim, Identifier, Verdict, statement_id
from shared.kernel.ids import derived

ActKind = Literal["merge", "split", "accept", "refuse"]
SOURCE = "operator"
"""What is named as the source of a claim that an operator made."""
VERDICTS: dict[ActKind, Verdict] = {
    "merge": "stands",
    "accept": "stands",
    "split": "withdrawn",
    "refuse": "withdrawn",
}


@dataclass(frozen=True, slots=True)
class OperatorAct:
    """A decision: that these identifiers, strongest first, are one person, or that they are not.

    `who` is the name of a token; `event_id` the event it was asked about, where it was about one.
    """

    kind: ActKind
    identifiers: tuple[Identifier, ...]
    at: int
    who: str
    event_id: str | None = None

    @property
    def id(self) -> str:
        """The same decision of the same person at the same moment is one."""
        return derived("operator act", self.kind, self.statement, str(self.at), self.who)

    @property
    def statement(self) -> str:
        """The statement that is decided on."""
        return statement_id(self.identifiers)

    def claim(self) -> Claim:
        """It as a claim."""
        return Claim(self.id, self.at, True, True, self.identifiers, SOURCE, VERDICTS[self.kind])
