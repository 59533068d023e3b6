"""Partitions change hands, and one who has lost theirs does not know it: nothing is done twice, nothing is left."""

import signal
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.audit import State
from tests.faults.processes import IN_THREE, Fleet, Pause, on_kafka, until
from tests.faults.trial import Trial, story_of
from tests.parts.kafka import KafkaBroker

_STORM_SECONDS = 16.0
_TURN_SECONDS = 2.0
_TAKEN_OVER_SECONDS = 45.0
"""The group only gives partitions away when the session has timed out, which takes ten seconds."""


@pytest.fixture
def trial(tmp_path: Path, own_kafka: Callable[[], KafkaBroker], postgres_url: str) -> Iterator[Trial]:
    """A story on Kafka and PostgreSQL, not begun."""
    with Fleet(tmp_path, IN_THREE, on_kafka(own_kafka(), postgres_url)) as fleet:
        fleet.start()
        with Trial(fleet, story_of("owners"), tmp_path) as trial:
            yield trial


def _pass(seconds: float) -> Iterator[None]:
    """Looks every now and then, for so long."""
    ends_at = time.monotonic() + seconds
    pause = Pause(2 * seconds)
    while time.monotonic() < ends_at:
        yield
        pause.wait(0.2, "the time is up")


@pytest.mark.slow
def test_a_worker_that_joins_and_leaves_every_two_seconds_changes_nothing(trial: Trial, undisturbed: State) -> None:
    guest = trial.fleet.add("guest", ("scoring:worker",))
    scenes = iter(trial.story.scenes)
    turns_at, joined = 0.0, 0
    for _ in _pass(_STORM_SECONDS):
        for scene in islice(scenes, 1):
            trial.play(scene)
        if time.monotonic() < turns_at:
            continue
        turns_at = time.monotonic() + _TURN_SECONDS
        if guest.running():
            guest.signal(signal.SIGTERM)
        else:
            guest.start()
            joined += 1
    for scene in scenes:
        trial.play(scene)
    trial.finish()
    assert joined > 1
    assert trial.differences() == []
    assert trial.state() == undisturbed


@pytest.mark.slow
def test_a_worker_that_wakes_up_after_its_partitions_were_given_away_changes_nothing(
    trial: Trial, undisturbed: State
) -> None:
    scenes = trial.story.scenes
    heir = trial.fleet.add("heir", ("scoring:worker",))
    heir.start()
    until(heir.ready, "the second worker is ready")
    for scene in scenes[:5]:
        trial.play(scene)
    sleeper = trial.fleet.processes["scoring"]
    # It sleeps between two transactions, with a fetch under way: what that brings is worked by the other meanwhile.
    trial.settle()
    sleeper.signal(signal.SIGSTOP)
    for scene in scenes[5:10]:
        trial.play(scene)
    until(lambda: trial.has_read("scoring"), "the other has read everything", _TAKEN_OVER_SECONDS)
    sleeper.signal(signal.SIGCONT)
    for scene in scenes[10:]:
        trial.play(scene)
    trial.finish()
    assert sleeper.running()
    assert trial.differences() == []
    assert trial.state() == undisturbed
