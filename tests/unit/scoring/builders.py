"""Facts as the tests tell them: days on a calendar of their own, ids that say what happened."""

from typing import Any

from services.scoring.domain.facts import Card, Touch
from services.scoring.settings import rules_of
from shared.contracts import charter_text
from shared.kernel.instant import DAY

RULES = rules_of(charter_text.default())
START = 20_000 * DAY
"""Midnight, so that days of rules and days of tests are the same."""


def day(number: float) -> int:
    """So many days after the start."""
    return START + int(number * DAY)


def touch(kind: str, on_day: float = 0, **given: Any) -> Touch:
    """A touchpoint that counts, under an id made of its kind and day."""
    defaults: dict[str, Any] = {
        "id": f"{kind}@{on_day:g}",
        "call_type": "page" if kind == "page_viewed" else "track",
        "kind": kind,
        "name": kind.replace("_", " ").title(),
        "channel": "organic_search",
    }
    return Touch(occurred_at=day(on_day), **{**defaults, **given})


def page(path: str, on_day: float = 0, **given: Any) -> Touch:
    """A page view."""
    return touch("page_viewed", on_day, page_path=path, **{"id": f"{path}@{on_day:g}", **given})


def identify(on_day: float = 0, **given: Any) -> Touch:
    """A call that only says who somebody is."""
    return touch("custom", on_day, **{"call_type": "identify", "id": f"identify@{on_day:g}", **given})


def known(on_day: float = 0, **given: Any) -> Card:
    """A card with an e-mail address since a day."""
    return Card(
        **{"emails": ("ana@gmail.com",), "known_since": day(on_day), "known_by": f"identify@{on_day:g}", **given}
    )


def fitting(on_day: float = 0) -> Card:
    """A known person of grade A."""
    return known(on_day, emails=("ana@acme.example",), traits={"title": "VP Marketing", "employees": 200})
