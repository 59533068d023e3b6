"""Whose a lead is, and the trail that says why."""

import pytest

from services.handoff.domain.routing import Absence, Choice, Lead, Load, Owner, Rules, choose
from shared.kernel.instant import DAY, Instant

NOW = Instant(1_780_000_000_000)
TODAY = (Absence(Instant(NOW - DAY), Instant(NOW + DAY)),)
ANA = Owner("ana", "Ana", "ana@example.test")
BO = Owner("bo", "Bo", "bo@example.test", weight=2)
CAI = Owner("cai", "Cai", "cai@example.test", capacity=1)
DEE = Owner("dee", "Dee", "dee@example.test", away=TODAY)
EVE = Owner("eve", "Eve", "eve@example.test", weight=0)
TEAM = (ANA, BO, CAI, DEE, EVE)
RULES = Rules("eve", territories={"dach": ("cai", "dee")}, segments={"enterprise": ("bo", "gone")})


def chosen(lead: Lead, loads: dict[str, Load] | None = None) -> Choice:
    return choose(lead, TEAM, loads or {}, RULES, NOW)


def results(choice: Choice) -> list[tuple[str, str | None, str]]:
    return [(step.step, step.candidate, step.result) for step in choice.trail]


def test_the_owner_of_an_open_hand_off_keeps_the_person_even_at_capacity() -> None:
    choice = chosen(Lead("p", open_owner_id="cai", account_owner_id="ana"), {"cai": Load(in_hand=9)})
    assert results(choice) == [("open_handoff", "cai", "chosen")]


def test_the_last_to_prospect_keeps_the_person() -> None:
    contacts = (("ana", Instant(NOW - 9 * DAY)), ("bo", Instant(NOW - 3 * DAY)), ("ana", Instant(NOW - 8 * DAY)))
    assert results(chosen(Lead("p", prospected=contacts))) == [("prospected", "bo", "chosen")]


@pytest.mark.parametrize(("days", "owner_id"), [(90, "cai"), (91, "ana"), (-1, "ana")])
def test_prospecting_counts_for_90_days(days: int, owner_id: str) -> None:
    lead = Lead("p", prospected=(("cai", Instant(NOW - days * DAY)),), account_owner_id="ana")
    assert chosen(lead).owner_id == owner_id


def test_whoever_prospected_but_is_away_or_gone_is_skipped_and_named() -> None:
    contacts = (("dee", Instant(NOW - DAY)), ("gone", Instant(NOW - 2 * DAY)))
    choice = chosen(Lead("p", prospected=contacts, account_owner_id="bo"))
    assert results(choice) == [
        ("prospected", "dee", "skipped"),
        ("prospected", "gone", "skipped"),
        ("account", "bo", "chosen"),
    ]
    assert [step.why.rpartition(", ")[2] for step in choice.trail[:2]] == ["but is away", "but is no owner any more"]


def test_a_territory_comes_before_a_segment() -> None:
    choice = chosen(Lead("p", territory="dach", segment="enterprise"))
    assert results(choice)[2:] == [("territory", "dee", "skipped"), ("territory", "cai", "chosen")]


def test_a_territory_with_nobody_free_falls_through_to_the_segment() -> None:
    choice = chosen(Lead("p", territory="dach", segment="enterprise"), {"cai": Load(in_hand=1)})
    assert results(choice)[2:] == [
        ("territory", "cai", "skipped"),
        ("territory", "dee", "skipped"),
        ("territory", None, "no_match"),
        ("segment", "gone", "skipped"),
        ("segment", "bo", "chosen"),
    ]


def test_without_any_relation_the_rota_decides_and_says_who_was_passed_over() -> None:
    choice = chosen(Lead("p", territory="nowhere"))
    assert results(choice) == [
        ("prospected", None, "no_match"),
        ("account", None, "no_match"),
        ("round_robin", "dee", "skipped"),
        ("round_robin", "eve", "skipped"),
        ("round_robin", "bo", "chosen"),
    ]


def test_equal_claims_on_the_next_lead_go_by_id() -> None:
    loads = {"ana": Load(assigned=1), "bo": Load(assigned=2), "cai": Load(assigned=1)}
    assert chosen(Lead("p"), loads).owner_id == "bo"
    assert chosen(Lead("p"), {"bo": Load(assigned=1)}).owner_id == "ana"


def test_a_heavy_owner_does_not_run_ahead_of_many_light_ones() -> None:
    heavy = Owner("a", "A", "a@example.test", weight=100)
    light = [Owner(f"b{number}", "B", "b@example.test") for number in range(10)]
    loads = {"a": Load(assigned=10)}
    assert choose(Lead("p"), [heavy, *light], loads, RULES, NOW).owner_id == "b0"


def test_when_nobody_can_the_fallback_owner_takes_it() -> None:
    choice = choose(Lead("p"), [DEE, EVE], {}, RULES, NOW)
    assert choice.owner_id == "eve"
    assert results(choice)[-2:] == [("round_robin", None, "no_match"), ("fallback", "eve", "chosen")]


def test_an_absence_ends_on_time() -> None:
    assert DEE.is_away(NOW)
    assert not DEE.is_away(Instant(NOW + DAY))
