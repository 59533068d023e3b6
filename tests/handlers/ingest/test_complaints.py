"""What people complain of in other tools that merge identities, each as a story that ends well here."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.ingest.at_ingest import IngestService, call, event_id, identify, opened


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[IngestService]:
    async with opened(tmp_path) as service:
        yield service


async def known(ingest: IngestService, **named: str) -> Any:
    (person,) = await ingest.found(**named)
    return person


async def messages(ingest: IngestService, person: Any) -> list[str]:
    items = await ingest.pages(f"/v1/people/{person['id']}/journey")
    return [item["message_id"] for item in items if item["message_id"]]


async def test_an_id_that_a_crm_knows_resolves_for_ever_whoever_survives(ingest: IngestService) -> None:
    """An anonymous session wins, and the id that other systems hold is gone."""
    await ingest.given(call("m1", 1, anonymous_id="b1"), identify("m2", 2, "ana@ex.org"))
    at_the_crm = await known(ingest, email="ana@ex.org")
    await ingest.given(identify("m3", 3, "ana@ex.org", anonymous_id="b1"))
    survivor = await ingest.get(f"/v1/people/{at_the_crm['id']}")
    assert at_the_crm["id"] in (survivor["id"], *survivor["aliases"])
    assert survivor["emails"] == ["ana@ex.org"]


async def test_visits_before_somebody_said_who_they_are_are_theirs(ingest: IngestService) -> None:
    """Identify sets a cookie, and what was done before it stays anonymous."""
    await ingest.given(*(call(f"v{number}", number, anonymous_id="b1") for number in range(3)))
    await ingest.given(identify("m1", 9, "ana@ex.org", anonymous_id="b1"))
    assert await messages(ingest, await known(ingest, email="ana@ex.org")) == ["v0", "v1", "v2", "m1"]


async def test_what_comes_later_for_an_id_that_was_merged_is_the_survivors(ingest: IngestService) -> None:
    """Hits with a merged id are lost."""
    await ingest.given(call("m1", 1, user_id="old"), call("m2", 2, user_id="new"))
    ((old,), (new,)) = (await ingest.found(user_id="old"), await ingest.found(user_id="new"))
    await ingest.done(f"/v1/people/{old['id']}/merge", other=new["id"])
    await ingest.given(call("m3", 3, user_id="new"), call("m4", 4, user_id="old"))
    assert await messages(ingest, new) == ["m1", "m2", "m3", "m4"]


async def test_two_known_people_at_one_computer_are_not_fused_and_somebody_is_asked(ingest: IngestService) -> None:
    """A shared computer fuses two known contacts, and the consent of one becomes the other's."""
    for number, name in enumerate(("ana", "bo")):
        traits = {"email": f"{name}@ex.org", "consent": name}
        named = {"type": "identify", "user_id": name, "anonymous_id": "kiosk", "traits": traits}
        await ingest.given(call(f"m{number}", number, **named))
    ana, bo = await known(ingest, user_id="ana"), await known(ingest, user_id="bo")
    assert (ana["emails"], ana["traits"]["consent"]) == (["ana@ex.org"], "ana")
    assert (bo["emails"], bo["traits"]["consent"]) == (["bo@ex.org"], "bo")
    assert [review["why"] for review in await ingest.pages("/v1/identity/reviews")] == ["two_user_ids"]


async def test_nobody_is_joined_by_an_address_of_the_network(ingest: IngestService) -> None:
    """People behind one public IP are one contact."""
    context = {"ip": "203.0.113.9", "userAgent": "Mozilla/5.0"}
    await ingest.given(*(call(f"m{who}", 1, anonymous_id=who, context=context) for who in ("b1", "b2")))
    assert (await known(ingest, anonymous_id="b1"))["id"] != (await known(ingest, anonymous_id="b2"))["id"]


