"""What holds of the books of closed months, whatever becomes known and whenever a month is closed."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.domain.books import Entry, adjustments, lines
from services.attribution.domain.credit import credit
from services.attribution.domain.deal import Deal
from services.attribution.domain.journey import JourneyRules
from services.attribution.domain.models import MODELS
from services.attribution.domain.touch import Touch
from shared.contracts.envelope import Emit
from tests.handlers.attribution.scene import Scene, deal, merged, scene, split, touch
from tests.properties.attribution.strategies import touches
from tests.properties.attribution.test_credit import deals, rules, walked

MONTHS = ("2026-04", "2026-05")
STORY = (
    touch("t1", 1, channel="organic_search", campaign={"name": "spring"}),
    touch("t2", 2, "ben", channel="email"),
    touch("t3", 3, channel="phone"),
    touch("t3", 3, "ben", channel="phone", revision=2),
    touch("t4", 4, channel="event", withdrawn=True, revision=2),
    touch("t4", 4, channel="event"),
    merged("ben", "ana"),
    split("ben"),
    deal("d-1"),
    deal("d-1", "ana", "ben", version=2, amount_minor=99_99, account="acme"),
    deal("d-1", version=3, status="lost"),
    deal("d-1", version=4, closed=130, account="acme"),
    deal("d-2", "ben", closed=131, amount_minor=7),
    deal("d-3", closed=1.5, account="acme"),
)  # fmt: skip
SUMS = Counter[tuple[str, str]]
K = TypeVar("K")


async def told(stage: Scene, group_by: str, **query: str) -> SUMS:
    """By model and key, the rows of a report over all time."""
    models = (await stage.get("/v1/attribution", group_by=group_by, **query))["models"]
    rows = ((name, row) for name, model in models.items() for row in model["rows"])
    return SUMS({(name, str(row["key"])): row["amount_minor"] for name, row in rows})


async def added(stage: Scene, group_by: str) -> SUMS:
    """By model and key, all adjustments to all months, as their lists say."""
    found = SUMS()
    for name in MODELS:
        for month in MONTHS:
            page = await stage.get(f"/v1/periods/{month}/adjustments", model=name, group_by=group_by, limit="1000")
            for item in page["items"]:
                found[name, str(item["key"])] += item["amount_minor"]
    return found


def nonzero(sums: Counter[K]) -> dict[K, int]:
    """The sums that are any money: nothing is no row in a report."""
    return {key: amount for key, amount in sums.items() if amount}


async def balances(batches: Sequence[Sequence[Emit]], closed_after: Sequence[int]) -> None:
    """Tell the batches, close a month after some of them, and compare the books at the end."""
    with TemporaryDirectory() as folder:
        async with scene(Path(folder)) as stage:
            for number, batch in enumerate(batches):
                await stage.tell(*batch)
                for month in (month for month, after in zip(MONTHS, closed_after, strict=True) if after == number):
                    assert (await stage.post(f"/v1/periods/{month}/close")).status_code == 200
            for group_by in ("channel", "account,kind", "campaign,department"):
                sums = await told(stage, group_by, view="as_reported")
                sums.update(await added(stage, group_by))
                known = await told(stage, group_by)
                assert nonzero(sums) == nonzero(known)


@given(st.permutations(STORY), st.sets(st.integers(1, len(STORY) - 1), min_size=2, max_size=6), st.data())
@settings(max_examples=15)
def test_as_reported_and_all_adjustments_sum_to_what_is_known(
    events: list[Emit], cuts: set[int], data: st.DataObject
) -> None:
    borders = [0, *sorted(cuts), len(events)]
    closed_after = [data.draw(st.integers(0, len(cuts))) for _ in MONTHS]
    asyncio.run(balances([events[start:end] for start, end in pairwise(borders)], closed_after))


PERIODS = st.sampled_from((None, "2026-01", "2026-02"))


@given(deals(), touches(), touches(), rules(), PERIODS, PERIODS)
def test_what_a_change_adds_is_the_one_less_the_other(
    close: Deal, found: list[Touch], later: list[Touch], rules: JourneyRules, old: str | None, new: str | None
) -> None:
    parts = [
        lines(close.currency, None, {"linear": credit(close, walked(close, known, rules), MODELS["linear"])})
        for known in (found, later)
    ]
    before, after = (Entry(period, each) for period, each in zip((old, new), parts, strict=True))
    changed = adjustments(before, after)
    for period in ("2026-01", "2026-02"):
        sums = Counter({line: earned.amount_minor for line, earned in before.lines.items() if old == period})
        sums.update({one.line: one.earned.amount_minor for one in changed if one.period == period})
        known = Counter({line: earned.amount_minor for line, earned in after.lines.items() if new == period})
        assert nonzero(sums) == nonzero(known)


@given(deals(), touches(), rules(), PERIODS)
def test_what_did_not_change_adds_nothing(close: Deal, found: list[Touch], rules: JourneyRules, period: str) -> None:
    parts = {"linear": credit(close, walked(close, found, rules), MODELS["linear"])}
    entry = Entry(period, lines(close.currency, close.account_id, parts))
    assert adjustments(entry, entry) == []
