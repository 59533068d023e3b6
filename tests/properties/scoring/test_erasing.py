"""Whatever order somebody's events and their erasure come in, scoring ends knowing the same, and nothing of them."""

import asyncio
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.scoring.store.tables import CARDS, DEAL_PEOPLE, LEADS, METADATA, OUTCOMES, TOUCHES
from shared.contracts.envelope import Emit
from tests.handlers.erasing import CANARY, cells, erasure, leaks
from tests.handlers.scoring.at_scoring import ScoringService, accepted, card, merged, opened, split, touch, who, won
from tests.handlers.scoring.test_erasing import CARD, DEMO, DEMO_ID, MARKED

STORY = (
    CARD, DEMO, touch("ana", "demo_requested", 1, revision=2, person_id=who("bo"), **MARKED),
    card("bo", emails=(f"{CANARY}@bo.example",)), merged("bo", "ana"), accepted("bo", DEMO_ID, 2), won("ana", 3),
    touch("cleo", "demo_requested", 1), card("cleo"), merged("cleo", "ana"), split("cleo"),
    touch("cleo", "page_viewed", 4), touch("cleo", "page_viewed", 4, revision=2, person_id=who("ana"), **MARKED),
    touch("bo", "page_viewed", 5), touch("bo", "page_viewed", 5, revision=2, person_id=who("cleo")),
    *erasure(who("ana"), who("bo")),
)  # fmt: skip
_FACTS = (
    select(TOUCHES.c.id, TOUCHES.c.owner, TOUCHES.c.revision, TOUCHES.c.occurred_at),
    select(CARDS.c.person_id, CARDS.c.version),
    select(OUTCOMES),
    select(DEAL_PEOPLE),
    select(LEADS.c.person_id, LEADS.c.stage, LEADS.c.grade, LEADS.c.alias),
)


async def known(scoring: ScoringService) -> list[Any]:
    """What scoring knows, and what it answers about everybody."""
    async with scoring.database.read() as reader:
        assert leaks(await cells(reader, METADATA)) == []
        facts = [sorted(map(repr, await reader.rows(table))) for table in _FACTS]
    answers = [await scoring.ask(f"/v1/leads/{who(name)}/why") for name in ("ana", "bo", "cleo")]
    return [facts, (await scoring.get("/v1/leads"))["items"], [(one.status_code, one.json()) for one in answers]]


async def outcome(batches: Sequence[Sequence[Emit]]) -> list[Any]:
    """What is known after these batches."""
    with TemporaryDirectory() as folder:
        async with opened(Path(folder)) as scoring:
            for batch in batches:
                await scoring.given(*batch)
            return await known(scoring)


@cache
def in_order() -> list[Any]:
    """What is known where everything comes as it happened."""
    return asyncio.run(outcome([[event] for event in STORY]))


@given(st.permutations(STORY), st.sets(st.integers(1, len(STORY) - 1), max_size=6))
@settings(max_examples=25)
def test_an_erasure_in_any_order_leaves_the_same(events: list[Emit], cuts: set[int]) -> None:
    borders = [0, *sorted(cuts), len(events)]
    assert asyncio.run(outcome([events[start:end] for start, end in pairwise(borders)])) == in_order()
