"""Whose a lead is, as hand-off tells it, on both stores: through merges, splits and erasure."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.handlers.erasing import erasure
from tests.handlers.scoring.at_scoring import ScoringService, acted, card, merged, opened, split, touch, who

NAMES = ("ana", "bo")
HANDED_OVER = (*(event for name in NAMES for event in (card(name), touch(name, "demo_requested", 1))),)
ANAS = acted("ana", "assigned", 1, 2, "dana")
BOS = acted("bo", "assigned", 1, 3, "eli")


async def owners(scoring: ScoringService) -> Mapping[str, str | None]:
    """The owner of everybody who is in the list."""
    names = {who(name): name for name in NAMES}
    return {names[one["person_id"]]: one["owner"] for one in (await scoring.get("/v1/leads"))["items"]}


class Owners:
    """The stories of two who were handed over, told on whichever store `scoring` stands on."""

    async def test_a_lead_of_which_hand_off_said_nothing_is_nobodys(self, scoring: ScoringService) -> None:
        assert await owners(scoring) == {"ana": None, "bo": None}

    async def test_a_lead_has_the_owner_of_its_hand_off(self, scoring: ScoringService) -> None:
        await scoring.given(ANAS)
        await scoring.given(touch("ana", "page_viewed", 4))
        assert await owners(scoring) == {"ana": "dana", "bo": None}
        assert (await scoring.get(f"/v1/leads/{who('ana')}"))["owner"] == "dana"

    async def test_the_hand_offs_own_version_decides_and_not_what_came_last(self, scoring: ScoringService) -> None:
        await scoring.given(acted("ana", "reassigned", 3, 5, "fay"))
        await scoring.given(acted("ana", "contacted", 2, 6, "dana"), ANAS)
        assert await owners(scoring) == {"ana": "fay", "bo": None}

    @pytest.mark.parametrize("told", [False, True], ids=["before hand-off has said so", "after"])
    async def test_of_two_who_merge_the_older_hand_off_keeps_its_owner(
        self, scoring: ScoringService, told: bool
    ) -> None:
        await scoring.given(BOS, ANAS, merged("ana", into="bo"))
        if told:
            await scoring.given(acted("bo", "closed", 2, 4, "eli", "merged"))
        assert await owners(scoring) == {"bo": "dana"}

    async def test_what_ended_with_a_merge_is_no_owner_where_another_was(self, scoring: ScoringService) -> None:
        await scoring.given(ANAS, BOS, merged("ana", into="bo"))
        await scoring.given(
            acted("bo", "closed", 2, 4, "eli", "merged"), acted("ana", "rejected", 2, 5, "dana", "price")
        )
        assert await owners(scoring) == {"bo": "dana"}

    async def test_a_split_gives_each_their_own_back(self, scoring: ScoringService) -> None:
        await scoring.given(ANAS, BOS, merged("ana", into="bo"))
        await scoring.given(acted("bo", "closed", 2, 4, "eli", "merged"), split("ana"))
        assert await owners(scoring) == {"ana": "dana", "bo": "eli"}

    async def test_whoever_is_erased_leaves_no_owner_to_the_others(self, scoring: ScoringService) -> None:
        await scoring.given(ANAS, BOS)
        await scoring.given(*erasure(who("ana")), acted("ana", "closed", 2, 4, "dana", "erased"))
        assert await owners(scoring) == {"bo": "eli"}


class TestOnSqlite(Owners):
    """On a file."""

    @pytest.fixture
    async def scoring(self, tmp_path: Path) -> AsyncIterator[ScoringService]:
        async with opened(tmp_path) as service:
            await service.given(*HANDED_OVER)
            yield service


class TestOnPostgres(Owners):
    """On a server."""

    @pytest.fixture
    async def scoring(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[ScoringService]:
        async with opened(tmp_path, postgres_url) as service:
            await service.given(*HANDED_OVER)
            yield service
