"""The broker dies or hangs while the doors are open: nothing that was taken is lost, and nobody waits for ever."""

import signal
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.audit import State
from tests.faults.processes import IN_THREE, Fleet, on_kafka, until
from tests.faults.trial import Trial, parcels, story_of
from tests.parts.kafka import KafkaBroker

_ANSWER_SECONDS = 3.0
_REFUSALS = 5
_DEAD_SECONDS = 60.0
_BACK_SECONDS = 15.0
_MOST_MORE_BYTES = 64 * 1024 * 1024
_END_SECONDS = 45.0


@pytest.fixture
def broker(own_kafka: Callable[[], KafkaBroker]) -> KafkaBroker:
    """A broker that may die."""
    return own_kafka()


@pytest.fixture
def trial(tmp_path: Path, broker: KafkaBroker, postgres_url: str) -> Iterator[Trial]:
    """A story on that broker, the door and scoring in processes of their own, not begun."""
    with Fleet(tmp_path, IN_THREE, on_kafka(broker, postgres_url)) as fleet:
        fleet.start()
        with Trial(fleet, story_of("broker"), tmp_path) as trial:
            yield trial


@pytest.mark.slow
def test_while_the_broker_is_dead_doors_refuse_in_time_and_go_on_by_themselves_after_it(
    trial: Trial, broker: KafkaBroker, undisturbed: State
) -> None:
    scenes = iter(trial.story.scenes)
    for scene in islice(scenes, 6):
        trial.play(scene)
    door = trial.fleet.processes["door"]
    held_before, held_most = door.memory(), 0
    broker.kill()
    held_up = next(scenes)
    first = parcels(held_up)[0]
    until(lambda: [trial.client.attempt(first).status for _ in range(_REFUSALS)] == [503] * _REFUSALS, "it refuses")
    ends_at = time.monotonic() + _DEAD_SECONDS
    while time.monotonic() < ends_at:
        assert trial.client.attempt(first).status == 503
        held_most = max(held_most, door.memory())
    broker.start()
    until(lambda: trial.client.attempt(first).status == 200, "it takes events again", _BACK_SECONDS)
    assert held_most - held_before < _MOST_MORE_BYTES
    for scene in (held_up, *scenes):
        trial.play(scene)
    trial.finish()
    attempts = trial.client.attempts
    assert {attempt.status for attempt in attempts} == {200, 503}
    assert all(attempt.retry_after for attempt in attempts if attempt.status == 503)
    assert max(attempt.seconds for attempt in attempts) < _ANSWER_SECONDS
    assert all(process.ended() is None for process in trial.fleet.processes.values())
    assert trial.differences() == []
    assert trial.state() == undisturbed


@pytest.mark.slow
def test_every_process_that_is_asked_to_ends_while_the_broker_hangs(trial: Trial, broker: KafkaBroker) -> None:
    for scene in trial.story.scenes[:4]:
        trial.play(scene)
    broker.freeze()
    asked_at = time.monotonic()
    processes = trial.fleet.processes
    for process in processes.values():
        process.signal(signal.SIGTERM)
    until(lambda: all(process.ended() is not None for process in processes.values()), "all have ended", _END_SECONDS)
    assert time.monotonic() - asked_at < _END_SECONDS
