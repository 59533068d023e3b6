"""The funnel over histories."""

from services.scoring.domain.funnel import Funnel, StageCount
from services.scoring.domain.state import LINE, StageEntry
from tests.unit.scoring.builders import day


def count(*histories: tuple[tuple[str, float], ...], since: int | None = None, until: int | None = None) -> Funnel:
    funnel = Funnel(since, until)
    for history in histories:
        funnel.add(StageEntry(stage, day(on_day), "cause", "rule", 1) for stage, on_day in history)
    return funnel


def stage(funnel: Funnel, name: str) -> StageCount:
    return next(row for row in funnel.stages() if row.stage == name)


def test_every_stage_of_the_line_is_told_in_order() -> None:
    assert tuple(row.stage for row in count().stages()) == LINE


def test_a_stage_that_was_skipped_is_entered_and_left_at_the_same_moment() -> None:
    funnel = count((("visitor", 0), ("mql", 4)))
    assert stage(funnel, "lead") == StageCount("lead", 1, 1, 1.0, None)
    assert stage(funnel, "visitor").median_days == 4


def test_somebody_who_was_recycled_counts_once_a_stage() -> None:
    funnel = count((("lead", 0), ("mql", 1), ("recycled", 3), ("mql", 9), ("sal", 11)))
    assert (stage(funnel, "mql").entered, stage(funnel, "mql").median_days) == (1, 10)


def test_the_start_of_a_period_is_in_it_and_its_end_is_not() -> None:
    histories = ((("lead", 1),), (("lead", 2),), (("lead", 3),))
    assert stage(count(*histories, since=day(1), until=day(3)), "lead").entered == 2


def test_the_median_is_of_those_who_went_on() -> None:
    funnel = count(*((("lead", 0), ("mql", number)) for number in (1, 2, 6)), (("lead", 0),))
    assert stage(funnel, "lead") == StageCount("lead", 4, 3, 0.75, 2.0)


def test_stages_off_the_line_are_no_progress() -> None:
    assert stage(count((("lead", 0), ("disqualified", 1))), "lead").converted == 0
