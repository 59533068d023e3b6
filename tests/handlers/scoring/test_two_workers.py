"""What is said of one touch comes under two people, to two workers at the same moment: the last revision holds for both
people, whoever commits first."""

from pathlib import Path

import pytest

from shared.contracts.envelope import Emit, decode
from shared.contracts.leads import LeadQualified
from shared.contracts.topics import TYPES
from shared.db import outbox
from shared.kernel.ids import derived
from tests.handlers.erasing import erasure
from tests.handlers.scoring.at_scoring import (
    CONSUMING,
    NOW,
    ScoringService,
    accepted,
    card,
    opened,
    touch,
    who,
)
from tests.handlers.two_at_once import two_at_once

DEMO = ("ana", "demo_requested", 2)
OF_ANA, OF_BO = touch(*DEMO, revision=2), touch(*DEMO, revision=3, person_id=who("bo"))
OF_NOBODY = touch(*DEMO, person_id=None)
KNOWN = [event for name in ("ana", "bo") for event in (card(name), touch(name, "page_viewed", 1))]
"""Both are known before: to insert somebody new is a lock by itself, and would hide one that is missing."""


async def meanwhile(scoring: ScoringService, first: Emit, second: Emit) -> None:
    """Two workers take an event each, and the first to commit is named first."""
    await two_at_once(scoring.database, CONSUMING, lambda: NOW, first, second)


async def stages(scoring: ScoringService) -> dict[str, str]:
    """The stage of each of the two."""
    return {name: (await scoring.get(f"/v1/leads/{who(name)}"))["stage"] for name in ("ana", "bo")}


async def handed_over(scoring: ScoringService) -> dict[str, str]:
    """Whose each promotion is, as it was last said."""
    async with scoring.database.read() as reader:
        waiting = [one.record for one in await outbox.waiting(reader, 1_000)]
    told = [decode(one.value, one.headers, TYPES).data for one in waiting]
    leads = sorted((one for one in told if isinstance(one, LeadQualified)), key=lambda lead: lead.revision)
    return {lead.promotion_id: lead.person_id for lead in leads}


@pytest.mark.parametrize("before", [[], [OF_NOBODY]], ids=["new", "nobody's"])
@pytest.mark.parametrize("pair", [(OF_ANA, OF_BO), (OF_BO, OF_ANA)], ids=["in order", "the last one first"])
async def test_a_touch_that_comes_under_two_people_at_once_is_of_the_last(
    tmp_path: Path, postgres_url: str, before: list[Emit], pair: tuple[Emit, Emit]
) -> None:
    async with opened(tmp_path, postgres_url) as scoring:
        await scoring.given(*KNOWN, *before)
        await meanwhile(scoring, *pair)
        assert await stages(scoring) == {"ana": "subscriber", "bo": "mql"}
        assert await handed_over(scoring) == {derived("promotion", derived(*map(str, DEMO))): who("bo")}


@pytest.mark.parametrize("first", ["answer", "revision"])
async def test_what_sales_answer_is_of_whoever_gets_the_touch_of_somebody_erased_at_that_moment(
    tmp_path: Path, postgres_url: str, first: str
) -> None:
    async with opened(tmp_path, postgres_url) as scoring:
        await scoring.given(*KNOWN, OF_ANA)
        async with scoring.database.work() as work:
            await outbox.sent(work, [one.id for one in await outbox.waiting(work, 1_000)])
        await scoring.given(*erasure(who("ana")))
        pair = accepted("ana", derived(*map(str, DEMO)), 3), OF_BO
        await meanwhile(scoring, *(pair if first == "answer" else reversed(pair)))
        assert (await scoring.get(f"/v1/leads/{who('bo')}"))["stage"] == "sal"
