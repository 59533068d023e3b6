"""Who is left of a community when somebody is erased, claim by claim."""

from services.ingest.domain.erasure import Remains, without
from services.ingest.domain.identity import Claim, Identifier
from services.ingest.domain.people import settle

ANA, BO = Identifier("user_id", "ana"), Identifier("user_id", "bo")
ANA_MAIL = Identifier("email", "ana@ex.org")
SHARED = Identifier("anonymous_id", "kiosk")


def claim(number: int, *named: Identifier) -> Claim:
    """A trusted claim of the event of this number, at that time."""
    return Claim(f"e{number}", number, True, False, named, "web")


def remains(erased: Identifier, *claims: Claim) -> Remains:
    """What is left of all that these claims make, without whoever is called so."""
    settled = settle(claims, {})
    person = frozenset({settled.owner[erased]})
    return without(person, settled.owner, settled.contested, claims, settled.people)


def test_nothing_is_left_of_who_was_alone() -> None:
    left = remains(ANA, claim(1, ANA, ANA_MAIL), claim(2, ANA_MAIL))
    assert left.forgotten == {ANA, ANA_MAIL}
    assert (left.kept, left.rewritten, left.people) == ((), (), {})


def test_a_claim_that_named_somebody_else_too_still_speaks_of_them() -> None:
    left = remains(ANA, claim(1, ANA, ANA_MAIL), claim(2, ANA, BO))
    assert left.forgotten == {ANA, ANA_MAIL}
    assert [one.identifiers for one in left.rewritten] == [(BO,)]


def test_of_two_claims_that_come_to_the_same_the_earlier_stays() -> None:
    assert [one.event_id for one in remains(ANA, claim(1, ANA), claim(2, ANA, BO), claim(3, BO)).rewritten] == ["e2"]
    assert remains(ANA, claim(1, ANA), claim(2, BO), claim(3, ANA, BO)).rewritten == ()


def test_a_browser_that_somebody_else_claimed_too_stays_theirs() -> None:
    left = remains(ANA, claim(1, ANA, SHARED), claim(2, BO, SHARED))
    assert left.forgotten == {ANA}
    assert [one.identifiers for one in (*left.kept, *left.rewritten)] == [(BO, SHARED)]


def test_a_browser_that_nobody_else_claimed_goes_with_them() -> None:
    assert remains(ANA, claim(1, SHARED), claim(2, ANA, SHARED)).forgotten == {ANA, SHARED}


def test_nobody_is_made_again_under_the_id_of_the_erased() -> None:
    claims = (claim(1, SHARED), claim(2, ANA, SHARED), claim(3, BO, SHARED))
    settled = settle(claims, {})
    left = remains(ANA, *claims)
    after = settle((*left.kept, *left.rewritten), left.people)
    assert settled.owner[ANA] not in after.people
    assert after.owner[SHARED] == settled.owner[BO]


def test_an_operators_word_on_the_erased_goes_with_them() -> None:
    word = Claim("act", 9, True, True, (ANA, BO), "operator", "withdrawn")
    left = remains(ANA, claim(1, ANA), claim(2, BO), word)
    assert word in left.gone
    assert left.rewritten == ()


def test_who_is_called_nothing_any_more_goes_with_them() -> None:
    word = Claim("act", 9, True, True, (ANA, SHARED), "operator", "withdrawn")
    claims = (claim(1, ANA, SHARED), word)
    settled = settle(claims, {})
    left = remains(ANA, *claims)
    assert left.forgotten == {ANA, SHARED}
    assert left.person_ids == {settled.owner[ANA], settled.owner[SHARED]}
    assert left.people == {}


def test_what_an_operator_told_apart_stays_apart() -> None:
    said = (ANA, BO, ANA_MAIL)
    word = Claim("word", 5, True, True, said, verdict="withdrawn")
    left = remains(ANA, claim(1, *said), word)
    assert sorted(one.identifiers for one in left.rewritten) == sorted([(BO,), (ANA_MAIL,)])
    after = settle((*left.kept, *left.rewritten), left.people)
    assert after.owner[BO] != after.owner[ANA_MAIL]
