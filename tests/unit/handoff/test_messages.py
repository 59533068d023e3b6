"""The bodies CRMs get."""

import json
import re
from dataclasses import replace

import pytest

from services.handoff.domain.lead import Handoff
from services.handoff.domain.messages import (
    MAX_BYTES,
    Account,
    Brief,
    JourneyLine,
    Links,
    Parcel,
    Person,
    Reason,
    endpoint_test,
    handoff_reassigned,
    handoff_sla_breached,
    handoff_updated,
    lead_qualified,
    message_id,
    person_merged,
)
from services.handoff.domain.routing import Owner
from shared.kernel import instant
from shared.kernel.instant import HOUR, Instant

AT = instant.parse("2026-11-23T12:00:00Z")
LINE = JourneyLine(AT, "page_viewed", "organic_search", "Read Pricing")
BRIEF = Brief(
    person=Person("ana", "Ana Müller", ("ana@example.test",), ("+4930123456",), "CTO"),
    stage="mql",
    fit_grade="A",
    fit_points=80.0,
    engagement_points=62.5,
    as_of=AT,
    account=Account("acc", "Example", "example.test"),
    reasons=(Reason("Asked for a demo", 50.0),),
    journey=(LINE,),
    first_touch={"channel": "organic_search"},
    themes=("speed",),
)
PARCEL = Parcel(
    Handoff("h1", "p1", "ana", 1, "rep", AT, Instant(AT + 4 * HOUR), Instant(AT + 24 * HOUR)),
    Owner("rep", "Rep", "rep@example.test"),
    BRIEF,
    Links("https://t.test/a", "https://t.test/r", "https://t.test/j"),
)


def test_a_qualified_lead_is_told_with_these_keys_in_this_order() -> None:
    assert lead_qualified(PARCEL, AT).decode() == (
        '{"type":"lead.qualified","timestamp":"2026-11-23T12:00:00.000Z","data":{"handoff_id":"h1","version":1,'
        '"person":{"id":"ana","name":"Ana Müller","emails":["ana@example.test"],"phones":["+4930123456"],'
        '"title":"CTO"},'
        '"account":{"id":"acc","name":"Example","domain":"example.test"},'
        '"owner":{"id":"rep","name":"Rep","email":"rep@example.test"},"stage":"mql","cycle":1,'
        '"fit":{"grade":"A","points":80.0},"engagement":{"points":62.5,"as_of":"2026-11-23T12:00:00.000Z"},'
        '"reasons":[{"text":"Asked for a demo","points":50.0}],'
        '"journey":[{"occurred_at":"2026-11-23T12:00:00.000Z","kind":"page_viewed","channel":"organic_search",'
        '"text":"Read Pricing"}],"first_touch":{"channel":"organic_search"},"themes":["speed"],'
        '"accept_by":"2026-11-23T16:00:00.000Z","contact_by":"2026-11-24T12:00:00.000Z",'
        '"links":{"accept":"https://t.test/a","reject":"https://t.test/r","journey":"https://t.test/j"}}}'
    )


def test_the_other_messages_say_their_type_and_add_their_own() -> None:
    rejected = replace(PARCEL, handoff=replace(PARCEL.handoff, status="rejected", reason="poor_fit", version=2))
    before = Owner("old", "Old", "old@example.test")
    told = [
        json.loads(handoff_updated(rejected, AT)),
        json.loads(handoff_reassigned(PARCEL, before, AT)),
        json.loads(handoff_sla_breached(PARCEL, "accept", AT, AT)),
    ]
    assert [message["type"] for message in told] == ["handoff.updated", "handoff.reassigned", "handoff.sla_breached"]
    assert [list(message["data"].items())[16:] for message in told] == [
        [("status", "rejected"), ("reason", "poor_fit")],
        [("status", "assigned"), ("previous_owner", {"id": "old", "name": "Old", "email": "old@example.test"})],
        [("status", "assigned"), ("promise", "accept"), ("due", "2026-11-23T12:00:00.000Z")],
    ]


