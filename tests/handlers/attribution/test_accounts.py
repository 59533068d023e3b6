"""Whose interactions count beside the contacts': those of the account's people, where no contact has a role."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.attribution.scene import Scene, card, deal, merged, scene, split, touch
from tests.handlers.attribution.test_two_workers import work

COLLEAGUES, ROUND, SECONDS = 36, 6, 60


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as opened:
        yield opened


async def test_a_colleague_is_credited_where_no_contact_has_a_role(stage: Scene) -> None:
    await stage.tell(touch("t1", 2, "ben", channel="organic_search"), card("ben", "acme"))
    await stage.tell(touch("t2", 3, "ana", channel="phone"), deal(account="acme", role=None))
    assert await stage.earned() == {"organic_search": 50_00, "phone": 50_00}


async def test_a_colleague_is_not_credited_where_a_contact_has_a_role(stage: Scene) -> None:
    await stage.tell(touch("t1", 2, "ben"), card("ben", "acme"), touch("t2", 3, "ana", channel="phone"))
    await stage.tell(deal(account="acme"))
    assert await stage.earned() == {"phone": 100_00}


async def test_a_deal_that_names_its_account_by_a_domain_finds_the_same_people(stage: Scene) -> None:
    await stage.tell(touch("t1", 2, "ben"), card("ben", "acme"), deal(account="acme.example", role=None))
    assert await stage.earned() == {"chat": 100_00}


async def test_who_joins_the_account_later_counts_for_the_deal(stage: Scene) -> None:
    await stage.tell(touch("t1", 2, "ben"), deal(account="acme", role=None))
    assert await stage.earned() == {"unattributed": 100_00}
    await stage.tell(card("ben", "acme"))
    assert await stage.earned() == {"chat": 100_00}


async def test_who_leaves_the_account_counts_no_more(stage: Scene) -> None:
    await stage.tell(touch("t1", 2, "ben"), card("ben", "acme"), deal(account="acme", role=None))
    await stage.tell(card("ben", "globex", version=2))
    assert await stage.earned() == {"unattributed": 100_00}


async def test_what_a_colleague_turns_out_to_have_done_is_credited(stage: Scene) -> None:
    await stage.tell(card("ben", "acme"), deal(account="acme", role=None), touch("t1", 2, "ben", channel="email"))
    await stage.tell(touch("t2", 3, "anon", channel="phone"), merged("anon", "ben"))
    assert await stage.earned() == {"email": 50_00, "phone": 50_00}
    await stage.tell(split("anon"))
    assert await stage.earned() == {"email": 100_00}


async def test_an_old_version_of_a_card_changes_nothing(stage: Scene) -> None:
    await stage.tell(touch("t1", 2, "ben"), deal(account="acme", role=None), card("ben", "acme", version=2))
    await stage.tell(card("ben", "globex"))
    assert await stage.earned() == {"chat": 100_00}


async def test_a_report_by_account_says_what_it_is_called(stage: Scene) -> None:
    await stage.tell(deal("d-1", account="crm-7", account_name="Acme"), deal("d-2", closed=90, account="crm-7"))
    rows = (await stage.get("/v1/attribution", group_by="account"))["models"]["first_last"]["rows"]
    assert [(row["key"], row["name"], row["amount_minor"]) for row in rows] == [("crm-7", "Acme", 200_00)]


async def test_who_joins_at_the_same_moment_as_the_deal_is_credited(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as one, asyncio.timeout(SECONDS):
        two = one.beside()
        people = [f"colleague-{number}" for number in range(COLLEAGUES)]
        # People and accounts are known before: to insert one is a lock by itself, and would hide one that is missing.
        await one.tell(*(touch(f"{who}-1", 1, who, channel="email") for who in people))
        await one.tell(card("eve", *(f"a-{who}" for who in people)), card("eve", version=2))
        for start in range(0, COLLEAGUES, ROUND):
            some = people[start : start + ROUND]
            deals = [deal(f"d-{who}", f"buyer-{who}", account=f"a-{who}", role=None) for who in some]
            cards = [card(who, f"a-{who}") for who in some]
            await one.publish(*deals, *cards, *(touch(f"{who}-2", 2, who, channel="phone") for who in some))
            ready = asyncio.Barrier(2)
            await asyncio.gather(work(one, ready), work(two, ready))
        answers = [await one.earned(f"d-{who}", "linear") for who in people]
    assert answers == [{"email": 50_00, "phone": 50_00}] * COLLEAGUES
