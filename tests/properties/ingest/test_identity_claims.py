"""Who is who does not depend on when or where the claims arrived."""

from collections.abc import Sequence
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.identity import (
    STRENGTH,
    Claim,
    Identifier,
    PersonLimits,
    Verdict,
    by_strength,
    resolve,
)
from services.ingest.domain.people import Person, Settled, root, settle
from shared.kernel.instant import MINUTE

IDENTIFIERS = st.builds(Identifier, st.sampled_from(STRENGTH), st.sampled_from("123"))
NAMED = st.lists(IDENTIFIERS, min_size=1, max_size=3).map(by_strength)
VERDICTS: st.SearchStrategy[Verdict] = st.sampled_from(("stands", "withdrawn"))
MOMENTS = st.integers(0, 6)
EVENTS = st.lists(
    st.tuples(MOMENTS, st.booleans(), st.sampled_from((False, False, True)), st.lists(NAMED, max_size=2)),
    max_size=9,
)


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """Claims of events at crowded moments; some events make several, as the contacts of a deal do. Operators speak of
    some of what was said, once or more often."""
    made = [
        Claim(str(number), at, trusted, explicit and len(made) == 1, named)
        for number, (at, trusted, explicit, made) in enumerate(draw(EVENTS))
        for named in made
    ]
    joining = [claim.identifiers for claim in made if claim.statement]
    spoken = draw(st.lists(st.tuples(st.sampled_from(joining), MOMENTS, VERDICTS), max_size=4)) if joining else []
    words = [Claim(f"o{n}", at, True, True, named, "operator", word) for n, (named, at, word) in enumerate(spoken)]
    return made + words


def in_batches(arriving: Sequence[Claim], random: Random) -> Settled:
    """What is settled when claims arrive in batches."""
    people: dict[str, Person] = {}
    known: list[Claim] = []
    settled = settle((), people)
    rest = list(arriving)
    while rest:
        size = random.randint(1, len(rest))
        known += rest[:size]
        del rest[:size]
        settled = settle(known, people)
        people = dict(settled.people)
    return settled


@settings(max_examples=1_000)
@given(claims(), st.randoms(use_true_random=False))
def test_claims_in_any_order_make_the_same_people(made: list[Claim], random: Random) -> None:
    shuffled = random.sample(made, len(made))
    assert resolve(shuffled) == resolve(made)


@settings(max_examples=1_000)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans(), NAMED), max_size=12),
    st.integers(0, 2),
    st.randoms(use_true_random=False),
)
def test_whom_a_rush_of_browsers_is_kept_from_does_not_depend_on_which_arrived_first(
    said: list[tuple[int, bool, bool, tuple[Identifier, ...]]], most: int, random: Random
) -> None:
    made = [
        Claim(str(number), at * MINUTE // 3, trusted, explicit, named)
        for number, (at, trusted, explicit, named) in enumerate(said)
    ]
    limits = PersonLimits(browsers_a_minute=most)
    at_once = resolve(made, limits)
    assert resolve(random.sample(made, len(made)), limits) == at_once
    if any(review.why == "too_many_at_once" for review in at_once.reviews):
        public = [named for claim in made if not claim.trusted for named in claim.identifiers]
        assert sum(named.kind == "anonymous_id" for named in public) > most


@settings(max_examples=1_000)
@given(claims(), st.randoms(use_true_random=False))
def test_claims_in_any_batches_make_the_same_people(made: list[Claim], random: Random) -> None:
    settled = in_batches(random.sample(made, len(made)), random)
    at_once = resolve(made)
    assert set(settled.members.values()) == set(at_once.groups)
    assert settled.contested == at_once.contested
    assert set(settled.reviews) == set(at_once.reviews)


@settings(max_examples=1_000)
@given(claims(), st.randoms(use_true_random=False))
def test_each_person_is_one_and_every_alias_stands_for_whoever_holds_what_made_it(
    made: list[Claim], random: Random
) -> None:
    settled = in_batches(random.sample(made, len(made)), random)
    heads = {person.id for person in settled.people.values() if person.into is None}
    assert heads == set(settled.members) == set(settled.owner.values())
    for person in settled.people.values():
        assert root(person.id, settled.people) == settled.owner[person.seed]


@given(claims())
def test_every_identifier_is_of_exactly_one_person(made: list[Claim]) -> None:
    groups = resolve(made).groups
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
    assert frozenset().union(*groups) == {member for claim in made for member in claim.identifiers}


@settings(max_examples=1_000)
@given(claims())
def test_what_was_joined_and_taken_back_is_as_if_it_had_never_been_joined(made: list[Claim]) -> None:
    events = [claim for claim in made if claim.verdict is None]
    members = sorted({member for claim in events for member in claim.identifiers})
    said = {claim.identifiers for claim in events}
    new = [named for pair in combinations(members, 2) if (named := by_strength(pair)) not in said]
    merges = [Claim(f"m{n}", 1, True, True, named, "operator", "stands") for n, named in enumerate(new)]
    splits = [Claim(f"s{n}", 2, True, True, named, "operator", "withdrawn") for n, named in enumerate(new)]
    before, after = resolve(events), resolve([*events, *merges, *splits])
    assert (after.groups, after.contested, after.reviews) == (before.groups, before.contested, before.reviews)
    assert len(resolve([*events, *merges]).groups) <= max(1, len(before.groups))


@given(claims())
def test_a_browser_alone_is_contested_and_no_implied_link_joins_two_user_ids(made: list[Claim]) -> None:
    implied = resolve([claim for claim in made if not claim.explicit])
    assert all(not member.strong for member in implied.contested)
    for group in implied.groups:
        named = [member for member in group if member.kind == "user_id"]
        together = {member for claim in made for member in claim.identifiers if len(_user_ids(claim)) > 1}
        assert len(named) <= 1 or set(named) & together


def _user_ids(claim: Claim) -> list[Identifier]:
    return [member for member in claim.identifiers if member.kind == "user_id"]


@given(claims())
def test_settling_again_what_is_settled_changes_nobody(made: list[Claim]) -> None:
    people = settle(made, {}).people
    assert settle(made, people).changed == ()
