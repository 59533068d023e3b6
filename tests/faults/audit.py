"""What the services say in the end: held against the sender's and the receiver's books, and told so that two runs
of one story can be compared.

The state of a run names people by their identifiers and events by their message ids, without the tag of the run;
it leaves out what may differ: ids, owners of hand-offs, what was sent when.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.demo.calls import Json
from tests.demo.deployment import Reader
from tests.demo.player import Ledger as Book
from tests.faults.ledger import Ledger
from tests.faults.story import Story

MODELS = ("first_last", "linear", "single")
Names = tuple[str, ...]
_NAMES = ("emails", "user_ids", "anonymous_ids", "phones")


@dataclass(frozen=True, slots=True)
class Books:
    """What is known outside the system."""

    story: Story
    sent: Ledger
    received: Book


@dataclass(frozen=True, slots=True)
class State:
    """What a run came to."""

    journeys: Mapping[Names, tuple[str, ...]]
    """Of everybody, by all their identifiers: their events in order."""
    stages: Mapping[Names, tuple[Any, ...]]
    """Of every lead: its stage, grade, cycle, and how it came there."""
    deals: Mapping[str, tuple[Any, ...]]
    """Of every deal: its status, amount, version and people."""
    credits: Mapping[str, tuple[Any, ...]]
    """Of every won deal and model: which event earned what."""


def differences(books: Books, reader: Reader, deaths: int) -> list[str]:
    """Everything in which the services contradict the books; `deaths`: how often a process may have died."""
    return [*_of_events(books, reader), *_of_leads(books, reader, deaths), *_of_deals(books, reader)]


def _of_events(books: Books, reader: Reader) -> Iterator[str]:
    stored = Counter(event["message_id"] for event in reader.pages("ingest", "/v1/events"))
    sent, acked = books.sent.ids("sent"), books.sent.ids("acked") & books.story.message_ids
    yield from (f"{one} was taken and is lost" for one in sorted(acked - stored.keys()))
    yield from (f"{one} was never sent" for one in sorted(stored.keys() - sent))
    yield from (f"{one} is stored {times} times" for one, times in stored.items() if times != 1)
    yield from (f"{one} was refused" for one in sorted(books.sent.ids("rejected")))
    yield from (f"{one} was never taken" for one in sorted(books.story.message_ids - acked))


def _of_leads(books: Books, reader: Reader, deaths: int) -> Iterator[str]:
    webhooks: dict[str, set[str]] = defaultdict(set)
    handoffs: dict[str, set[str]] = defaultdict(set)
    taken: Counter[str] = Counter()
    for line in books.received.lines():
        if line["answered"] == 401:
            yield f"webhook {line['webhook_id']} is not signed as it must be"
        if line["answered"] == 200 and line["message"]["type"] == "lead.qualified":
            taken[line["webhook_id"]] += 1
            lead = line["message"]["data"]
            webhooks[lead["handoff_id"]].add(line["webhook_id"])
            for email in lead["person"]["emails"]:
                handoffs[email].add(lead["handoff_id"])
    made = {handoff["id"] for handoff in reader.pages("handoff", "/v1/handoffs")}
    yield from (f"{email} was handed over {len(handoffs[email])} times" for email in sorted(books.story.asked)
                if len(handoffs[email]) != 1)  # fmt: skip
    yield from (f"hand-off {one} came as {len(ids)} webhooks" for one, ids in webhooks.items() if len(ids) != 1)
    # Who dies between sending and writing it down sends once more.
    yield from (f"webhook {one} was taken {times} times" for one, times in taken.items() if times > 1 + deaths)
    yield from (f"hand-off {one} never reached the CRM" for one in made - webhooks.keys())
    yield from (f"hand-off {one} is only in the CRM" for one in webhooks.keys() - made)


def _of_deals(books: Books, reader: Reader) -> Iterator[str]:
    held = {deal["id"]: deal for deal in reader.pages("attribution", "/v1/deals")}
    yield from (f"{one} was never sent" for one in held.keys() - books.story.deals.keys())
    for name, sold in books.story.deals.items():
        deal = held.get(name, {})
        found = (deal.get("status"), deal.get("amount_minor"), deal.get("version"))
        if found != (sold.status, sold.amount_minor, sold.version):
            yield f"{name} is {found}, not {sold}"
        elif sold.status == "won":
            for model in MODELS:
                credited = sum(credit["amount_minor"] for credit in _credits(reader, name, model))
                if credited != sold.amount_minor:
                    yield f"{model} credits {name} with {credited}, not {sold.amount_minor}"


def state(reader: Reader, story: Story) -> State:
    """What a settled run has come to."""
    teller = _Teller(story.tag, reader)
    held = list(reader.pages("attribution", "/v1/deals"))
    won = [deal["id"] for deal in held if deal["status"] == "won"]
    return State(
        journeys={names: teller.journey(person) for person, names in teller.names.items()},
        stages=teller.stages(),
        deals={teller.told(deal["id"]): teller.deal(deal) for deal in held},
        credits={f"{teller.told(name)} {model}": teller.credits(name, model) for name in won for model in MODELS},
    )


class _Teller:
    """Tells what the services say without the ids and the tag of this run."""

    def __init__(self, tag: str, reader: Reader) -> None:
        self._tag = tag
        self._reader = reader
        events = list(reader.pages("ingest", "/v1/events"))
        self._messages = {event["id"]: self.told(event["message_id"]) for event in events}
        owners = {event["person_id"] for event in events if event["person_id"] is not None}
        people = [reader.get("ingest", f"/v1/people/{person}") for person in sorted(owners)]
        self.names = {
            person["id"]: tuple(sorted(self.told(name) for kind in _NAMES for name in person[kind]))
            for person in people
        }  # fmt: skip

    def told(self, text: str) -> str:
        """A text without the tag."""
        return text.replace(self._tag, "")

    def journey(self, person: str) -> tuple[str, ...]:
        """The events of somebody, in order."""
        steps = self._reader.pages("ingest", f"/v1/people/{person}/journey")
        return tuple(self.told(step["message_id"]) for step in steps if step["message_id"] is not None)

    def stages(self) -> Mapping[Names, tuple[Any, ...]]:
        """How far every lead has come, and because of what."""
        told: dict[Names, tuple[Any, ...]] = {}
        for item in self._reader.pages("scoring", "/v1/leads"):
            lead = self._reader.get("scoring", f"/v1/leads/{item['person_id']}")
            steps = [(step["stage"], step["rule"], self._cause(step["cause_event_id"])) for step in lead["history"]]
            told[self.names[lead["person_id"]]] = (lead["stage"], lead["fit"]["grade"], lead["cycle"], *steps)
        return told

    def deal(self, deal: Json) -> tuple[Any, ...]:
        """A deal, its people by their identifiers."""
        people = sorted((self.names.get(one["person_id"], ()), one["role"]) for one in deal["people"])
        return (deal["status"], deal["amount_minor"], deal["version"], *people)

    def credits(self, deal: str, model: str) -> tuple[Any, ...]:
        """Which events earned what, in order."""
        return tuple(
            (self._cause(credit["interaction_id"]), credit["kind"], credit["channel"], credit["amount_minor"])
            for credit in _credits(self._reader, deal, model)
        )

    def _cause(self, event_id: str | None) -> str:
        # What a deal or the clock caused is no event of this list; its own id is derived and carries the tag.
        return "" if event_id is None else self._messages.get(event_id, "no touchpoint")


def _credits(reader: Reader, deal: str, model: str) -> list[Json]:
    answer = reader.get("attribution", f"/v1/deals/{deal}/credits", model=model)
    earned: list[Json] = answer["credits"]
    return earned
