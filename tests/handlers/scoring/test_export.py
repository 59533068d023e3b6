"""What scoring gives out of a person."""

from pathlib import Path

from shared.kernel.instant import to_text
from tests.handlers.scoring.at_scoring import card, day, opened, touch, who


async def test_the_facts_and_what_was_derived_of_them_are_in_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as scoring:
        await scoring.given(card("ana"), touch("ana", "demo_requested", 1), touch("bo", "page_viewed", 1))
        document = await scoring.get(f"/v1/people/{who('ana')}/export")
    assert [one["body"]["emails"] for one in document["cards"]] == [["ana@acme.example"]]
    assert [one["body"]["kind"] for one in document["touches"]] == ["demo_requested"]
    assert [one["stage"] for one in document["leads"]] == ["mql"]
    assert document["touches"][0]["occurred_at"] == to_text(day(1))
