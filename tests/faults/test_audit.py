"""The audit is what all other tests here rest on, so it has to see what is wrong."""

from pathlib import Path

from tests.faults.audit import State
from tests.faults.processes import Fleet
from tests.faults.trial import Trial, story_of


def test_the_audit_names_what_was_taken_and_is_lost_and_what_never_came_of_it(
    tmp_path: Path, undisturbed: State
) -> None:
    with Fleet(tmp_path) as fleet:
        fleet.start()
        with Trial(fleet, story_of("half"), tmp_path) as trial:
            for scene in trial.story.scenes[:6]:
                trial.play(scene)
            trial.settle()
            lost = max(trial.story.message_ids)
            trial.ledger.note("acked", [lost])
            found = trial.differences()
            assert f"{lost} was taken and is lost" in found
            assert sum("was handed over 0 times" in one for one in found) == len(trial.story.asked) - 3
            assert sum("None, None, None" in one for one in found) == len(trial.story.deals) - 2
            assert trial.state() != undisturbed
