"""Whatever people are called and pages contain, a message can be sent."""

import json

from hypothesis import given
from hypothesis import strategies as st

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
    handoff_updated,
)
from services.handoff.domain.routing import Owner
from shared.kernel.instant import Instant

T0 = Instant(1_780_000_000_000)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=12).flatmap(
    lambda text: st.sampled_from([text, text * 40, "\\" * 400, "\U0001f680" * 400])
)
TEXTS = st.lists(ANY_TEXT, max_size=12).map(tuple)
BRIEFS = st.builds(
    Brief,
    st.builds(Person, st.just("ana"), ANY_TEXT, TEXTS, TEXTS, ANY_TEXT),
    st.just("mql"),
    st.just("A"),
    st.floats(-100, 100),
    st.floats(-100, 100),
    st.just(T0),
    st.none() | st.builds(Account, ANY_TEXT, ANY_TEXT, ANY_TEXT),
    st.lists(st.builds(Reason, ANY_TEXT, st.floats(-9, 9)), max_size=5).map(tuple),
    st.lists(st.builds(JourneyLine, st.just(T0), ANY_TEXT, ANY_TEXT, ANY_TEXT), max_size=12).map(tuple),
    st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=12),
    TEXTS,
)


@given(BRIEFS, ANY_TEXT)
def test_a_message_is_json_in_utf_8_of_at_most_64_kb(brief: Brief, name: str) -> None:
    handoff = Handoff("h1", "p1", "ana", 1, "rep", T0, T0, T0, reason=name)
    link = "https://t.test/" + "a" * 2_000
    body = handoff_updated(Parcel(handoff, Owner("rep", name, name), brief, Links(link, link, link)), T0)
    assert len(body) <= MAX_BYTES
    assert json.loads(body.decode())["type"] == "handoff.updated"
