"""What operators decide: a statement is withdrawn, or stands, whoever says it and whenever it is said."""

from itertools import permutations

from services.ingest.domain.acts import ActKind, OperatorAct
from services.ingest.domain.identity import Claim, Identifier, by_strength, identifier, resolve
from services.ingest.domain.telling import joinings, told


def said(event: str, at: int, *texts: str, trusted: bool = True, explicit: bool = False) -> Claim:
    return Claim(event, at, trusted, explicit, by_strength(map(identifier, texts)))


def decided(kind: ActKind, at: int, *texts: str) -> Claim:
    return OperatorAct(kind, by_strength(map(identifier, texts)), at, "ops").claim()


def people(*claims: Claim) -> list[set[str]]:
    return [set(map(str, group)) for group in resolve(claims).groups]


BOTH = ("user_id:u", "email:e")
LINK = said("1", 1, *BOTH)
APART, TOGETHER = [{"email:e"}, {"user_id:u"}], [{"email:e", "user_id:u"}]


def test_what_is_withdrawn_joins_nobody_and_still_names_them() -> None:
    assert people(LINK, decided("split", 9, *BOTH)) == APART


def test_a_statement_is_withdrawn_whoever_says_it_again() -> None:
    again = [said("2", 20, *BOTH, trusted=False), said("3", 30, *BOTH, explicit=True)]
    assert people(LINK, decided("split", 9, *BOTH), *again) == APART


def test_the_last_decision_holds_whatever_arrives_last() -> None:
    acts = [
        decided("split", 5, *BOTH),
        decided("merge", 6, *BOTH),
        decided("split", 7, *BOTH),
        decided("merge", 8, *BOTH),
    ]
    assert all(people(LINK, *order) == TOGETHER for order in permutations(acts))
    assert all(people(LINK, *order) == APART for order in permutations(acts[:3]))


def test_what_says_something_else_still_joins_them() -> None:
    assert len(people(LINK, decided("split", 9, *BOTH), said("2", 2, *BOTH, "phone:p"))) == 1


def test_two_people_who_were_merged_and_split_are_as_if_never_merged() -> None:
    apart = [said("1", 1, "user_id:1", "email:a"), said("2", 2, "user_id:2", "email:b")]
    back = [*apart, decided("merge", 3, "user_id:1", "user_id:2"), decided("split", 4, "user_id:1", "user_id:2")]
    own = frozenset((Identifier("user_id", "1"), Identifier("email", "a")))
    assert (resolve(back).groups, resolve(back).reviews) == (resolve(apart).groups, resolve(apart).reviews)
    assert told(back, own) == told(apart, own)


def test_an_operator_joins_what_nobody_else_may() -> None:
    apart = [said("1", 1, "user_id:1"), said("2", 2, "user_id:2")]
    assert len(people(*apart, said("3", 3, "user_id:1", "user_id:2"))) == 2
    assert len(people(*apart, decided("merge", 3, "user_id:1", "user_id:2"))) == 1


def test_a_merge_of_an_operator_vouches_for_nobody_and_parts_nobody_else() -> None:
    vouched = said("1", 0, "crm_contact_id:2")
    links = [said(str(n), 0, one, "crm_contact_id:2", trusted=False) for n, one in ((2, "user_id:1"), (3, "email:e"))]
    word = decided("merge", 9, "user_id:1", "email:e")
    assert people(vouched, *links, word) == people(vouched, *links) == [{"crm_contact_id:2", "email:e", "user_id:1"}]


def test_an_accepted_review_is_followed_and_raised_no_more() -> None:
    claims = [said("1", 1, "user_id:1", "email:e", trusted=False), said("2", 2, "user_id:2", "email:e", trusted=False)]
    (review,) = resolve(claims).reviews
    found = resolve([*claims, decided("accept", 9, *map(str, review.claim.identifiers))])
    assert (len(found.groups), found.reviews) == (1, ())


def test_an_accepted_browser_brings_its_person_along_though_it_is_shared() -> None:
    claims = [said(str(n), n, f"user_id:{n}", "anonymous_id:b", trusted=False) for n in (1, 2)]
    found = resolve([*claims, decided("accept", 9, "user_id:2", "anonymous_id:b")])
    assert (len(found.groups), found.reviews) == (1, ())


def test_a_review_that_other_claims_made_moot_is_raised_no_more() -> None:
    claims = [said("1", 1, "user_id:1", "email:e"), said("2", 2, "user_id:2", "email:e")]
    found = resolve([*claims, said("3", 3, "user_id:1", "user_id:2", explicit=True)])
    assert (len(found.not_followed), found.reviews) == (1, ())


def test_a_refused_review_stays_apart_though_nothing_else_speaks_against_it() -> None:
    claims = [said("2", 2, "user_id:2", "email:e"), decided("refuse", 9, "user_id:2", "email:e")]
    assert len(people(*claims)) == 2


def test_a_merge_of_an_operator_is_told_as_what_joined_them() -> None:
    one, other = Identifier("user_id", "1"), Identifier("user_id", "2")
    merge = decided("merge", 7, "user_id:1", "user_id:2")
    (joining,) = joinings([said("1", 1, "user_id:1"), said("2", 2, "user_id:2"), merge], one, {"alias": other})
    assert (joining.alias, joining.claim) == ("alias", merge)


def test_what_was_withdrawn_is_told_as_such() -> None:
    (claim,) = told([LINK, decided("split", 9, *BOTH)], frozenset((Identifier("user_id", "u"),)))
    assert (claim.claim, claim.state) == (LINK, "withdrawn")
