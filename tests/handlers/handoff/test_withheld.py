"""A promotion that comes while its person refuses is withheld: handed over once, when they allow it or are not them."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from services.handoff.store.tables import METADATA, WITHHELD
from shared.contracts.touchpoints import PersonErased
from tests.handlers.erasing import CANARY, cells, leaks
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, ident, merged, qualified, scene, split
from tests.handlers.handoff.test_consent import says
from tests.handlers.handoff.test_order_of_arrival import one_by_one
from tests.handlers.handoff.test_promotions_move import ANA, BO

LEAD, REFUSES, ALLOWS = qualified("ana"), says(False, 2), says(True, 3)
MERGED, SPLIT = merged("bo", into="ana"), split("bo")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> str | None:
    """Each store there is."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


async def whose(here: Scene) -> list[tuple[str, str, Any]]:
    """Whose each hand-off is, where it stands and why."""
    names = {ident(name): name for name in ("ana", "bo")}
    shown = [(names.get(one["person_id"], ""), one["status"], one.get("reason")) for one in await here.handoffs()]
    return sorted(shown)


async def withheld(here: Scene) -> int:
    async with here.parts.database.read() as reader:
        return len(await reader.rows(WITHHELD.select()))


async def come(here: Scene, facts: Sequence[Struct], *, together: bool) -> None:
    await (here.happens(*facts) if together else one_by_one(here, facts))


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("facts", list(permutations([LEAD, REFUSES, ALLOWS])))
async def test_who_allows_it_in_the_end_is_handed_over_once(
    here: Scene, facts: Sequence[Struct], together: bool
) -> None:
    await come(here, facts, together=together)
    await come(here, facts, together=together)
    if facts == (LEAD, REFUSES, ALLOWS) and not together:
        assert await whose(here) == [("ana", "closed", "consent")]  # Sales was told already.
    else:
        assert await whose(here) == [("ana", "assigned", None)]
    assert await withheld(here) == 0


async def test_it_is_so_on_each_store(tmp_path: Path, store: str | None) -> None:
    async with scene(tmp_path, store) as here:
        await one_by_one(here, [REFUSES, LEAD])
        assert (await whose(here), await withheld(here)) == ([], 1)
        await here.happens(ALLOWS)
        assert (await whose(here), await withheld(here)) == ([("ana", "assigned", None)], 0)


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("facts", list(permutations([qualified("bo"), MERGED, REFUSES, SPLIT])))
async def test_who_was_taken_for_somebody_who_refuses_is_handed_over(
    here: Scene, facts: Sequence[Struct], together: bool
) -> None:
    await come(here, facts, together=together)
    assert await whose(here) == [("bo", "assigned", None)]
    assert await withheld(here) == 0


@pytest.mark.parametrize("facts", list(permutations([ANA, BO, says(False, 2, "bo"), says(True, 3, "bo")])))
async def test_what_moves_to_somebody_who_refuses_is_nobody_elses(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, facts)
    assert [one[0] for one in await whose(here)] == ["bo"]
    assert await withheld(here) == 0


@pytest.mark.parametrize("facts", list(permutations([ANA, BO, says(False, 2, "bo")])))
async def test_whoever_had_it_before_does_not_get_it_meanwhile(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, facts)
    assert {one[:2] for one in await whose(here)} <= {("bo", "closed")}


@pytest.mark.parametrize("facts", list(permutations([ANA, BO, says(False, 2, "ana")])))
async def test_what_turns_out_to_be_of_somebody_who_does_not_refuse_is_handed_over(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await one_by_one(here, facts)
    assert await whose(here) == [("bo", "assigned", None)]


async def test_crms_get_what_is_known_by_then(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver, "/hook", "lead.qualified")
    await one_by_one(here, [REFUSES, LEAD, structs.replace(ALLOWS, traits={"name": "Ana Lovelace"})])
    await here.deliveries_go_out()
    assert [one.data["person"]["name"] for one in receiver.received] == ["Ana Lovelace"]


@pytest.mark.parametrize("whose_it_is", ["theirs", "an alias of theirs"])
async def test_nothing_that_is_withheld_is_left_of_somebody_erased(
    tmp_path: Path, store: str | None, whose_it_is: str
) -> None:
    lead, refuses = qualified(CANARY, title=CANARY), says(False, 2, CANARY)
    erased = PersonErased(erasure_id=ident("erasure"), person_id=ident(CANARY), aliases=(), at=1)
    async with scene(tmp_path, store) as here:
        if whose_it_is == "theirs":
            await one_by_one(here, [refuses, lead])
        else:
            taken = structs.replace(lead, person_id=ident("bo"))
            await one_by_one(here, [refuses, says(False, 2, "bo"), merged("bo", into=CANARY), taken, split("bo")])
        assert await withheld(here) == 1
        owner = ident(CANARY if whose_it_is == "theirs" else "bo")
        export = await here.ask("GET", f"/v1/people/{owner}/export")
        assert CANARY in export.text
        await here.happens(erased)
        async with here.parts.database.read() as reader:
            assert leaks(await cells(reader, METADATA)) == []
        assert await here.handoffs() == []


@pytest.mark.parametrize("facts", list(permutations([SPLIT, PersonErased(
    erasure_id=ident("erasure"), person_id=ident("ana"), aliases=(), at=1
)])))  # fmt: skip
async def test_who_was_taken_for_somebody_erased_who_refused_is_handed_over(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await one_by_one(here, [MERGED, REFUSES, qualified("bo"), *facts])
    assert await whose(here) == [("bo", "assigned", None)]
