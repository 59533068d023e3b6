"""Lives: touches, outcomes and deals of one person, close enough in time to collide."""

from typing import NamedTuple

from hypothesis import strategies as st

from services.scoring.domain.facts import Card, DealFact, Outcome, Touch
from shared.kernel.instant import HOUR
from tests.unit.scoring.builders import START

_KINDS = (
    "page_viewed", "form_submitted", "content_downloaded", "demo_requested", "trial_started", "chat", "email_clicked",
    "email_unsubscribed", "event_attended", "prospected", "review_posted", "purchase_repeated", "custom",
)  # fmt: skip
_PATHS = (None, "/", "/pricing", "/pricing/teams", "/careers")
_ACTS = (
    ("assigned", None), ("accepted", None), ("sales_qualified", None), ("contacted", None),
    ("recycled", None), ("rejected", "recycled"), ("rejected", "disqualified"),
)  # fmt: skip

instants = st.integers(0, 24 * 60).map(lambda hours: START + hours * HOUR)


class Life(NamedTuple):
    """Everything that is known of a person."""

    card: Card
    touches: list[Touch]
    outcomes: list[Outcome]
    deals: list[DealFact]


touches = st.builds(
    Touch,
    id=st.uuids().map(str),
    occurred_at=instants,
    call_type=st.sampled_from(("track", "track", "page", "identify")),
    kind=st.sampled_from(_KINDS),
    name=st.sampled_from(("", "Contact Sales")),
    channel=st.just("direct"),
    direction=st.sampled_from(("inbound", "inbound", "outbound")),
    page_path=st.sampled_from(_PATHS),
    counts=st.sampled_from((True, True, True, False)),
    promoted=st.sampled_from((False, False, False, True)),
)
outcomes = st.builds(
    lambda handoff, version, at, act, owner, reason: Outcome(
        f"{handoff}/{version}", at, act[0], act[1], handoff_id=handoff, version=version, owner=owner, reason=reason
    ),
    st.sampled_from(("h1", "h2", "h3")), st.integers(1, 4), instants, st.sampled_from(_ACTS),
    st.sampled_from(("dana", "eli", "fay")), st.sampled_from((None, None, "price", "merged")),
)  # fmt: skip
acts = st.lists(outcomes, max_size=8, unique_by=lambda one: one.id)
"""What became of a person's hand-offs: an act a version of each."""
_deals = st.builds(
    lambda name, status, created, closed: DealFact(str(name), status, created, None if status == "open" else closed),
    st.uuids(), st.sampled_from(("open", "won", "lost")), instants, instants,
)  # fmt: skip
cards = st.one_of(
    st.just(Card()),
    st.builds(
        lambda at, title: Card(("ana@acme.example",), (), (), at, "claim", {"title": title, "employees": 90}),
        instants,
        st.sampled_from(("CEO", "Manager", "Student", "")),
    ),
)
lives = st.builds(
    Life,
    cards,
    st.lists(touches, max_size=25),
    acts,
    st.lists(_deals, max_size=3),
)
