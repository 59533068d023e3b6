"""Which persona somebody is: the first that fits, by whole words, of the first trait that is known."""

from typing import Any

import pytest

from services.attribution.domain.persona import Persona, persona_of
from services.attribution.settings import rules_of
from shared.contracts import charter_text

BUYER = Persona("buyer", ("title", "job.title"), contains=("cto", "vice president"))
USER = Persona("user", ("team",), any_of=frozenset({"data"}))


@pytest.mark.parametrize(
    ("traits", "persona"),
    [
        ({"title": "CTO & co-founder"}, "buyer"),
        ({"title": "Vice  President, Sales"}, "buyer"),
        ({"title": "Director"}, None),
        ({"title": " ", "job": {"title": "cto"}}, "buyer"),
        ({"title": "intern", "job": {"title": "cto"}}, None),
        ({"title": 7, "team": " Data "}, "user"),
        ({"title": "cto", "team": "data"}, "buyer"),
        ({"job": "cto"}, None),
        ({}, None),
    ],
)
def test_the_first_persona_that_fits_holds(traits: dict[str, Any], persona: str | None) -> None:
    assert persona_of(traits, (BUYER, USER)) == persona


def test_the_shipped_charter_tells_who_decides_from_who_manages() -> None:
    personas = rules_of(charter_text.default()).personas
    titles = ("Head of Marketing", "Product Manager", "Engineer")
    assert [persona_of({"title": title}, personas) for title in titles] == ["decision-maker", "manager", None]
