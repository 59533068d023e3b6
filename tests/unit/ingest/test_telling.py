"""What people read of an identity."""

from services.ingest.domain.identity import Claim, Identifier
from services.ingest.domain.telling import joinings, told

USER, OTHER = Identifier("user_id", "u1"), Identifier("user_id", "u2")
MAIL, PHONE = Identifier("email", "ana@ex.org"), Identifier("phone", "+4930901820")
BROWSER = Identifier("anonymous_id", "b1")


def claim(at: int, *identifiers: Identifier, explicit: bool = False) -> Claim:
    return Claim(f"e{at}", at, True, explicit, identifiers)


def test_claims_are_told_in_event_time() -> None:
    claims = [claim(3, USER, MAIL), claim(1, USER), claim(2, MAIL)]
    assert [one.claim.at for one in told(claims, frozenset((USER, MAIL)))] == [1, 2, 3]


def test_a_claim_that_would_join_two_user_ids_is_not_followed_and_told_of_both() -> None:
    claims = [claim(1, USER, MAIL), claim(2, OTHER, MAIL)]
    assert [one.state for one in told(claims, frozenset((USER, MAIL)))] == ["stands", "not_followed"]
    assert [one.state for one in told(claims, frozenset((OTHER,)))] == ["not_followed"]


def test_a_claim_that_names_nothing_of_theirs_is_not_told() -> None:
    assert told([claim(1, USER, BROWSER), claim(2, OTHER, BROWSER)], frozenset((OTHER,)))[0].claim.at == 2


def test_people_are_one_from_the_claim_that_closes_the_chain_between_them() -> None:
    claims = [claim(1, USER), claim(2, PHONE), claim(4, USER, MAIL), claim(3, MAIL, PHONE), claim(5, USER, PHONE)]
    (joining,) = joinings(claims, USER, {"alias": PHONE})
    assert (joining.alias, joining.claim.at) == ("alias", 4)


def test_a_claim_that_was_not_followed_joins_nobody_though_they_are_one_later() -> None:
    claims = [claim(1, USER, MAIL), claim(2, OTHER, MAIL), claim(3, USER, OTHER, explicit=True)]
    (joining,) = joinings(claims, USER, {"alias": OTHER})
    assert joining.claim.at == 3


def test_a_contested_browser_joins_nobody() -> None:
    claims = [claim(1, USER, BROWSER), claim(2, OTHER, BROWSER), claim(3, OTHER, MAIL), claim(4, USER, PHONE)]
    (joining,) = joinings(claims, OTHER, {"alias": MAIL})
    assert joining.claim.at == 3
