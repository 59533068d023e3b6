"""Somebody is erased in all services at once, as processes: no copy is left, nobody else notices, no credit moves.

The process may die on the way, and events of the erased may come in the same moment.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.deployment import SERVICES
from tests.parts.kafka import KafkaBroker
from tests.parts.postgres import plain
from tests.privacy.lives import ANA, OTHERS, Posted, in_flight
from tests.privacy.marks import bears, marked, marked_tables
from tests.privacy.world import World, world

STORES = {"log.db", *(f"{name}.db" for name in SERVICES)}


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[World]:
    """All services as one process, on files."""
    with world(tmp_path) as here:
        assert {name.removesuffix("-wal") for name in marked(here.data)} == STORES, "the canary has not flown far"
        yield here


class Before:
    """What there was to be told before the erasure; all of it must be told after it too."""

    def __init__(self, here: World) -> None:
        ana = here.person(ANA)
        self.person_id = ana["id"]
        self._ids = (ana["id"], *ana["aliases"])
        assert len(self._ids) > 1, "nobody was merged into her"
        self._here = here
        self._told = self._tell()
        assert bears(repr([line["message"] for line in here.received.lines() if "message" in line]).encode())

    def _tell(self) -> dict[str, Any]:
        return {"totals": self._here.totals(), "others": self._here.of_others()}

    def is_as_it_was_and_she_is_gone(self) -> None:
        """Fails where anything of this changed, or she is told of anywhere."""
        assert {status for one in self._ids for status in self._here.absences(one).values()} == {410}
        assert self._tell() == self._told
        assert not bears(self._here.said())


def test_no_file_holds_a_mark_of_the_erased_and_no_credit_moves(embedded: World) -> None:
    before = Before(embedded)
    embedded.finish(embedded.erase(before.person_id))
    assert marked(embedded.data) == []
    before.is_as_it_was_and_she_is_gone()


def test_what_the_erased_sent_shows_without_its_id_and_what_they_send_is_not_taken(embedded: World) -> None:
    before = Before(embedded)
    embedded.finish(embedded.erase(before.person_id))
    erased = [event for event in embedded.events() if event["state"] == "erased"]
    assert {event["message_id"] for event in erased} == {None}
    assert len(erased) == 7
    again = Posted("track", {"userId": f"user-{ANA.tag}", "event": "Call", "messageId": f"m4-{ANA.tag}"})
    assert [embedded.post(one) for one in (again, in_flight(ANA, 0, 1))] == [200, 200]
    embedded.settle()
    assert {name.removesuffix("-wal") for name in marked(embedded.data)} <= {"log.db"}
    states = Counter(event["state"] for event in embedded.events())
    assert states == {"erased": 7, "suppressed": 1, "stored": 7 * len(OTHERS), "rejected": 1}
    before.is_as_it_was_and_she_is_gone()


@pytest.mark.parametrize("late", [False, True], ids=["at once", "when all have answered"])
def test_a_process_that_dies_on_the_way_finishes_when_it_is_back(embedded: World, *, late: bool) -> None:
    before = Before(embedded)
    erasure = embedded.erase(before.person_id)
    while late and not embedded.answered(erasure):
        continue
    embedded.die_and_return()
    embedded.finish(erasure)
    assert marked(embedded.data) == []
    before.is_as_it_was_and_she_is_gone()


def test_of_events_that_come_amid_the_erasure_no_file_holds_a_mark(embedded: World) -> None:
    before = Before(embedded)
    embedded.finish(embedded.erase_amid_events(before.person_id))
    assert marked(embedded.data) == []
    before.is_as_it_was_and_she_is_gone()


def test_deals_that_are_posted_again_with_the_erased_and_then_without_move_no_credit(embedded: World) -> None:
    before = Before(embedded)
    embedded.finish(embedded.erase(before.person_id))
    for without in ((), (ANA,)):
        embedded.post_deals(without)
        before.is_as_it_was_and_she_is_gone()
    assert {name.removesuffix("-wal") for name in marked(embedded.data)} <= {"log.db"}


def test_several_who_are_erased_at_once_leave_all_credit_as_it_was(embedded: World) -> None:
    totals, people = embedded.totals(), [embedded.person(who)["id"] for who in (ANA, *OTHERS)]
    for erasure in [embedded.erase(person_id) for person_id in people]:
        embedded.finish(erasure)
    assert marked(embedded.data) == []
    assert embedded.totals() == totals
    assert {status for one in people for status in embedded.absences(one).values()} == {410}


@pytest.mark.slow
def test_on_kafka_no_table_of_a_service_holds_a_mark_once_all_have_answered(
    tmp_path: Path, own_kafka: Callable[[], KafkaBroker], postgres_url: str
) -> None:
    database = plain(postgres_url)
    with world(tmp_path, own_kafka().bootstrap, database) as here:
        before = Before(here)
        assert {name.partition(".")[0] for name in marked_tables(database)} == set(SERVICES)
        erasure = here.erase_amid_events(before.person_id)
        here.settle()
        assert here.answered(erasure)
        assert here.receipt(erasure)["finishes_at"]
        assert marked_tables(database) == []
        before.is_as_it_was_and_she_is_gone()
