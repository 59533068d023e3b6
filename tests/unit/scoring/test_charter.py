"""The charter as a text: what is taken, and that every mistake is told at once."""

import pytest

from services.scoring.settings import rules_of
from shared.contracts import charter_text
from shared.contracts.charter_text import BadCharter


def mistakes(*changes: tuple[str, str]) -> dict[str, str]:
    """What is wrong with the shipped charter after these changes, by path."""
    text = charter_text.default_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(BadCharter) as refused:
        charter_text.read(text)
    return dict(refused.value.mistakes)


def test_the_shipped_charter_is_one_and_gives_rules() -> None:
    rules = rules_of(charter_text.default())
    assert rules.version == "default"
    assert sum(rule.cap for rule in rules.engagement if rule.points > 0) == 100


def test_the_shipped_charter_knows_the_department_of_every_channel() -> None:
    departments = charter_text.default().attribution.departments
    assert len(departments) == 27
    assert departments["phone"] == "sales"


def test_every_mistake_is_told_at_once_with_its_path() -> None:
    found = mistakes(
        ("half_life_days: 30", "half_life_days: 0"),
        ("grades: {A: 70", "grades: {A: .nan"),
        ("mql: {A: 25", "mql: {A: 60"),
        ("last_resort: sales-desk", "last_resort: nobody"),
    )
    assert set(found) == {
        "scoring.engagement.0.half_life_days", "scoring.grades.A", "scoring.thresholds.mql", "routing",
    }  # fmt: skip


@pytest.mark.parametrize("points", [".nan", ".inf", "-.inf", "1e400", "0", "-1", "true", '"5"', "null", "101"])
def test_points_that_are_no_points_are_refused(points: str) -> None:
    assert "scoring.engagement.0.points" in mistakes(("points: 25\n", f"points: {points}\n"))


@pytest.mark.parametrize("path", ["(a+)+$", "/a|b", "/[a-z]", "/a*b", "^/pricing", "pricing"])
def test_a_page_path_is_never_a_regular_expression(path: str) -> None:
    assert "scoring.engagement.2.match.paths.0" in mistakes(("paths: [/pricing*,", f'paths: ["{path}",'))


def test_caps_that_do_not_sum_to_the_scale_are_refused() -> None:
    assert "sum to 101" in mistakes(("cap: 25", "cap: 26"))["scoring.engagement"]


def test_a_stage_that_names_another_one_to_follow_is_refused() -> None:
    found = mistakes(("sal:              {phase: decision}", "sal: {phase: decision, after: customer}"))
    assert set(found) == {"stages.sal.after"}


def test_an_mql_that_needs_fewer_points_than_a_lead_is_refused() -> None:
    assert "scoring.thresholds" in mistakes(("lead: null", "lead: 30"))


def test_ten_thousand_rules_are_refused() -> None:
    document = charter_text.default().model_dump()
    document["scoring"]["negative"] *= 10_000
    with pytest.raises(BadCharter) as refused:
        charter_text.check(document)
    assert refused.value.path == "scoring.negative"


def test_two_rules_of_one_name_are_refused() -> None:
    assert "trial-started" in mistakes(("- name: demo-requested", "- name: trial-started"))["scoring"]


def test_a_key_that_is_there_twice_is_refused_with_its_line() -> None:
    lines = charter_text.default_text().splitlines()
    expected = lines.index("  window_days: 365") + 2
    assert list(mistakes(("window_days: 365", "window_days: 365\n  window_days: 30"))) == [f"line {expected}"]


def test_aliases_are_refused() -> None:
    assert "aliases" in next(iter(mistakes(("cap: 25", "cap: &most 25"), ("cap: 15", "cap: *most")).values()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "a: [",
        "\t",
        "[" * 100_000,
        "x" * 600_000,
        "\x00",
        "1: 2",
        "? [a]\n: b",
        "- !!python/name:os.system",
    ],
)
def test_what_is_no_charter_at_all_is_refused(text: str) -> None:
    with pytest.raises(BadCharter):
        charter_text.read(text)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("bands: [50, 30", "bands: [30, 50", "scoring.bands"),
        ("grades: {A: 70", "grades: {A: 40", "scoring.grades"),
        ("match: {kinds: [demo_requested]}", "match: {direction: inbound}", "scoring.engagement.0.match"),
        ("match: {kinds: [demo_requested]}", "match: {kinds: [demo]}", "scoring.engagement.0.match.kinds.0"),
        ("at_least: 50", "at_least: 50\n      any_of: [big]", "scoring.fit.2"),
        ('mon: ["09:00-17:00"]', 'mon: ["17:00-09:00"]', "routing.hours.mon.0"),
        ('mon: ["09:00-17:00"]', 'mon: ["25:00-26:00"]', "routing.hours.mon.0"),
        ("name: Sales desk}", "name: Sales desk, time_zone: Mars/Olympus}", "routing.owners.0.time_zone"),
        ("name: Sales desk}", "name: Sales desk, time_zone: ../etc}", "routing.owners.0.time_zone"),
        (
            "name: Sales desk}",
            "name: Sales desk, away: [{first_day: 2026-08-02, last_day: 2026-08-01}]}",
            "routing.owners.0.away.0",
        ),
        ("{id: bad-timing", "{id: no-budget", "rejection_reasons"),
        ("model: first_last", "model: first_last\n  colour: red", "attribution.colour"),
    ],
)
def test_each_promise_of_the_document_is_checked(old: str, new: str, path: str) -> None:
    assert list(mistakes((old, new))) == [path]


def test_a_part_that_is_missing_and_one_that_is_not_known_are_both_told() -> None:
    assert set(mistakes(("\nsla:", "\nslo:"))) == {"sla", "slo"}


def test_an_owner_may_have_a_zone_and_hours_of_their_own() -> None:
    owner = (
        "{id: sales-desk, name: Desk, time_zone: Europe/Madrid, hours: {mon: ['08:00-24:00']},"
        " away: [{first_day: 2026-08-01, last_day: 2026-08-01}]}"
    )
    text = charter_text.default_text().replace("{id: sales-desk, name: Sales desk}", owner)
    assert charter_text.read(text).routing.owners[0].time_zone == "Europe/Madrid"


def test_a_kind_cannot_be_vanity_and_earn_credit() -> None:
    assert "attribution" in mistakes(("vanity_kinds: [social_followed", "vanity_kinds: [chat"))
