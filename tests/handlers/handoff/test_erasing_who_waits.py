"""Somebody is erased while promotions wait: those of others are handed over, those of the erased are nobody's."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from msgspec import Struct, structs

from shared.contracts.touchpoints import PersonErased
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, ident, merged, qualified, split
from tests.handlers.handoff.test_order_of_arrival import one_by_one

WAITS: tuple[Struct, ...] = (
    qualified("ana"), merged("bo", into="ana"), qualified("bo"), structs.replace(qualified("ana").card, version=2)
)  # fmt: skip
"""Bo is taken for Ana, who is in sales' hands, and waits."""
NO_ANA, NO_BO = (
    PersonErased(erasure_id=ident(f"erasure of {name}"), person_id=ident(name), aliases=(), at=1)
    for name in ("ana", "bo")
)


async def whose(here: Scene) -> list[tuple[str, str, Any]]:
    """Whose each hand-off is, where it stands and why."""
    names = {ident(name): name for name in ("ana", "bo", "cleo")}
    shown = [(names.get(one["person_id"], ""), one["status"], one.get("reason")) for one in await here.handoffs()]
    return sorted(shown)


async def come(here: Scene, facts: Sequence[Struct], *, together: bool) -> None:
    await (here.happens(*facts) if together else one_by_one(here, facts))


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("facts", list(permutations([split("bo"), NO_ANA])))
async def test_who_waited_for_somebody_erased_is_handed_over(
    here: Scene, facts: Sequence[Struct], together: bool
) -> None:
    await one_by_one(here, WAITS)
    await come(here, facts, together=together)
    assert await whose(here) == [("", "closed", "erased"), ("bo", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([split("bo"), NO_ANA])))
async def test_what_sales_had_said_of_somebody_erased_answers_nobody_else(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, WAITS)
    [handoff] = await here.handoffs()
    here.pass_time(3600)
    await here.ask("POST", f"/v1/handoffs/{handoff['id']}/reject", {"reason": "no-budget"})
    await one_by_one(here, facts)
    assert await whose(here) == [("", "rejected", "no-budget"), ("bo", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([split("bo"), split("cleo"), NO_ANA])))
async def test_of_several_who_waited_each_is_handed_over(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, [*WAITS, merged("cleo", into="ana"), qualified("cleo"), *facts])
    assert await whose(here) == [("", "closed", "erased"), ("bo", "assigned", None), ("cleo", "assigned", None)]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("facts", list(permutations([split("bo"), NO_BO])))
async def test_nobody_erased_is_handed_over_by_what_waited(
    here: Scene, receiver: Crm, facts: Sequence[Struct], together: bool
) -> None:
    await one_by_one(here, WAITS)
    await here.listens(receiver, "/hook", "lead.qualified")
    await come(here, facts, together=together)
    await here.deliveries_go_out()
    assert receiver.received == []
    assert [one for one in await whose(here) if one[1] != "closed"] == [("ana", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([qualified("bo"), split("bo"), NO_ANA])))
async def test_a_promotion_may_come_while_its_person_is_taken_for_somebody_erased(
    here: Scene, facts: Sequence[Struct]
) -> None:
    await one_by_one(here, [qualified("ana"), merged("bo", into="ana"), *facts])
    assert await whose(here) == [("", "closed", "erased"), ("bo", "assigned", None)]


@pytest.mark.parametrize("facts", list(permutations([split("bo"), NO_ANA, NO_BO])))
async def test_nobody_is_left_where_both_are_erased(here: Scene, facts: Sequence[Struct]) -> None:
    await one_by_one(here, [*WAITS, *facts])
    assert {one[:2] for one in await whose(here)} == {("", "closed")}
