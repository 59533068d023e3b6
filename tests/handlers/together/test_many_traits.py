"""More is told of somebody than a card has room for: they are handed over all the same."""

from pathlib import Path
from typing import Any

from shared.kernel.instant import Instant, to_text
from tests.handlers.together.market import NOW, market


def identify(number: int) -> dict[str, Any]:
    """A call with traits that no other call tells, as large as a door takes."""
    traits = {f"t{number}-{nr}": "x" * 900 for nr in range(31)}
    return _said(number, type="identify", traits=traits)


def _said(number: int, **said: Any) -> dict[str, Any]:
    at = to_text(Instant(NOW - 100_000 + number))
    return {"userId": "ana", "messageId": f"m-{number}", "timestamp": at, **said}


async def test_a_lead_with_more_traits_than_fit_is_handed_over(tmp_path: Path) -> None:
    demo = _said(99, type="track", event="Demo Requested", properties={"email": "ana@acme.com"})
    async with market(tmp_path) as together:
        await together.post("/v1/batch", {"batch": [*map(identify, range(36)), demo]})
        (person,) = (await together.get("ingest", "/v1/people", user_id="ana"))["items"]
        assert person["flags"] == ["traits_cut"]
        assert person["id"] in {one["person_id"] for one in (await together.get("handoff", "/v1/handoffs"))["items"]}
