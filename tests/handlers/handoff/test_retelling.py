"""A card that no longer calls somebody what it called them before: no message that is kept or still to be sent does."""

from typing import Any

import pytest
from msgspec import structs

from services.handoff.store.tables import METADATA
from shared.contracts.touchpoints import PersonIdentified
from tests.handlers.erasing import cells, leaks
from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, ident, merged, qualified, split

OWN, FORMER = "ana@example.test", "canary@former.example"
_LEAD = qualified("ana")
MIXED = structs.replace(_LEAD, card=structs.replace(_LEAD.card, emails=(OWN, FORMER), phones=("+15550100",)))


def card(version: int, **what: Any) -> PersonIdentified:
    """A later card of Ana's."""
    return structs.replace(_LEAD.card, version=version, **what)


async def kept(here: Scene) -> str:
    """All that the store holds, as text."""
    async with here.parts.database.read() as reader:
        return str(await cells(reader, METADATA))


@pytest.mark.parametrize("answer", ["nothing", "accept", "reject"])
async def test_what_was_delivered_is_kept_without_what_is_no_longer_said(
    here: Scene, receiver: Crm, answer: str
) -> None:
    await here.listens(receiver)
    await here.happens(MIXED)
    await here.deliveries_go_out()
    [handoff] = await here.handoffs()
    if answer != "nothing":
        reason = {"reason": "no-budget"} if answer == "reject" else None
        assert (await here.ask("POST", f"/v1/handoffs/{handoff['id']}/{answer}", reason)).is_success
    assert FORMER in await kept(here)
    await here.happens(card(2))
    assert FORMER not in await kept(here)
    assert OWN in await kept(here)


async def test_what_is_still_to_be_sent_is_sent_without_it_under_the_same_id(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(MIXED)
    await here.happens(card(2))
    await here.deliveries_go_out()
    [told] = receiver.received
    assert told.type == "lead.qualified"
    assert (told.data["person"]["emails"], told.data["person"]["phones"]) == ([OWN], [])
    assert set(told.data) >= {"handoff_id", "version", "owner", "links", "accept_by", "journey"}


async def test_a_card_that_says_more_leaves_what_was_delivered_as_it_was(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(_LEAD)
    await here.deliveries_go_out()
    await here.happens(card(2, emails=(OWN, "new@example.test")))
    async with here.parts.database.read() as reader:
        found = leaks(await cells(reader, METADATA), "new@example.test")
    assert {table for table, _ in found} == {"handoffs"}


async def test_news_of_the_batch_that_brings_the_card_are_without_it(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(MIXED)
    here.pass_time(60)
    again = structs.replace(MIXED, promotion_id=ident("again"), cycle=2)
    await here.happens(again, card(3))
    await here.deliveries_go_out()
    assert [one.data["person"]["emails"] for one in receiver.received] == [[OWN], [OWN]]


async def test_who_was_taken_for_somebody_is_not_named_in_their_messages_after_the_split(
    here: Scene, receiver: Crm
) -> None:
    await here.listens(receiver)
    await here.happens(merged("bo", into="ana"), MIXED)
    await here.deliveries_go_out()
    await here.happens(split("bo"), card(4))
    await here.deliveries_go_out()
    assert FORMER not in await kept(here)
