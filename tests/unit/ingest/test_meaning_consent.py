"""What a person allowed."""

from typing import Any

import pytest

from services.ingest.domain.consent import PURPOSES, consent_of


def chosen(preferences: Any, *flags: str, **context: Any) -> dict[str, bool]:
    return consent_of({"consent": {"categoryPreferences": preferences}, **context}, flags)


@pytest.mark.parametrize("context", [{}, {"consent": None}, {"consent": {}}, {"consent": {"categoryPreferences": [1]}}])
def test_where_nothing_was_said_nothing_is_refused(context: dict[str, Any]) -> None:
    assert consent_of(context, ()) == {}


def test_no_preference_at_all_refuses_every_purpose() -> None:
    assert chosen({}) == dict.fromkeys(PURPOSES, False)


def test_what_is_not_among_the_preferences_is_refused() -> None:
    assert chosen({" Analytics": True, "scoring": False}) == {
        "analytics": True, "scoring": False, "sales_handoff": False, "advertising": False,
    }  # fmt: skip


@pytest.mark.parametrize("answer", ["true", 1, None, "yes"])
def test_only_true_is_a_yes(answer: object) -> None:
    assert chosen({"analytics": answer})["analytics"] is False


def test_a_purpose_of_several_categories_needs_all_of_them() -> None:
    purposes = {"scoring": ("c1", "c2")}
    half = {"consent": {"categoryPreferences": {"C1": True, "C2": False}}}
    whole = {"consent": {"categoryPreferences": {"C1": True, "C2": True}}}
    assert consent_of(half, (), purposes) == {"scoring": False}
    assert consent_of(whole, (), purposes) == {"scoring": True}


@pytest.mark.parametrize("signal", ["gpc", "dnt"])
def test_a_browser_that_opts_out_refuses_advertising_whatever_else_was_said(signal: str) -> None:
    assert consent_of({}, (signal,)) == {"advertising": False}
    assert chosen(dict.fromkeys(PURPOSES, True), signal)["advertising"] is False


@pytest.mark.parametrize(("gpc", "refused"), [(True, True), (1, True), ("1", True), (False, False), ({}, False)])
def test_a_tag_may_pass_the_signal_on(gpc: object, refused: bool) -> None:
    assert ("advertising" in consent_of({"gpc": gpc}, ())) is refused