def test_a_merge_and_a_test_name_ids_only() -> None:
    merged = json.loads(person_merged("old", "ana", "h1", "h2", AT))
    assert merged["data"] == {"from": "old", "into": "ana", "handoff_id": "h1", "closed_handoff_id": "h2"}
    assert json.loads(endpoint_test("e1", AT))["data"]["endpoint_id"] == "e1"


def test_a_message_id_is_the_same_on_every_redo_and_one_an_endpoint_and_version() -> None:
    assert message_id("h1", "e1", 1) == message_id("h1", "e1", 1)
    assert len({message_id("h1", "e1", 1), message_id("h1", "e2", 1), message_id("h1", "e1", 2)}) == 3
    assert re.fullmatch(r"msg_[0-9a-f]{32}", message_id("h1", "e1", 1))


def test_the_last_ten_lines_and_the_first_three_reasons_are_told() -> None:
    journey = tuple(replace(LINE, text=str(number)) for number in range(12))
    reasons = tuple(Reason(str(number), 1.0) for number in range(5))
    body = json.loads(lead_qualified(replace(PARCEL, brief=replace(BRIEF, journey=journey, reasons=reasons)), AT))
    assert [line["text"] for line in body["data"]["journey"]] == [str(number) for number in range(2, 12)]
    assert len(body["data"]["reasons"]) == 3


def test_text_that_a_crm_chokes_on_is_cleaned() -> None:
    emails = ("a" * 300, "a\n@b", "ana@example.test")
    person = replace(BRIEF.person, name="A\u0000n\ud800a", title="x" * 300, emails=emails)
    body = json.loads(lead_qualified(replace(PARCEL, brief=replace(BRIEF, person=person, account=None)), AT))
    told = body["data"]["person"]
    assert told["name"] == "A n a"
    assert (len(told["title"]), told["title"][-1]) == (256, "…")
    assert told["emails"] == ["ana@example.test"]
    assert body["data"]["account"] is None


def test_what_is_not_known_is_null() -> None:
    brief = Brief(Person("ana"), "mql", "D", 0.0, 50.0, AT)
    told = json.loads(handoff_updated(replace(PARCEL, brief=brief), AT))["data"]
    assert told["person"] == {"id": "ana", "name": None, "emails": [], "phones": [], "title": None}
    assert told["account"] is told["reason"] is None
    assert told["journey"] == told["reasons"] == told["themes"] == []


def test_a_message_that_is_too_large_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="too large"):
        endpoint_test("e" * MAX_BYTES, AT)


def test_the_largest_message_fits() -> None:
    rocket = "\U0001f680" * 300
    address = rocket[:256]
    brief = Brief(
        person=Person("ana", rocket, (address,) * 9, (address,) * 9, rocket),
        stage="mql",
        fit_grade="A",
        fit_points=80.0,
        engagement_points=62.5,
        as_of=AT,
        account=Account(rocket, rocket, rocket),
        reasons=(Reason(rocket, 1.0),) * 9,
        journey=(JourneyLine(AT, "webinar_attended", "organic_search", rocket),) * 20,
        first_touch={f"{number}{rocket}": rocket for number in range(20)},
        themes=(rocket,) * 9,
    )
    assert len(lead_qualified(replace(PARCEL, brief=brief), AT)) <= MAX_BYTES


def test_a_link_and_a_number_that_cannot_be_sent_are_errors_of_ours() -> None:
    long_link = replace(PARCEL.links, accept="https://t.test/" + "a" * 2_048)
    with pytest.raises(ValueError, match="link"):
        lead_qualified(replace(PARCEL, links=long_link), AT)
    with pytest.raises(ValueError, match="JSON"):
        lead_qualified(replace(PARCEL, brief=replace(BRIEF, fit_points=float("nan"))), AT)


def test_an_update_may_say_why_it_is_told() -> None:
    told = json.loads(handoff_updated(PARCEL, AT, "no_longer_qualified"))["data"]
    assert (told["status"], told["reason"]) == ("assigned", "no_longer_qualified")
