"""Nobody is handed to sales who refuses it."""

from pathlib import Path

from msgspec import structs

from shared.contracts.touchpoints import PersonIdentified
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, merged, qualified, scene

QUALIFIED = qualified("ana")


def says(allowed: bool, version: int, name: str = "ana") -> PersonIdentified:
    """The card of somebody who chose."""
    return structs.replace(qualified(name).card, version=version, consent={"sales_handoff": allowed})


async def test_an_open_hand_off_of_who_withdraws_is_closed_and_the_crm_is_told(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(QUALIFIED)
    await here.happens(says(False, 2))
    await here.deliveries_go_out()
    [handoff] = await here.handoffs()
    assert (handoff["status"], handoff["reason"]) == ("closed", "consent")
    assert sorted(one.type for one in receiver.received) == ["handoff.updated", "lead.qualified"]


async def test_a_lead_that_comes_after_the_refusal_is_not_handed_over(here: Scene) -> None:
    await here.happens(says(False, 2))
    await here.happens(QUALIFIED)
    assert await here.handoffs() == []


async def test_a_lead_with_a_newer_card_than_the_refusal_is_handed_over(here: Scene) -> None:
    await here.happens(says(False, 2))
    await here.happens(structs.replace(QUALIFIED, card=says(True, 3)))
    assert [one["status"] for one in await here.handoffs()] == ["assigned"]


async def test_an_older_card_that_comes_late_revives_nothing(here: Scene) -> None:
    await here.happens(says(False, 3))
    await here.happens(says(True, 2))
    await here.happens(QUALIFIED)
    assert await here.handoffs() == []


async def test_a_refusal_reaches_the_hand_off_of_an_alias(here: Scene) -> None:
    await here.happens(QUALIFIED, merged("ana", "bo"))
    await here.happens(says(False, 2, "bo"))
    assert [one["reason"] for one in await here.handoffs()] == ["consent"]


async def test_a_refusal_closes_a_hand_off_on_postgresql_too(tmp_path: Path, postgres_url: str) -> None:
    async with scene(tmp_path, postgres_url) as here:
        await here.happens(QUALIFIED)
        await here.happens(says(False, 2))
        assert [one["reason"] for one in await here.handoffs()] == ["consent"]
