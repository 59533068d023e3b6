"""What earns credit and which deals are there to earn it, over the service's own session, on both stores."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.envelope import Emit
from shared.kernel.ids import touchpoint_id
from shared.kernel.instant import DAY, MINUTE
from tests.handlers.attribution.scene import START, Scene, deal, scene, touch

MINUTES = MINUTE / DAY
"""One of them, in days."""


def page(name: str, minute: float, **more: Any) -> Emit:
    """A page of Ana's in her browser, so many minutes into day 5."""
    return touch(
        name,
        5 + minute * MINUTES,
        **{"kind": "page_viewed", "channel": "organic_search", "anonymous_id": "b1", "type": "page", **more},
    )


async def counted(stage: Scene, deal_id: str = "d-1") -> list[int]:
    """How many touchpoints each interaction of a deal is made of."""
    why = await stage.get(f"/v1/deals/{deal_id}/why")
    return [len(each["touchpoints"]) for each in why["counted"]]


async def passed_over(stage: Scene) -> list[str]:
    """Why each of the others does not count."""
    return [each["why"] for each in (await stage.get("/v1/deals/d-1/why"))["not_counted"]]


class Scenarios:
    """The stories, told on whichever store `stage` stands on."""

    async def test_a_visit_is_one_interaction_until_a_pause_or_a_campaign_ends_it(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0), page("p2", 29), page("p3", 59), page("p4", 60, campaign={"name": "spring"}))
        await stage.tell(deal())
        assert await counted(stage) == [2, 1, 1]

    async def test_a_new_owner_of_a_browser_is_another_visit(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0), page("p2", 5, who="ben"), page("p3", 10), deal("d-1", "ana", "ben"))
        assert sorted(await counted(stage)) == [1, 2]

    async def test_a_click_opens_its_visit_until_a_scanner_turns_out_to_have_made_it(self, stage: Scene) -> None:
        clicked = {"kind": "email_clicked", "channel": "email", "campaign": {"name": "spring"}}
        await stage.tell(page("c1", 0, **clicked), page("p1", 2, campaign={"name": "spring"}), deal())
        assert (await stage.earned(), await counted(stage)) == ({"email": 100_00}, [2])
        await stage.tell(page("c1", 0, revision=2, withdrawn=True, flags=("scanner",), **clicked))
        assert (await stage.earned(), await counted(stage)) == ({"organic_search": 100_00}, [1])
        assert await passed_over(stage) == ["withdrawn"]

    async def test_what_was_withdrawn_and_came_back_earns_again(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0, withdrawn=True), deal())
        assert await stage.earned() == {"unattributed": 100_00}
        await stage.tell(page("p1", 0, revision=2))
        assert await stage.earned() == {"organic_search": 100_00}

    async def test_vanity_registrations_and_product_use_earn_nothing(self, stage: Scene) -> None:
        kinds = ("post_liked", "webinar_registered", "meeting_booked", "product_used", "email_opened", "custom")
        found = [touch(kind, 1 + day, kind=kind, vanity=kind == "post_liked") for day, kind in enumerate(kinds)]
        await stage.tell(*found, deal())
        assert await stage.earned() == {"unattributed": 100_00}
        assert await passed_over(stage) == ["vanity", *["kind"] * 5]

    async def test_nothing_after_the_close_earns_not_even_in_a_visit_that_began_before(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0), page("p2", 2), touch("t1", 6, channel="phone"), deal(closed=5 + MINUTES))
        assert (await stage.earned(), await counted(stage)) == ({"organic_search": 100_00}, [1])
        assert await passed_over(stage) == ["after_close", "after_close"]

    async def test_the_window_of_a_year_begins_with_its_first_instant(self, stage: Scene) -> None:
        early = touch("t1", 35 - MINUTES, channel="phone")
        await stage.tell(early, touch("t2", 35, channel="email"), deal(closed=400))
        assert (await stage.earned(), await passed_over(stage)) == ({"email": 100_00}, ["before_window"])

    @pytest.mark.parametrize("backwards", [False, True])
    async def test_touches_of_one_instant_stand_in_the_order_of_their_ids(self, stage: Scene, backwards: bool) -> None:
        found = [touch(name, 5, channel=name) for name in ("a", "b", "c")]
        await stage.tell(*(reversed(found) if backwards else found), deal(amount_minor=1))
        first = min(("a", "b", "c"), key=lambda name: touchpoint_id("web", name))
        assert await stage.earned(model="linear") == dict.fromkeys("abc", 0) | {first: 1}


class DealScenarios:
    """Deals that come early, change their minds, or come back."""

    async def test_a_deal_that_comes_before_its_people_is_credited_once_they_are_known(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0), deal(people=()))
        assert await stage.earned() == {"unattributed": 100_00}
        await stage.tell(deal(revision=2))
        assert await stage.earned() == {"organic_search": 100_00}

    async def test_a_deal_that_is_reopened_has_no_credit_until_it_is_won_again(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0), deal("d-1", closed=4))
        assert await stage.earned() == {"unattributed": 100_00}
        await stage.tell(deal("d-1", closed=None, version=2))
        assert (await stage.ask("/v1/deals/d-1/credits")).status_code == 409
        await stage.tell(deal("d-1", closed=50, version=3, amount_minor=70_00))
        assert await stage.earned() == {"organic_search": 70_00}
        assert await stage.report() == {"organic_search": 70_00}

    async def test_a_deal_lost_after_it_was_won_leaves_no_report_and_no_purchase_before(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0), touch("t1", 20, channel="phone"), deal("d-1", closed=10), deal("d-2"))
        assert await stage.earned("d-2") == {"phone": 100_00}
        await stage.tell(deal("d-1", closed=10, status="lost", version=2))
        assert await stage.earned("d-2") == {"organic_search": 50_00, "phone": 50_00}
        assert await stage.report() == {"organic_search": 50_00, "phone": 50_00}

    async def test_a_repeat_purchase_of_one_person_starts_after_the_one_before(self, stage: Scene) -> None:
        await stage.tell(deal("d-2", closed=90), page("p1", 0), touch("t1", 60, channel="phone"))
        assert await stage.earned("d-2") == {"organic_search": 50_00, "phone": 50_00}
        await stage.tell(deal("d-1", closed=30))
        assert (await stage.earned("d-1"), await stage.earned("d-2")) == ({"organic_search": 100_00}, {"phone": 100_00})

    async def test_an_amended_close_moves_what_counts(self, stage: Scene) -> None:
        await stage.tell(page("p1", 0), touch("t1", 20, channel="phone"), deal(closed=10))
        assert await stage.earned() == {"organic_search": 100_00}
        await stage.tell(deal(closed=21, version=2))
        assert await stage.earned() == {"organic_search": 50_00, "phone": 50_00}

    async def test_a_deal_without_a_close_was_closed_when_it_was_said_to_be_won(self, stage: Scene) -> None:
        said = START + 8 * DAY
        await stage.tell(page("p1", 0), touch("t1", 9, channel="phone"))
        await stage.tell(deal(closed=None, status="won", occurred_at=said))
        assert await stage.earned() == {"organic_search": 100_00}


class TestOnSqlite(Scenarios, DealScenarios):
    """On a file."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Scene]:
        async with scene(tmp_path) as stage:
            yield stage


class TestOnPostgres(Scenarios, DealScenarios):
    """On a database of its own."""

    @pytest.fixture
    async def stage(self, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
        async with scene(tmp_path, postgres_url) as stage:
            yield stage
