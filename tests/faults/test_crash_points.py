"""Processes die at every place where it could hurt, and what comes out is what comes out where nothing fails.

The places are those of `shared/runtime/crash_points.py`. In one process the count chooses which service it hits.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.faults.audit import State
from tests.faults.crashes import Crashes
from tests.faults.processes import EMBEDDED, SPLIT, Fleet, on_kafka
from tests.faults.trial import Trial, story_of
from tests.parts.kafka import KafkaBroker
from tests.parts.postgres import plain

_IN_ONE_PROCESS = {
    "all": (
        *("before_publish:1", "after_publish:2"),
        *("before_commit:1", "after_commit:2", "before_commit:3", "after_commit:5"),
        *("after_relay_publish:1", "after_relay_publish:2", "after_claim:1", "after_send:1"),
    )
}
_ON_KAFKA = ("before_commit:1", "after_commit:1", "after_relay_publish:1")
_IN_MANY_PROCESSES = {
    "door": ("before_publish:1", "after_publish:1", "before_publish:4", "after_publish:3"),
    "ingest": _ON_KAFKA,
    "scoring": _ON_KAFKA,
    # What delivers needs no partitions: these come while the group still waits for the one that died.
    "handoff": ("before_commit:1", "after_claim:1", "after_commit:1", "after_send:1", "after_relay_publish:1"),
    "attribution": ("before_commit:1", "after_commit:1"),
}


def _dies_everywhere(
    fleet: Fleet, places: Mapping[str, Sequence[str]], pace: float, folder: Path, undisturbed: State
) -> None:
    fleet.start()
    with Trial(fleet, story_of("crash"), folder) as trial:
        crashes = Crashes(trial, places)
        crashes.play(pace)
        trial.finish()
        assert crashes.survived == {name: list(queue) for name, queue in places.items()}
        assert trial.differences(deaths=max(map(len, places.values()))) == []
        assert trial.state() == undisturbed


@pytest.mark.slow
def test_one_process_on_sqlite_may_die_at_every_place(tmp_path: Path, undisturbed: State) -> None:
    with Fleet(tmp_path) as fleet:
        _dies_everywhere(fleet, _IN_ONE_PROCESS, 1.0, tmp_path, undisturbed)


@pytest.mark.slow
def test_one_process_on_postgresql_may_die_at_every_place(
    tmp_path: Path, postgres_url: str, undisturbed: State
) -> None:
    with Fleet(tmp_path, EMBEDDED, {"THROUGHLINE_DATABASE": plain(postgres_url)}) as fleet:
        _dies_everywhere(fleet, _IN_ONE_PROCESS, 1.0, tmp_path, undisturbed)


@pytest.mark.slow
def test_every_process_on_kafka_and_postgresql_may_die_at_every_place(
    tmp_path: Path, own_kafka: Callable[[], KafkaBroker], postgres_url: str, undisturbed: State
) -> None:
    with Fleet(tmp_path, SPLIT, on_kafka(own_kafka(), postgres_url)) as fleet:
        _dies_everywhere(fleet, _IN_MANY_PROCESSES, 5.0, tmp_path, undisturbed)
