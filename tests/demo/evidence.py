"""Gathers what the services say for the books: over HTTP, page after page, and of this run only.

On a deployment that holds more than this run, what was there before is taken off.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.demo.books import MODELS, Evidence
from tests.demo.calls import Json
from tests.demo.deals import CURRENCY
from tests.demo.deployment import Reader
from tests.demo.plot import message_prefix
from tests.demo.story import Story


@dataclass(frozen=True, slots=True)
class Before:
    """What a deployment held before the run."""

    reported: Mapping[str, int]
    handoffs: frozenset[str]


NOTHING = Before(dict.fromkeys(MODELS, 0), frozenset())
"""What a deployment that was started for this run held before it."""


def look_before(reader: Reader) -> Before:
    """What is there now, for a deployment that has been used already."""
    return Before(_reported(reader), frozenset(item["id"] for item in reader.pages("handoff", "/v1/handoffs")))


def gather(reader: Reader, story: Story, before: Before) -> Evidence:
    """What the services say of the story."""
    own = message_prefix(story.tag)
    expected = story.expected
    won = [deal.id for deal in expected.deals.values() if deal.status == "won"]
    reported = _reported(reader)
    return Evidence(
        events=[
            event for event in reader.pages("ingest", "/v1/events") if (event.get("message_id") or "").startswith(own)
        ],
        rejected_bodies=[
            item["body"] for item in reader.pages("ingest", "/v1/rejected") if own in (item.get("body") or "")
        ],
        reported={model: reported[model] - before.reported[model] for model in MODELS},
        credited={model: {deal_id: _credited(reader, deal_id, model) for deal_id in won} for model in MODELS},
        deals={item["id"]: item for item in reader.pages("attribution", "/v1/deals") if item["id"] in expected.deals},
        handoffs=[item for item in reader.pages("handoff", "/v1/handoffs") if item["id"] not in before.handoffs],
        people={email: reader.get("ingest", "/v1/people", email=email)["items"] for email in expected.devices},
    )


def attribution(reader: Reader, group_by: str) -> Json:
    """The attribution report of the demo's models, over all time."""
    return reader.get(
        "attribution", "/v1/attribution", models=",".join(MODELS), group_by=group_by, currency=CURRENCY
    )  # fmt: skip


def _reported(reader: Reader) -> dict[str, int]:
    models = attribution(reader, "channel")["models"]
    return {model: sum(row["amount_minor"] for row in models[model]["rows"]) for model in MODELS}


def _credited(reader: Reader, deal_id: str, model: str) -> int:
    answer = reader.get("attribution", f"/v1/deals/{deal_id}/credits", model=model)
    return sum(credit["amount_minor"] for credit in answer["credits"])
