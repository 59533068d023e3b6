"""Fit: points for whom we sell to, and a grade."""

from typing import Any

import pytest

from services.scoring.domain.facts import NOBODY, Card
from services.scoring.domain.fit import fit
from tests.unit.scoring.builders import RULES, fitting, known


def test_somebody_of_whom_nothing_is_known_is_a_d() -> None:
    assert fit(NOBODY, RULES).grade == "D"


def test_a_deciding_person_at_a_company_of_size_is_an_a() -> None:
    found = fit(fitting(), RULES)
    assert (found.grade, found.points) == ("A", 85)
    assert sum(entry.points for entry in found.entries) == 85


@pytest.mark.parametrize("title", ["Director of Sales", "co-founder", "VP, Marketing"])
def test_a_title_is_read_by_its_words(title: str) -> None:
    assert fit(Card(traits={"title": title}), RULES).points == 35


@pytest.mark.parametrize("title", ["Coordinator", "International Services", "", 7, None, ["ceo"]])
def test_a_part_of_a_word_is_no_title(title: Any) -> None:
    assert fit(Card(traits={"title": title}), RULES).points == 0


@pytest.mark.parametrize(("size", "points"), [(50, 30), ("120", 30), (49, 0), ("many", 0), ("nan", 0), (True, 0)])
def test_company_size_may_be_a_number_or_a_text(size: Any, points: int) -> None:
    assert fit(Card(traits={"company": {"employees": size}}), RULES).points == points


def test_negative_points_never_go_below_zero() -> None:
    student = known(emails=("ana@uni.edu",), traits={"title": "Student"})
    assert fit(student, RULES).points == 0


def test_the_cell_names_grade_and_band() -> None:
    assert [RULES.cell("B", points) for points in (50, 49.9, 15, 0)] == ["B1", "B2", "B3", "B4"]
