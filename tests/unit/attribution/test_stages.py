"""When somebody became a lead, from the stages they entered, under whichever id."""

from services.attribution.domain.stages import Entered, by_root, reached


def test_a_skipped_stage_is_entered_with_the_next_one() -> None:
    history = [Entered("visitor", 1), Entered("mql", 5), Entered("sal", 7)]
    assert (reached(history, "lead"), reached(history, "mql")) == (5, 5)


def test_a_stage_that_only_a_deal_gives_makes_nobody_a_lead() -> None:
    assert reached([Entered("subscriber", 1), Entered("opportunity", 2), Entered("customer", 3)], "lead") is None


def test_a_second_cycle_does_not_move_the_first_time() -> None:
    assert reached([Entered("lead", 2), Entered("mql", 3), Entered("recycled", 4), Entered("mql", 9)], "mql") == 3


def test_what_is_said_of_a_root_holds_over_what_was_said_of_its_aliases() -> None:
    members = {"ana": "ana", "ben": "ana", "cleo": "cleo", "dora": "cleo", "eve": "cleo", "fay": "fay"}
    said = {"ana": 9, "ben": 1, "dora": 7, "eve": 5, "fay": None}
    assert by_root(said, members) == {"ana": 9, "cleo": 5}
