"""Whatever a title says: a persona is told by whole words, wherever they stand and however they are written."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.attribution.domain.persona import Persona

WORDS = st.sampled_from(("cto", "director", "head", "of", "vp", "sales"))
BETWEEN = st.sampled_from((" ", ", ", " / ", "-"))
BUYER = Persona("buyer", ("title",), contains=("cto", "head of"))


@given(st.lists(st.tuples(WORDS, BETWEEN), max_size=5), st.booleans())
def test_whole_words_alone_tell_a_persona(said: list[tuple[str, str]], loud: bool) -> None:
    words = [word for word, _ in said]
    title = "".join(part for pair in said for part in pair)
    meant = "cto" in words or ("head", "of") in pairwise(words)
    assert BUYER.fits({"title": title.upper() if loud else title}) == meant
