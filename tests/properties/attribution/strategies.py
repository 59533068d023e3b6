"""Touches that meet: few people, browsers and campaigns within a few hours, so that every rule is met often."""

from hypothesis import strategies as st

from services.attribution.domain.touch import Touch, Why
from shared.kernel.instant import MINUTE
from tests.unit.attribution.builders import RULES, START

SPAN = 300
"""Minutes that touches are spread over."""

_CHANNELS = ("direct", "email", "organic_search", "paid_search")
_KINDS = (
    *RULES.visit_kinds,
    *("page_viewed",) * 8,
    *("ad_clicked", "email_clicked") * 3,
    *("call", "chat", "meeting_held", "custom", "email_opened"),
)
_OWNERS = (*(("ana", "b1"), ("ana", "b2"), ("ana", None), ("ben", "b1")) * 2, (None, "b1"), (None, None), ("ben", None))
_CAMPAIGNS = (*((None, None),) * 3, ("spring", "google"), ("spring", None), ("summer", "google"), (None, "google"))
_FATES: tuple[tuple[str | None, Why | None], ...] = (*((None, None),) * 8, ("no_answer", None), (None, Why.BOT))

# Whole minutes mostly, so that equal times and the borders of gaps are common.
_TIMES = st.one_of(st.integers(0, SPAN).map(lambda minute: minute * MINUTE), st.integers(0, SPAN * MINUTE))
_DRAWN = st.tuples(
    _TIMES,
    st.sampled_from(_KINDS),
    st.sampled_from(_CHANNELS),
    st.sampled_from(_OWNERS),
    st.sampled_from(_CAMPAIGNS),
    st.sampled_from(_FATES),
)


def touches(most: int = 12) -> st.SearchStrategy[list[Touch]]:
    """Some touches with ids of their own and of one length, as ids are, in any order."""
    return st.lists(_DRAWN, max_size=most).map(
        lambda drawn: [_touch(f"{number * 7 % 10}-{number:02}", *one) for number, one in enumerate(drawn)]
    )


def _touch(
    name: str,
    after: int,
    kind: str,
    channel: str,
    owner: tuple[str | None, str | None],
    campaign: tuple[str | None, str | None],
    fate: tuple[str | None, Why | None],
) -> Touch:
    return Touch(
        id=name,
        occurred_at=START + after,
        kind=kind,
        channel=channel,
        department="sales" if kind in ("call", "meeting_held") else "marketing",
        person_id=owner[0],
        anonymous_id=owner[1],
        campaign=campaign[0],
        utm_source=campaign[1],
        outcome=fate[0],
        barred=fate[1],
    )
