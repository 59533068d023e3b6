"""Paths of closed deals, and what is told of many."""

from services.attribution.domain.walks import Walk, assists, by_lag, by_length, top_paths, transitions
from shared.kernel.instant import DAY


def walk(*steps: str, amount: int = 100, days: float | None = 10, won: bool = True) -> Walk:
    """A deal that was won after ten days, unless told otherwise."""
    return Walk(steps, "won" if won else "lost", amount, None if days is None else round(days * DAY))


def test_a_path_takes_steps_that_repeat_once_unless_asked_for_each() -> None:
    walks = [walk("ad", "ad", "call"), walk("ad", "call", days=20), walk("ad", "call", "ad")]
    [(path, found), _] = top_paths(walks, repeats=False)
    assert (path, found.deals, found.amount_minor) == (("ad", "call"), 2, 200)
    assert (found.median_length, found.median_days) == (2.5, 15.0)
    assert [path for path, _ in top_paths(walks, repeats=True)] == [
        ("ad", "ad", "call"), ("ad", "call"), ("ad", "call", "ad"),
    ]  # fmt: skip


def test_paths_of_as_many_deals_are_ranked_by_money() -> None:
    walks = [walk("a", amount=1), walk("b", amount=9), walk("c", amount=5), walk("c", amount=1)]
    assert [path for path, _ in top_paths(walks, repeats=False)] == [("c",), ("b",), ("a",)]


def test_a_deal_with_no_interaction_has_length_nothing_and_no_lag() -> None:
    nobody = walk(days=None)
    assert [(length, found.deals) for length, found in by_length([nobody, walk("a")])] == [(0, 1), (1, 1)]
    assert sum(found.deals for _, found in by_lag([nobody])) == 0


def test_a_bucket_of_lags_holds_its_first_day_and_not_its_last() -> None:
    found = dict(by_lag([walk("a", days=days) for days in (0, 0.5, 1, 6.9, 7, 365, 4_000)]))
    assert [found[begin].deals for begin in (0, 1, 7, 14, 365)] == [2, 2, 1, 0, 2]


def test_transitions_go_from_the_start_to_how_it_ended() -> None:
    walks = [walk("ad", "call"), walk("ad", "ad", "call"), walk("ad", won=False), walk()]
    assert transitions(walks, repeats=False) == [
        ("(start)", "ad", 3), ("ad", "call", 2), ("call", "(won)", 2), ("(start)", "(won)", 1), ("ad", "(lost)", 1),
    ]  # fmt: skip
    assert ("ad", "ad", 1) in transitions(walks, repeats=True)


def test_who_is_on_a_path_before_its_end_assists_once_even_where_it_also_ends_it() -> None:
    found = dict(assists([walk("ad", "ad", "call", "ad"), walk("call"), walk("ad", won=False), walk()]))
    assert (found["ad"].deals, found["ad"].last_deals, found["ad"].ratio) == (1, 1, 1.0)
    assert (found["call"].deals, found["call"].last_deals) == (1, 1)
    assert dict(assists([walk("mail", "call")]))["mail"].ratio is None
