"""What attribution gives out of a person."""

from pathlib import Path

from tests.handlers.attribution.sales_news import stages
from tests.handlers.attribution.scene import deal, person, scene, touch


async def test_touches_deals_and_credit_are_in_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        await stage.tell(touch("t1", 1), touch("t2", 2, who="bo"), deal(), stages(lead=1), stages("bo", lead=2))
        document = await stage.get(f"/v1/people/{person('ana')}/export")
    assert [one["body"]["kind"] for one in document["touches"]] == ["chat"]
    assert [one["id"] for one in document["deals"]] == ["d-1"]
    assert {one["person_id"] for one in document["credits"]} == {person("ana")}
    assert [(one["person_id"], one["first_channel"]) for one in document["leads"]] == [(person("ana"), "chat")]
