"""Whose a demo request is may be known late: stage and hand-off are its owner's, in whatever order it becomes known."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from shared.contracts.envelope import Emit
from tests.handlers.ingest.at_ingest import NOW, call, identify
from tests.simulation.calm import Calm, calm

DEMO = call(
    "demo", 4, type="track", name="Demo Requested", anonymous_id="b1", properties={"email": "ana@corp.example"}
)  # fmt: skip
FACTS = [
    DEMO, identify("ana", 5, "ana@corp.example", user_id="ana"),
    call("bo", 6, type="identify", user_id="bo", anonymous_id="b1"),
]  # fmt: skip
"""The address makes the demo request Ana's. Bo had the browser later; the request is his until Ana is heard of."""


async def of_everybody(services: Calm) -> list[tuple[str, str, str]]:
    """Of each person with a user id: the stage, and where their hand-off stands."""
    names = await services.rows("ingest", "select person, id from identifiers where id like 'user_id:%'")
    stages = dict(await services.rows("scoring", "select person_id, stage from leads where not alias"))
    handed = dict(await services.rows("handoff", "select person_id, status from handoffs"))
    assert handed.keys() <= {person for person, _ in names}
    return sorted((name, stages[person], handed.get(person, "")) for person, name in names)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("facts", list(permutations(FACTS)))
async def test_a_hand_off_is_of_whoever_asked(tmp_path: Path, facts: Sequence[Emit], together: bool) -> None:
    async with calm(tmp_path, NOW) as services:
        for batch in [facts] if together else [[fact] for fact in facts]:
            await services.given(*batch)
        assert await of_everybody(services) == [("user_id:ana", "mql", "assigned"), ("user_id:bo", "visitor", "")]
