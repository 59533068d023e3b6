"""Do the books balance: what was sent against what is there, what was asked for against what came.

Pure, on data given. Of the two figures of a check at least one is ours: from the sender's ledger, from the
receiver's file, or from what the sender knows. No figure of a service is compared with itself.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.demo.calls import Json
from tests.demo.story import Expected

MODELS = ("first_last", "linear", "single")


@dataclass(frozen=True, slots=True)
class OwnBooks:
    """The demo's own files, a line an entry, and what it knows: sender, receiver, clerk."""

    sent: Sequence[Json]
    received: Sequence[Json]
    answered: Sequence[Json]
    expected: Expected


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the services say, as far as it is of this run."""

    events: Sequence[Json]
    rejected_bodies: Sequence[str]
    reported: Mapping[str, int]
    """By model, the sum of its rows, in minor units."""
    credited: Mapping[str, Mapping[str, int]]
    """By model and won deal, the sum of the deal's credits, in minor units."""
    deals: Mapping[str, Json]
    handoffs: Sequence[Json]
    people: Mapping[str, Sequence[Json]]
    """By address, who answers to it; of those who use two devices."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the balance: it holds where both figures are the same."""

    name: str
    ours: int
    theirs: int

    @property
    def holds(self) -> bool:
        return self.ours == self.theirs


def balance(own: OwnBooks, evidence: Evidence) -> list[Check]:
    """Every check, in the order in which they are read."""
    return [*_calls(own, evidence), *_people(own, evidence), *_leads(own, evidence), *_money(own, evidence)]


def leads_received(received: Sequence[Json]) -> dict[str, Json]:
    """Leads by webhook id, out of the receiver's file; a webhook that came twice is one."""
    return {
        line["webhook_id"]: line["message"]["data"]
        for line in received
        if line["answered"] == 200 and line["message"]["type"] == "lead.qualified"
    }


def _calls(own: OwnBooks, evidence: Evidence) -> list[Check]:
    acknowledged = Counter(line["message_id"] for line in own.sent if line.get("state") == "accepted")
    refused = {line["message_id"] for line in own.sent if line.get("state") == "rejected"}
    stored = Counter(event["message_id"] for event in evidence.events if event["state"] == "stored")
    again = [message_id for message_id, times in acknowledged.items() if times > 1]
    listed = sum(any(message_id in body for body in evidence.rejected_bodies) for message_id in refused)
    return [
        Check("calls acknowledged, and stored once", len(acknowledged), sum(stored[m] == 1 for m in acknowledged)),
        Check("calls acknowledged, and all that is stored", len(acknowledged), stored.total()),
        Check("calls sent again, and stored once", len(again), sum(stored[m] == 1 for m in again)),
        Check("bad calls refused, and listed as rejected", len(refused), listed),
    ]


def _people(own: OwnBooks, evidence: Evidence) -> list[Check]:
    joined = sum(
        len(found := evidence.people[email]) == 1 and set(devices) <= set(found[0]["anonymous_ids"])
        for email, devices in own.expected.devices.items()
    )
    return [Check("people on two devices, and found as one", len(own.expected.devices), joined)]


def _leads(own: OwnBooks, evidence: Evidence) -> list[Check]:
    leads = leads_received(own.received)
    addresses = [_address(lead, own.expected) for lead in leads.values()]
    ids = {lead["handoff_id"] for lead in leads.values()}
    made = {handoff["id"] for handoff in evidence.handoffs}
    delivered = {handoff["id"] for handoff in evidence.handoffs if handoff.get("delivered_at")}
    cycles = {(address, lead["cycle"]) for address, lead in zip(addresses, leads.values(), strict=True)}
    forged = sum(line["answered"] == 401 for line in own.received)
    answered = {line["handoff_id"] for line in own.answered}
    taken, shown = _acts(own, evidence)
    return [
        Check("webhooks received, and signed as they must be", len(own.received), len(own.received) - forged),
        Check(
            "people who asked, and were delivered",
            len(own.expected.asked),
            len(own.expected.asked.keys() & set(addresses)),
        ),
        Check("leads delivered, and to a known address", len(leads), sum(address != "" for address in addresses)),
        Check("leads delivered, and once a person and cycle", len(leads), len(cycles)),
        Check("leads delivered, and a hand-off each", len(leads), len(ids & delivered)),
        Check("hand-offs in the CRM, and all that were made", len(ids), len(ids | made)),
        Check("leads delivered, and answered by sales", len(ids), len(answered)),
        Check("answers by sales, and taken or settled before", len(own.answered), taken + _too_late(own)),
        Check("answers taken, and shown by the hand-off", taken, shown),
    ]


def _address(lead: Json, expected: Expected) -> str:
    """The address we know this lead by; empty where we gave none of its addresses."""
    return next((email for email in lead["person"]["emails"] if email in expected.addresses), "")


def _acts(own: OwnBooks, evidence: Evidence) -> tuple[int, int]:
    """How many answers the services acknowledged, and how many of them the hand-offs show."""
    handoffs = {handoff["id"]: handoff for handoff in evidence.handoffs}
    acknowledged = [line for line in own.answered if 200 <= line["answered"] < 300]
    return len(acknowledged), sum(_shows(handoffs.get(line["handoff_id"], {}), line["act"]) for line in acknowledged)


def _too_late(own: OwnBooks) -> int:
    """Answers to what was no longer open: a call that came as a touchpoint is contact by itself."""
    return sum(line["answered"] == 409 for line in own.answered)


def _shows(handoff: Json, act: str) -> bool:
    if act == "reject":
        return handoff.get("status") in ("rejected", "recycled", "closed")
    return bool(handoff.get("accepted_at" if act == "accept" else "contacted_at"))


def _money(own: OwnBooks, evidence: Evidence) -> list[Check]:
    deals = own.expected.deals
    won = {deal.id: deal.amount_minor for deal in deals.values() if deal.status == "won"}
    posted = {line["deal"] for line in own.sent if "deal" in line}
    as_posted = sum(
        (found := evidence.deals.get(deal_id)) is not None
        and (found["status"], found["amount_minor"]) == (deals[deal_id].status, deals[deal_id].amount_minor)
        for deal_id in posted
    )
    checks = [Check("deals posted, and held as last posted", len(posted), as_posted)]
    for model in MODELS:
        exact = sum(evidence.credited[model].get(deal_id) == amount for deal_id, amount in won.items())
        checks.append(Check(f"won deals, and credited to the cent: {model}", len(won), exact))
        checks.append(Check(f"cents won, and reported: {model}", sum(won.values()), evidence.reported[model]))
    return checks
