"""A signed link answers for the hand-off, the answer and the time it was made for, and for nothing else."""

from typing import Literal, NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from services.handoff.domain import answer_link
from shared.kernel.instant import Instant

LATEST = 2**45


class Made(NamedTuple):
    """What a link is made of."""

    key: bytes
    handoff_id: str
    answer: Literal["accept", "reject"]
    until: int


LINKS = st.builds(
    Made,
    st.binary(min_size=32, max_size=32),
    st.uuids().map(str),
    st.sampled_from(["accept", "reject"]),
    st.integers(1, LATEST),
)


@given(LINKS, st.integers(-LATEST, LATEST))
def test_a_link_holds_until_its_time_and_no_longer(made: Made, now: int) -> None:
    signed = answer_link.signature(*made)
    assert answer_link.holds(*made, signed, Instant(now)) is (now < made.until)


@given(LINKS, LINKS)
def test_a_signature_fits_no_other_link(made: Made, other: Made) -> None:
    assume(made != other)
    assert not answer_link.holds(*other, answer_link.signature(*made), Instant(0))


@given(LINKS, st.text(max_size=60))
def test_what_was_made_up_holds_nothing(made: Made, text: str) -> None:
    assume(text != answer_link.signature(*made))
    assert not answer_link.holds(*made, text, Instant(0))
