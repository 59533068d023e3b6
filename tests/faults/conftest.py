"""The run without a fault that every other run is compared with."""

import pytest

from tests.faults.audit import State
from tests.faults.processes import Fleet
from tests.faults.trial import Trial, story_of


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> State:
    """What the story comes to where nothing goes wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with Fleet(folder) as fleet:
        fleet.start()
        with Trial(fleet, story_of("calm"), folder) as trial:
            for scene in trial.story.scenes:
                trial.play(scene)
            trial.finish()
            assert trial.differences() == []
            return trial.state()