async def test_a_merge_is_asked_for_rehearsed_done_and_taken_back(ingest: IngestService) -> None:
    """The only way to merge is an event that is called dangerous, and a split blanks the person."""
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"), identify("m2", 2, "bo@ex.org", user_id="u2"))
    ana, bo = await known(ingest, user_id="u1"), await known(ingest, user_id="u2")
    path = f"/v1/people/{ana['id']}"
    assert len((await ingest.done(f"{path}/merge", other=bo["id"], dry_run=True))["people"]) == 1
    (act_id,) = (await ingest.done(f"{path}/merge", other=bo["id"]))["act_ids"]
    await ingest.done(f"{path}/split", event_id=act_id)
    assert (await known(ingest, user_id="u1"), await known(ingest, user_id="u2")) == (ana, bo)


async def test_of_many_who_became_one_by_mistake_some_can_be_taken_out(ingest: IngestService) -> None:
    """A person of thousands of ids can be split into all of them or not at all."""
    for number in range(60):
        await ingest.given(call(f"v{number}", number / 99, user_id=f"u{number}"))
    for number in range(1, 60):
        alias = {"type": "alias", "user_id": "u0", "previous_id": f"u{number}", "trusted": True}
        await ingest.given(call(f"a{number}", 1 + number / 99, **alias))
    mega = await known(ingest, user_id="u0")
    assert len(mega["user_ids"]) == 51
    assert len(await ingest.pages("/v1/identity/reviews", state="open")) == 9
    await ingest.done(f"/v1/people/{mega['id']}/split", event_id=event_id("a7"))
    assert (await known(ingest, user_id="u7"))["user_ids"] == ["u7"]
    assert len((await known(ingest, user_id="u0"))["user_ids"]) >= 50


async def test_the_first_touch_is_the_earliest_in_event_time_whatever_came_last(ingest: IngestService) -> None:
    """First-touch fields are overwritten, or locked by a null."""
    await ingest.given(call("late", 5, user_id="u1", context={"campaign": {"source": "mail", "name": "late"}}))
    await ingest.given(call("early", 1, user_id="u1", context={"campaign": {"source": "ad", "name": "early"}}))
    await ingest.given(call("bare", 3, user_id="u1"))
    assert (await known(ingest, user_id="u1"))["first_touch"]["message_id"] == "early"


async def test_a_merge_and_a_split_keep_every_touch_and_every_trait(ingest: IngestService) -> None:
    """A merge loses personal data, and histories are not moved."""
    await ingest.given(identify("m1", 1, "ana@ex.org", user_id="u1"), call("m2", 2, user_id="u1"))
    await ingest.given(identify("m3", 3, "bo@ex.org", user_id="u2"), call("m4", 4, user_id="u2"))
    ana, bo = await known(ingest, user_id="u1"), await known(ingest, user_id="u2")
    (act_id,) = (await ingest.done(f"/v1/people/{ana['id']}/merge", other=bo["id"]))["act_ids"]
    assert await messages(ingest, ana) == ["m1", "m2", "m3", "m4"]
    assert (await known(ingest, user_id="u1"))["emails"] == ["ana@ex.org", "bo@ex.org"]
    await ingest.done(f"/v1/people/{ana['id']}/split", event_id=act_id)
    assert (await messages(ingest, ana), await messages(ingest, bo)) == (["m1", "m2"], ["m3", "m4"])


async def test_a_second_login_on_a_device_that_kept_its_id_takes_nothing_of_the_first(ingest: IngestService) -> None:
    """A reset keeps the anonymous id, and two users are fused for good."""
    await ingest.given(call("v1", 1, anonymous_id="b1"), call("m2", 2, user_id="u1", anonymous_id="b1"))
    await ingest.given(call("v3", 3, anonymous_id="b1"), call("m4", 4, user_id="u2", anonymous_id="b1"))
    await ingest.given(call("v5", 5, anonymous_id="b1"))
    assert await messages(ingest, await known(ingest, user_id="u1")) == ["v1", "m2", "v3"]
    assert await messages(ingest, await known(ingest, user_id="u2")) == ["m4", "v5"]
