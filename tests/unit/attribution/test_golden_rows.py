"""What the file of a rule model says that it gives to a journey is what it gives: its golden rows."""

import re
from dataclasses import replace
from fractions import Fraction
from importlib import import_module

import pytest

from services.attribution.domain.journey import Journey
from services.attribution.domain.models import MODELS
from tests.unit.attribution.builders import at_days, met

_ROW = re.compile(r"(One|Two|Six)[^:.]*:\s+([\d.,/\s]+?) %")
_COUNTS = {"One": 1, "Two": 2, "Six": 6}


def golden(count: int) -> Journey:
    """Of up to six, ten days apart: A the first, B made the lead, C asked for a demo, D came before the deal, F came
    directly and closed it.
    """
    days = [10 * n for n in range(count)]
    path = at_days(*days, lead=10, deal=30, won=50)
    kinds, channels = {20: "demo_requested"}, {50: "direct"}
    found = (met(day, kinds.get(day, "chat"), channel=channels.get(day, "chat")) for day in days)
    return replace(path, interactions=tuple(found))


def rows(model: str) -> dict[int, list[Fraction]]:
    """The golden rows of a model's file, in percent, by how many interactions there are."""
    told = import_module(f"services.attribution.domain.models.{model}").__doc__ or ""
    return {_COUNTS[count]: [Fraction(part) for part in row.split(", ")] for count, row in _ROW.findall(told)}


def as_printed(percent: list[Fraction]) -> list[float]:
    """To the four digits that vendors print."""
    return [round(float(part), 4) for part in percent]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_gives_what_its_file_says(model: str) -> None:
    told = rows(model)
    assert 6 in told, "a model says what it gives six interactions"
    for count, expected in told.items():
        given = MODELS[model].shares(golden(count))
        assert as_printed([100 * share for share in given]) == as_printed(expected)
