"""The books: they balance on a true account, and on none that is off by one event, one lead or one cent."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from tests.demo.books import MODELS, Evidence, OwnBooks, balance
from tests.demo.calls import Json
from tests.demo.deals import Deal
from tests.demo.story import Expected

_ANA, _BEN = "ana@acme.example", "ben@acme.example"
_LEAD: Json = {"handoff_id": "h1", "cycle": 1, "person": {"emails": [_ANA]}}


def _webhook(webhook_id: str, lead: Json) -> Json:
    return {"webhook_id": webhook_id, "answered": 200, "message": {"type": "lead.qualified", "data": lead}}


def _event(message_id: str) -> Json:
    return {"message_id": message_id, "state": "stored"}


_OWN = OwnBooks(
    sent=[
        {"message_id": "m1", "state": "accepted"},
        {"message_id": "m2", "state": "accepted"},
        {"message_id": "m2", "state": "accepted"},
        {"message_id": "m3", "state": "rejected"},
        {"deal": "d1", "version": 1},
    ],
    received=[{"webhook_id": "w1", "answered": 503}, _webhook("w1", _LEAD)],
    answered=[{"handoff_id": "h1", "act": "accept", "answered": 200}],
    expected=Expected(
        asked=MappingProxyType({_ANA: None}),
        addresses=frozenset({_ANA, _BEN}),
        devices=MappingProxyType({_ANA: ("a1", "a2")}),
        deals=MappingProxyType({"d1": Deal("d1", "won", 1001, (_ANA,), 5, ())}),
    ),
)
_TRUE = Evidence(
    events=[_event("m1"), _event("m2")],
    rejected_bodies=['{"messageId": "m3"}'],
    reported=dict.fromkeys(MODELS, 1001),
    credited={model: {"d1": 1001} for model in MODELS},
    deals={"d1": {"id": "d1", "status": "won", "amount_minor": 1001}},
    handoffs=[{"id": "h1", "status": "accepted", "delivered_at": "t", "accepted_at": "t", "contacted_at": None}],
    people={_ANA: [{"anonymous_ids": ["a1", "a2", "a3"]}]},
)


def _broken(own: OwnBooks, evidence: Evidence) -> list[str]:
    return [check.name for check in balance(own, evidence) if not check.holds]


def test_a_true_account_balances() -> None:
    assert _broken(_OWN, _TRUE) == []


@pytest.mark.parametrize(
    ("change", "noticed_by"),
    [
        ({"events": [_event("m1")]}, "calls acknowledged, and stored once"),
        ({"events": [_event("m1"), _event("m2"), _event("m2")]}, "calls sent again, and stored once"),
        ({"events": [_event("m1"), _event("m2"), _event("m9")]}, "calls acknowledged, and all that is stored"),
        ({"rejected_bodies": []}, "bad calls refused, and listed as rejected"),
        ({"people": {_ANA: [{"anonymous_ids": ["a1"]}]}}, "people on two devices, and found as one"),
        ({"reported": dict.fromkeys(MODELS, 1001) | {"linear": 1000}}, "cents won, and reported: linear"),
        (
            {"credited": {model: {"d1": 1001} for model in MODELS} | {"single": {"d1": 1002}}},
            "won deals, and credited to the cent: single",
        ),
        ({"deals": {}}, "deals posted, and held as last posted"),
        (
            {"handoffs": [*_TRUE.handoffs, {"id": "h2", "delivered_at": None}]},
            "hand-offs in the CRM, and all that were made",
        ),
        ({"handoffs": []}, "leads delivered, and a hand-off each"),
        ({"handoffs": [_TRUE.handoffs[0] | {"accepted_at": None}]}, "answers taken, and shown by the hand-off"),
    ],
)
def test_the_books_notice_what_the_services_got_wrong(change: dict[str, Any], noticed_by: str) -> None:
    assert noticed_by in _broken(_OWN, replace(_TRUE, **change))


@pytest.mark.parametrize(
    ("received", "noticed_by"),
    [
        ([], "people who asked, and were delivered"),
        ([_webhook("w1", _LEAD), _webhook("w2", _LEAD)], "leads delivered, and once a person and cycle"),
        ([_webhook("w1", _LEAD | {"person": {"emails": ["x@y.example"]}})], "leads delivered, and to a known address"),
        (
            [_webhook("w1", _LEAD), {"webhook_id": "w9", "answered": 401}],
            "webhooks received, and signed as they must be",
        ),
    ],
)
def test_the_books_notice_what_the_crm_got_wrong(received: list[Json], noticed_by: str) -> None:
    assert noticed_by in _broken(replace(_OWN, received=received), _TRUE)


@pytest.mark.parametrize(
    ("answered", "noticed_by"),
    [
        ([], "leads delivered, and answered by sales"),
        ([_OWN.answered[0] | {"answered": 422}], "answers by sales, and taken or settled before"),
    ],
)
def test_the_books_notice_an_answer_that_was_not_heard(answered: list[Json], noticed_by: str) -> None:
    assert noticed_by in _broken(replace(_OWN, answered=answered), _TRUE)


def test_a_webhook_that_came_twice_is_one_lead() -> None:
    assert _broken(replace(_OWN, received=[_webhook("w1", _LEAD), _webhook("w1", _LEAD)]), _TRUE) == []


def test_a_lead_in_its_next_cycle_may_be_delivered_again() -> None:
    again = _webhook("w2", _LEAD | {"cycle": 2, "handoff_id": "h2"})
    handoffs = [*_TRUE.handoffs, _TRUE.handoffs[0] | {"id": "h2"}]
    answers = [*_OWN.answered, _OWN.answered[0] | {"handoff_id": "h2"}]
    own = replace(_OWN, received=[_webhook("w1", _LEAD), again], answered=answers)
    assert _broken(own, replace(_TRUE, handoffs=handoffs)) == []
