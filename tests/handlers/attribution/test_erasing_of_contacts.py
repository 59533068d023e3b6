"""Somebody on a deal is erased: who is on it then does not hang on when the erasure comes among its versions, nor on
how they come in batches. Those of one deal come in their order: the log keeps it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from services.attribution.store.tables import METADATA
from shared.contracts.deals import DealPerson
from shared.contracts.envelope import Emit
from shared.kernel.ids import derived
from tests.handlers.attribution.scene import Scene, deal, person, scene, touch
from tests.handlers.erasing import cells, erasure, leaks

HALVES = {"email": 50_00, "event": 50_00}
HERS, OTHERS, NOBODYS = {"email": 100_00}, {"event": 100_00}, {"unattributed": 100_00}
_STEPS = 6


class Posted(NamedTuple):
    """A version of a deal as ingest publishes it, whose revisions go on through all versions."""

    version: int
    people: Sequence[str]


BOTH, NEITHER = ("ana", "cleo"), ()
TAKEN_OFF = (Posted(1, BOTH), Posted(1, ("cleo",)), Posted(2, ("cleo",)))
STORIES = {
    "she is on it": ((Posted(1, BOTH),), HALVES),
    "she was taken off": (TAKEN_OFF[:2], HALVES),
    "she was taken off before the CRM posted it again": (TAKEN_OFF, HALVES),
    "and twice": ((*TAKEN_OFF, Posted(3, ("cleo",))), HALVES),
    "she alone was on it": ((Posted(1, ("ana",)), Posted(1, NEITHER), Posted(2, NEITHER)), HERS),
    "the CRM took her off": ((Posted(1, BOTH), Posted(2, ("cleo",))), OTHERS),
    "the CRM took everybody off": ((Posted(1, BOTH), Posted(2, NEITHER)), NOBODYS),
    "the CRM took off the other": ((*TAKEN_OFF, Posted(3, NEITHER)), HERS),
    "a later version names her again": ((*TAKEN_OFF, Posted(3, BOTH)), HALVES),
    "and is posted without her": ((*TAKEN_OFF, Posted(3, BOTH), Posted(4, ("cleo",))), OTHERS),
    "the same version names her again": ((*TAKEN_OFF[:2], Posted(1, BOTH), Posted(2, ("cleo",))), OTHERS),
    "somebody is there in her place": ((Posted(1, BOTH), Posted(1, ("dan", "cleo")), Posted(2, ("cleo",))), OTHERS),
}
Told = tuple[str, list[Emit]]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as found:
        yield found


def orders(name: str) -> Iterator[Told]:
    """A story with the erasure at each of its places, each time of other people: the deal and what is told."""
    posted, _ = STORIES[name]
    for place in range(len(posted) + 1):
        deal_id = f"{name}, {place} before"
        told = [
            deal(
                deal_id,
                version=one.version,
                revision=number,
                people=tuple(DealPerson(person_id=person(f"{who} of {deal_id}"), role="buyer") for who in one.people),
            )
            for number, one in enumerate(posted, 1)
        ]
        [erased] = erasure(person(f"ana of {deal_id}"), erasure_id=derived("erasure", deal_id))
        yield deal_id, [*told[:place], erased, *told[place:]]


def visits(deal_id: str) -> list[Emit]:
    """What whoever is on a deal did before."""
    return [
        touch(f"1 {deal_id}", 1, f"ana of {deal_id}", channel="email"),
        touch(f"2 {deal_id}", 2, f"cleo of {deal_id}", channel="event"),
    ]


def batches() -> list[tuple[int, ...]]:
    """Where the steps are cut into batches: everywhere, nowhere, and at each place."""
    places = range(1, _STEPS)
    return [(*places,), (), *((place,) for place in places)]


@pytest.mark.parametrize("cuts", batches(), ids=str)
async def test_the_place_of_an_erasure_among_the_versions_of_a_deal_changes_nothing(
    stage: Scene, cuts: tuple[int, ...]
) -> None:
    told = {deal_id: (name, events) for name in STORIES for deal_id, events in orders(name)}
    await stage.tell(*(event for deal_id in told for event in visits(deal_id)))
    for start, end in pairwise((0, *cuts, _STEPS)):
        await stage.tell(*(event for _, events in told.values() for event in events[start:end]))
    for deal_id, (name, _) in told.items():
        people = [one["person_id"] for one in (await stage.get(f"/v1/deals/{deal_id}"))["people"]]
        assert (deal_id, await stage.earned(deal_id)) == (deal_id, STORIES[name][1])
        assert (deal_id, people.count(None)) == (deal_id, int("email" in STORIES[name][1]))
    async with stage.database.read() as reader:
        found = leaks(await cells(reader, METADATA), *(person(f"ana of {deal_id}") for deal_id in told))
    assert {name for name, _ in found} == {"people", "erased"}
