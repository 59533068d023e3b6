"""Points: given, capped, halved, explained."""

from typing import Any

import pytest

from services.scoring.domain.engagement import FLOOR, Sums, earned, engagement, explain
from services.scoring.domain.facts import Touch
from services.scoring.domain.rules import Match, Rule, Rules, days
from tests.unit.scoring.builders import RULES, day, page, touch


def points(*touches: Touch, at: float, rules: Rules = RULES) -> float:
    sums: Sums = ()
    for one in touches:
        sums = earned(sums, one, rules)
    return engagement(sums, day(at), rules)


def test_points_halve_after_the_half_life() -> None:
    assert points(touch("demo_requested"), at=30) == pytest.approx(12.5)


def test_two_rules_may_count_the_same_touch() -> None:
    assert points(page("/pricing/teams"), at=0) == pytest.approx(6)


def test_a_day_gives_no_more_than_its_cap() -> None:
    looks = [page("/pricing", hour / 24) for hour in range(5)]
    assert points(*looks, at=0) == pytest.approx(5 + 2, abs=0.01)


def test_a_rule_never_holds_more_than_its_cap() -> None:
    assert points(touch("demo_requested"), touch("demo_requested", 1), at=1) == pytest.approx(25)


def test_a_rule_at_its_cap_earns_again_as_its_points_fade() -> None:
    assert points(touch("demo_requested"), touch("demo_requested", 30), at=30) == pytest.approx(25)


def test_a_once_only_rule_gives_once() -> None:
    once = Rule(name="o", text="o", match=Match(), points=5, half_life=days(1), cap=100, once=True)
    rules = rules_with(once)
    assert points(touch("chat"), touch("chat", 1), at=1, rules=rules) == pytest.approx(2.5)
    assert [entry.capped_by for entry in explain([touch("chat"), touch("chat", 1)], rules, day(1))] == [None, "once"]


def rules_with(rule: Rule) -> Rules:
    return Rules(
        version="test", engagement=(rule,), fit=(), grades=(), hand_raisers=(), mql_points={}, bands=(50,),
        lead_kinds=frozenset(), lead_kinds_of_ours=frozenset(), advocate_kinds=frozenset(), repeat_kinds=frozenset(),
        interactions=frozenset(), phases={},
    )  # fmt: skip


def test_points_are_never_negative_and_the_floor_is_an_entry() -> None:
    careers = page("/careers", 0)
    assert points(careers, at=0) == 0
    entries = explain([careers], RULES, day(0))
    assert entries[-1].rule == FLOOR
    assert entries[-1].points_now == pytest.approx(9)


def test_looking_back_before_the_last_act_never_makes_points_grow() -> None:
    assert points(touch("demo_requested", 10), at=0) == pytest.approx(25)


def test_what_a_cap_cut_is_told() -> None:
    looks = [page("/pricing", 0), page("/pricing", 0.1)]
    pricing = [entry for entry in explain(looks, RULES, day(1)) if entry.rule == "pricing-viewed"]
    assert [(entry.points_given, entry.capped_by) for entry in pricing] == [(5, None), (0, "day")]


@pytest.mark.parametrize("silent", [{"counts": False}, {"call_type": "identify"}, {"call_type": "group"}])
def test_what_does_not_count_is_not_explained(silent: dict[str, Any]) -> None:
    assert explain([touch("demo_requested", **silent)], RULES, day(0)) == ()


@pytest.mark.parametrize(
    ("path", "pattern", "holds"),
    [("/pricing", "/pricing*", True), ("/pricing/eu", "/pricing*", True), ("/pricing/", "/pricing", True),
     ("/pricing/eu", "/pricing", False), ("/", "/", True), (None, "/*", False)],
)  # fmt: skip
def test_a_path_is_whole_or_a_prefix(path: str | None, pattern: str, holds: bool) -> None:
    assert Match(paths=(pattern,)).holds(touch("page_viewed", page_path=path)) is holds


def test_a_property_is_matched_whatever_its_case() -> None:
    match = Match(properties=(("plan", "pro"),))
    assert match.holds(touch("custom", properties={"plan": "Pro"}))
    assert not match.holds(touch("custom", properties={"plan": None}))
