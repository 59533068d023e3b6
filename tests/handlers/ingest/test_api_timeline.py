"""A journey holds what marketing, sales and operators did, in one order."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.ingest.at_ingest import IngestService, call, deal, handed, identify, opened, staged


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def known(ingest: IngestService, **named: str) -> Any:
    (person,) = await ingest.found(**named)
    return person


async def steps(ingest: IngestService, person: Any, **query: Any) -> list[str]:
    """A journey, a word a step."""
    items = await ingest.pages(f"/v1/people/{person['id']}/journey", **query)
    return [str(item.get("stage") or item.get("act") or item.get("status") or item["type"]) for item in items]


async def test_what_both_departments_did_is_one_journey_page_by_page(ingest: IngestService) -> None:
    await ingest.given(call("m1", 1, user_id="u1"), identify("m2", 3, "ana@ex.org", user_id="u1"))
    ana = await known(ingest, user_id="u1")
    await ingest.given(
        staged(ana["id"], 1, lead=2, mql=4), handed(ana["id"], 1, "assigned", 5), deal("d1", 6, "ana@ex.org")
    )
    expected = ["touchpoint", "lead", "identify", "mql", "assigned", "open"]
    for limit in (1, 2, 3, 100):
        assert await steps(ingest, ana, limit=limit) == expected


async def test_what_other_services_say_may_come_in_any_order_and_twice(ingest: IngestService) -> None:
    for number, order in enumerate(list(permutations(range(4)))[::5]):
        await ingest.given(identify(f"m{number}", 0, f"p{number}@ex.org"))
        person = await known(ingest, email=f"p{number}@ex.org")
        said = [
            staged(person["id"], 1, lead=1), staged(person["id"], 2, lead=1, mql=2),
            handed(person["id"], 1, "assigned", 3), handed(person["id"], 2, "accepted", 4),
        ]  # fmt: skip
        await ingest.given(*(said[place] for place in order), said[order[0]])
        assert await steps(ingest, person) == ["identify", "lead", "mql", "assigned", "accepted"]


async def test_a_survivor_has_the_handoffs_of_both_and_their_own_stages(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 0, "ana@ex.org"), identify("m2", 1, "bo@ex.org"))
    ana, bo = await known(ingest, email="ana@ex.org"), await known(ingest, email="bo@ex.org")
    await ingest.given(
        staged(bo["id"], 1, lead=2), handed(bo["id"], 1, "assigned", 3), staged(ana["id"], 1, subscriber=2)
    )
    alone = await steps(ingest, bo)
    (act_id,) = (await ingest.done(f"/v1/people/{ana['id']}/merge", other=bo["id"]))["act_ids"]
    assert await steps(ingest, bo) == ["identify", "identify", "subscriber", "assigned", "merge"]
    await ingest.done(f"/v1/people/{ana['id']}/split", event_id=act_id)
    assert await steps(ingest, bo) == [*alone, "merge", "split"]


async def test_a_handoff_that_turns_out_to_be_somebody_elses_is_in_their_journey_alone(ingest: IngestService) -> None:
    for order in (0, 1), (1, 0):
        await ingest.given(
            identify(f"a{order}", 0, f"ana{order[0]}@ex.org"), identify(f"b{order}", 1, f"bo{order[0]}@ex.org")
        )
        ana, bo = [await known(ingest, email=f"{name}{order[0]}@ex.org") for name in ("ana", "bo")]
        said = [handed(ana["id"], 1, "assigned", 3), handed(bo["id"], 2, "updated", 4, first=ana["id"])]
        await ingest.given(*(said[place] for place in order))
        assert await steps(ingest, ana) == ["identify"]
        assert await steps(ingest, bo) == ["identify", "assigned", "updated"]


async def test_an_operators_merge_names_who_became_whose_alias_while_it_stands(ingest: IngestService) -> None:
    await ingest.given(identify("m1", 0, "ana@ex.org"), identify("m2", 1, "bo@ex.org"))
    ana, bo = await known(ingest, email="ana@ex.org"), await known(ingest, email="bo@ex.org")
    await ingest.done(f"/v1/people/{ana['id']}/merge", other=bo["id"])
    items = await ingest.pages(f"/v1/people/{ana['id']}/journey")
    (merge,) = [item for item in items if item["type"] == "merge"]
    assert (merge["from_id"], merge["by"]) == (bo["id"], "admin_token")
    assert merge["identifiers"] == ["email:ana@ex.org", "email:bo@ex.org"]


async def test_postgresql_keeps_a_timeline(tmp_path: Path, postgres_url: str) -> None:
    async with opened(tmp_path, postgres_url) as ingest:
        await test_what_other_services_say_may_come_in_any_order_and_twice(ingest)
        await test_a_handoff_that_turns_out_to_be_somebody_elses_is_in_their_journey_alone(ingest)
