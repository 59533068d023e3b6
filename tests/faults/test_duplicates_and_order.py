"""What is sent again, or in another order, changes nothing."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.audit import State
from tests.faults.processes import Fleet
from tests.faults.story import Scene
from tests.faults.trial import Trial, parcels, story_of


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """A story on the embedded default, not begun."""
    with Fleet(tmp_path) as fleet:
        fleet.start()
        with Trial(fleet, story_of("again"), tmp_path) as trial:
            yield trial


def test_every_event_sent_three_times_counts_once(trial: Trial, undisturbed: State) -> None:
    for scene in trial.story.scenes:
        for size in (1, 4, 1):
            for parcel in parcels(scene, size):
                trial.client.send(parcel)
    trial.finish()
    assert trial.differences() == []
    assert trial.state() == undisturbed


def test_events_in_any_order_and_deals_before_their_touchpoints_come_to_the_same(
    trial: Trial, undisturbed: State
) -> None:
    rng = random.Random(2)
    deals = [*trial.story.ending, *(version for scene in trial.story.scenes for version in scene.deals)]
    calls = [call for scene in trial.story.scenes for call in scene.calls]
    rng.shuffle(deals)
    rng.shuffle(calls)
    trial.play(Scene((), tuple(deals)))
    trial.settle()
    trial.play(Scene(tuple(calls)))
    trial.settle()
    assert trial.state() == undisturbed
