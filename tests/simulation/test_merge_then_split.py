"""A merge that is taken back leaves every service where it would be had there been none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import json

from services.scoring.domain.owners import Handoff
from shared.contracts import topics
from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.envelope import Emit, Event
from shared.kernel.ids import derived
from tests.handlers.ingest.at_ingest import NOW, call, day, identify
from tests.simulation.calm import Calm, calm

STATE = {
    "scoring": ("select person_id, state from leads where not alias", "select id, owner, promotion_id from touches"),
    "attribution": ("select deal_id, model, n, person_id, interaction_id, share, amount_minor from credits",),
    "handoff": ("select id, person_id, owner_id, status from handoffs",),
    "ingest": (
        "select id, person from touchpoints",
        "select id, into_id, card from people",
        "select id, people from deals",
    ),
}
"""What each service holds to be true. Versions and revisions tell how often it was said, and are left out."""


def won(deal_id: str, on_day: float, email: str) -> Emit:
    whole = CollectedDeal(
        event_id=derived("deal", deal_id), id=deal_id, version=1, source="crm", received_at=day(on_day), status="won",
        amount_minor=100_00, currency="EUR", created_at=day(on_day - 1), occurred_at=day(on_day), closed_at=day(on_day),
        contacts=(DealContact(email=email),),
    )  # fmt: skip
    event = Event(whole.event_id, "deal.collected", "doors", NOW, whole)
    return Emit(topics.DEALS_COLLECTED.name, deal_id, event)


def demo(number: str, on_day: float, who: str) -> Emit:
    return call(f"demo {number}", on_day, type="track", name="Demo Requested", user_id=who, trusted=True)


BEFORE = [
    call("v1", 1, anonymous_id="b1", context={"campaign": {"source": "mail", "name": "spring"}}),
    identify("i1", 2, "ana@ex.org", user_id="u1", anonymous_id="b1"), demo("1", 3, "u1"),
    call("v2", 4, anonymous_id="b2"), identify("i2", 5, "bo@ex.org", user_id="u2", anonymous_id="b2"),
    demo("2", 6, "u2"),
]  # fmt: skip
WHILE_ONE = [call("v3", 7, anonymous_id="b1"), call("v4", 8, anonymous_id="b2"), won("d1", 9, "bo@ex.org")]
AFTER = [call("v5", 10, anonymous_id="b2"), won("d2", 11, "ana@ex.org"), identify("i3", 12, "bo@ex.org", user_id="u2")]


async def state(services: Calm) -> dict[str, Sequence[Sequence[tuple[Any, ...]]]]:
    rows = {
        name: [await services.rows(name, statement) for statement in statements] for name, statements in STATE.items()
    }
    return rows | {"scoring": [[(who, lead(whole)) for who, whole in rows["scoring"][0]], *rows["scoring"][1:]]}


def lead(whole: bytes) -> dict[str, Any]:
    """Without which fact was the last and how many there were: hand-off has said more of one that was closed and goes
    on."""
    found = json.decode(whole)
    handoffs = [Handoff(*one)._replace(version=0) for one in found["handoffs"]]
    return {**found, "handoffs": handoffs, "last": None, "folded": None}


async def person(services: Calm, identifier: str) -> str:
    rows = await services.rows("ingest", f"select person from identifiers where id = '{identifier}'")  # noqa: S608
    return str(rows[0][0])


async def test_every_service_ends_where_it_would_have_without_the_merge(tmp_path: Path) -> None:
    for name in ("never", "once"):
        (tmp_path / name).mkdir()
    async with calm(tmp_path / "never", NOW) as never, calm(tmp_path / "once", NOW) as once:
        for services in (never, once):
            await services.given(*BEFORE)
        ana, bo = await person(once, "user_id:u1"), await person(once, "user_id:u2")
        act_id = await once.merge(ana, bo)
        assert len(await once.rows("scoring", "select 1 from leads where not alias")) == 1
        for services in (never, once):
            await services.given(*WHILE_ONE)
        await once.split(bo, act_id)
        for services in (never, once):
            await services.given(*AFTER)
        assert await state(once) == await state(never)
        assert len(await once.rows("attribution", "select distinct deal_id from credits")) == 2
