"""Partitions change hands, and one who has lost theirs does not know it: nothing is done twice, nothing is left.

One that stands still with a batch in its hands comes back to find that another has worked it: it is fenced.
"""

import signal
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.audit import State
from tests.faults.processes import DEAD, IN_THREE, Fleet, Pause, Process, on_kafka, until
from tests.faults.trial import Trial, story_of
from tests.parts.kafka import KafkaBroker

_STORM_SECONDS = 120.0
_TURN_SECONDS = 2.0
_SCENE_SECONDS = 5.0
_OVERSLEPT_SECONDS = 20.0
_SESSION_SECONDS = 10.0
"""The group only gives partitions away when the session of who held them has timed out."""
_TAKEN_OVER_SECONDS = 45.0
_WITH_A_BATCH = "after_poll:1"


@pytest.fixture
def trial(tmp_path: Path, own_kafka: Callable[[], KafkaBroker], postgres_url: str) -> Iterator[Trial]:
    """A story on Kafka and PostgreSQL, not begun."""
    with Fleet(tmp_path, IN_THREE, on_kafka(own_kafka(), postgres_url)) as fleet:
        fleet.start()
        with Trial(fleet, story_of("owners"), tmp_path) as trial:
            yield trial


class Oversleeper:
    """A worker that stands still with its first batch until its session is long over, again and again."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._asleep_since = 0.0
        self.fences = 0

    def tend(self, now: float) -> None:
        """Start it, wake it, count how often it was fenced then, and start it anew."""
        if not self._process.running():
            self._asleep_since = 0.0
            self._process.start(freeze_at=_WITH_A_BATCH)
        elif self._process.frozen():
            self._asleep_since = self._asleep_since or now
            if now - self._asleep_since > _OVERSLEPT_SECONDS:
                self.wake()
        elif self._asleep_since and (fences := self._process.fences()):
            self.fences += fences
            self._process.kill()

    def wake(self) -> None:
        """Let it go on."""
        self._process.signal(signal.SIGCONT)


def _pass(seconds: float) -> Iterator[float]:
    """Looks every now and then, for so long; gives the time of each look."""
    ends_at = time.monotonic() + seconds
    pause = Pause(2 * seconds)
    while (now := time.monotonic()) < ends_at:
        yield now
        pause.wait(0.2, "the time is up")


def _turn(guest: Process) -> bool:
    """Leave where it is there, else join; answers whether it joined."""
    if guest.running():
        guest.signal(signal.SIGTERM)
        return False
    guest.start()
    return True


@pytest.mark.slow
def test_a_storm_of_workers_that_join_leave_and_oversleep_changes_nothing(trial: Trial, undisturbed: State) -> None:
    guest, ghost = (trial.fleet.add(name, ("scoring:worker",)) for name in ("guest", "ghost"))
    oversleeper = Oversleeper(ghost)
    scenes = iter(trial.story.scenes)
    scene_at, turn_at, joined = 0.0, 0.0, 0
    for now in _pass(_STORM_SECONDS):
        oversleeper.tend(now)
        if now > scene_at:
            scene_at = now + _SCENE_SECONDS
            for scene in islice(scenes, 1):
                trial.play(scene)
        if now > turn_at:
            turn_at = now + _TURN_SECONDS
            joined += _turn(guest)
    oversleeper.wake()
    for scene in scenes:
        trial.play(scene)
    trial.finish()
    assert joined > 1
    assert oversleeper.fences > 0
    assert trial.differences() == []
    assert trial.state() == undisturbed


@pytest.mark.slow
def test_what_a_worker_held_that_died_before_its_commit_is_worked_within_seconds(
    trial: Trial, undisturbed: State
) -> None:
    scenes = trial.story.scenes
    dying = trial.fleet.processes["scoring"]
    dying.stop()
    dying.start(crash_at="before_commit:1")
    until(dying.ready, "the first worker is ready")
    heir = trial.fleet.add("heir", ("scoring:worker",))
    heir.start()
    until(heir.ready, "the second worker is ready")
    # A process may be ready before it is given partitions: until then the other works everything.
    early = 0
    while dying.ended() is None and early < len(scenes):
        trial.play(scenes[early])
        early += 1
    until(lambda: dying.ended() == DEAD, "the first worker has died")
    until(lambda: trial.has_read("scoring"), "the other has read everything", _SESSION_SECONDS + 5)
    for scene in scenes[early:]:
        trial.play(scene)
    trial.finish()
    assert trial.differences() == []
    assert trial.state() == undisturbed


@pytest.mark.slow
def test_a_worker_that_wakes_up_with_a_batch_another_has_worked_is_fenced(trial: Trial, undisturbed: State) -> None:
    scenes = trial.story.scenes
    sleeper = trial.fleet.processes["scoring"]
    sleeper.stop()
    sleeper.start(freeze_at=_WITH_A_BATCH)
    for scene in scenes[:5]:
        trial.play(scene)
    until(sleeper.frozen, "it stands still with a batch")
    trial.fleet.add("heir", ("scoring:worker",)).start()
    for scene in scenes[5:10]:
        trial.play(scene)
    until(lambda: trial.has_read("scoring"), "the other has read everything", _TAKEN_OVER_SECONDS)
    sleeper.signal(signal.SIGCONT)
    until(lambda: sleeper.fences() > 0, "it was fenced")
    for scene in scenes[10:]:
        trial.play(scene)
    trial.finish()
    assert sleeper.running()
    assert trial.differences() == []
    assert trial.state() == undisturbed
