"""Reports by what is known of whose interaction it was: their persona, and how they say that they found us."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import Scene, card, deal, merged, scene, touch

RATES = "2025-01-01,USD,0.5"
STORY = (
    touch("t1", 1, channel="email", properties={"heard_from": "A Podcast"}),
    touch("t2", 2, "ben", channel="phone"),
    touch("t3", 3, "cleo", channel="event"),
    card("ana", title="CTO"),
    card("ben", title="Product Manager"),
    stages(lead=1),
    deal("d-1", "ana", "ben", amount_minor=100_00),
    deal("d-2", "cleo", currency="USD", amount_minor=8),
    deal("d-3", "dora", amount_minor=5),
)


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_what_was_won_is_grouped_by_persona_beside_what_was_measured(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        assert await stage.report(group_by="persona") == {"decision-maker": 50_00, "manager": 50_00, "(none)": 4 + 5}
        assert await stage.report(group_by="persona,channel") == {
            ("decision-maker", "email"): 50_00, ("manager", "phone"): 50_00, ("(none)", "event"): 4,
            ("(none)", "unattributed"): 5,
        }  # fmt: skip

    async def test_what_was_won_is_grouped_by_what_they_said_beside_what_was_measured(self, stage: Scene) -> None:
        await stage.tell(*STORY)
        assert await stage.report(group_by="heard_from,channel") == {
            ("a podcast", "email"): 50_00, ("(none)", "phone"): 50_00, ("(none)", "event"): 4,
            ("(none)", "unattributed"): 5,
        }  # fmt: skip

    async def test_a_later_card_and_a_merge_tell_another_persona(self, stage: Scene) -> None:
        await stage.tell(*STORY, card("ben", title="Founder", version=2), card("ben", title="Clerk"))
        assert await stage.report(group_by="persona") == {"decision-maker": 100_00, "(none)": 9}
        await stage.tell(merged("cleo", "ana"))
        assert await stage.report(group_by="persona") == {"decision-maker": 100_04, "(none)": 5}

    async def test_books_know_nobody_and_no_charter_has_a_hold_out(self, stage: Scene) -> None:
        for group in ("persona", "heard_from"):
            query = {"view": "as_reported", "group_by": group}
            assert (await stage.ask("/v1/attribution", **query)).status_code == 422
            assert (await stage.ask("/v1/pipeline", group_by=group)).status_code == 422
        assert (await stage.ask("/v1/attribution", models="linear,incremental")).status_code == 409


class TestOnSqlite(Scenarios):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path, rates=RATES) as stage:
            yield stage


class TestOnPostgres(Scenarios):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url, rates=RATES) as stage:
            yield stage
