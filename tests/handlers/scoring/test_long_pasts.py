"""Two long pasts become one: what that gives is worked out apart, and is what it would have been at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.envelope import Emit
from tests.handlers.scoring.at_scoring import NOW, ScoringService, card, merged, opened, split, touch, who

_LONG = 5
_PAST = tuple(
    touch(name, "page_viewed", number / 10 + (name == "bo") / 20, page={"path": "/pricing"})
    for name in ("ana", "bo")
    for number in range(4)
)


class Both:
    """A service that puts long pasts off, and one that does not."""

    def __init__(self, patient: ScoringService, eager: ScoringService) -> None:
        self.patient = patient
        self.eager = eager

    async def given(self, *emits: Emit) -> None:
        for service in (self.patient, self.eager):
            await service.given(*emits)

    async def leads(self) -> tuple[list[Any], list[Any]]:
        """Everybody's lead, as each of them tells it."""
        found = [await service.pages("/v1/leads") for service in (self.patient, self.eager)]
        whole = [
            [await service.get(f"/v1/leads/{lead['person_id']}") for lead in leads]
            for service, leads in zip((self.patient, self.eager), found, strict=True)
        ]
        return whole[0], whole[1]

    async def fold(self) -> int:
        """Fold all that is owed; answers how much that was."""
        count = 0
        while await self.patient.folding.due(NOW):
            count += 1
        return count


@asynccontextmanager
async def _both(folder: Path, url: str | None) -> AsyncIterator[Both]:
    folders = [folder / name for name in ("patient", "eager")]
    for one in folders:
        one.mkdir()
    async with opened(folders[0], url, _LONG) as patient, opened(folders[1]) as eager:
        yield Both(patient, eager)


class Scenarios:
    """What holds on each store."""

    async def test_a_long_past_waits_and_then_is_what_it_would_have_been(self, both: Both) -> None:
        await both.given(card("ana"), card("bo"), *_PAST)
        before, _ = await both.leads()
        await both.given(merged("bo", "ana"))
        waiting, eager = await both.leads()
        assert waiting == [lead for lead in before if lead["person_id"] == who("ana")]
        assert waiting != eager
        assert await both.fold() == 1
        patient, eager = await both.leads()
        assert patient == eager

    async def test_what_comes_meanwhile_is_in_it(self, both: Both) -> None:
        await both.given(card("ana"), card("bo"), *_PAST, merged("bo", "ana"))
        await both.given(
            touch("ana", "demo_requested", 3), touch("bo", "page_viewed", 0.01), touch("cleo", "page_viewed", 1)
        )
        assert await both.fold() == 1
        await both.given(touch("ana", "page_viewed", 4))
        patient, eager = await both.leads()
        assert patient == eager
        assert await both.fold() == 0, "it goes on from there"

    async def test_a_merge_that_is_taken_back_before_it_was_folded_is_as_if_it_had_not_been(self, both: Both) -> None:
        await both.given(card("ana"), card("bo"), *_PAST)
        before, _ = await both.leads()
        await both.given(merged("bo", "ana"), split("bo"))
        await both.fold()
        patient, eager = await both.leads()
        assert patient == eager == before

    async def test_of_two_workers_one_folds_it(self, both: Both) -> None:
        await both.given(card("ana"), card("bo"), *_PAST, merged("bo", "ana"))
        await asyncio.gather(*(both.patient.folding.due(NOW) for _ in range(2)))
        assert await both.fold() == 0
        patient, eager = await both.leads()
        assert patient == eager


class TestOnSqlite(Scenarios):
    """On a file."""

    @pytest.fixture
    async def both(self, tmp_path: Path) -> AsyncIterator[Both]:
        async with _both(tmp_path, None) as both:
            yield both


class TestOnPostgresql(Scenarios):
    """On a database of its own."""

    @pytest.fixture
    async def both(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Both]:
        async with _both(tmp_path, postgres_url) as both:
            yield both
