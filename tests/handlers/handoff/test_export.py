"""What hand-off gives out of a person."""

from tests.handlers.handoff.crm import Crm
from tests.handlers.handoff.scene import Scene, ident, merged, qualified


async def test_what_was_sent_about_a_person_is_in_it_and_nothing_of_anybody_else(here: Scene, receiver: Crm) -> None:
    await here.listens(receiver)
    await here.happens(qualified("ana"), qualified("bo"))
    document = (await here.ask("GET", f"/v1/people/{ident('ana')}/export")).json()
    assert [one["person_id"] for one in document["handoffs"]] == [ident("ana")]
    assert [one["body"]["data"]["person"]["emails"] for one in document["deliveries"]] == [["ana@example.test"]]
    assert "bo@example" not in str(document)


async def test_an_alias_is_given_out_with_whoever_stands_for_it(here: Scene) -> None:
    await here.happens(qualified("ana"), merged("ana", "bo"))
    document = (await here.ask("GET", f"/v1/people/{ident('bo')}/export")).json()
    assert document["aliases"] == [ident("ana")]
    assert len(document["handoffs"]) == 1
