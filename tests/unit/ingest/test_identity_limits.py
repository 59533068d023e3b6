"""How much one person may hold before a claim is looked at instead of followed."""

from itertools import permutations

import pytest

from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.identity import Claim, PersonLimits, Resolution, by_strength, identifier, resolve
from shared.kernel.instant import MINUTE


def said(event: int, *texts: str, trusted: bool = True, explicit: bool = False) -> Claim:
    return Claim(str(event), event, trusted, explicit, by_strength(map(identifier, texts)))


def reviewed(resolution: Resolution) -> list[tuple[str, str]]:
    return [(review.claim.event_id, review.why) for review in resolution.reviews]


def test_one_address_too_many_stays_with_nobody_else_and_is_reviewed() -> None:
    found = resolve([said(n, "email:0", f"phone:{n}") for n in range(4)], PersonLimits(phone=3))
    assert sorted(map(len, found.groups)) == [1, 4]
    assert reviewed(found) == [("3", "too_many_of_a_kind")]


def test_a_limit_holds_in_the_order_of_claims_whatever_arrives_first() -> None:
    claims = [said(n, "email:e", f"phone:{n}") for n in range(5)]
    assert len({resolve(order, PersonLimits(phone=2)) for order in permutations(claims)}) == 1


def test_a_browser_too_many_stays_by_itself_and_is_not_contested() -> None:
    found = resolve([said(n, "user_id:u", f"anonymous_id:{n}") for n in range(3)], PersonLimits(anonymous_id=2))
    assert (sorted(map(len, found.groups)), found.contested) == ([1, 3], frozenset())


def came(event: int, at: int, *, trusted: bool = False, explicit: bool = False) -> Claim:
    """Somebody wrote the same address into the form of a browser that nobody had seen before."""
    return Claim(str(event), at, trusted, explicit, by_strength(map(identifier, ("email:e", f"anonymous_id:{event}"))))


@pytest.mark.parametrize("explicit", [False, True])
def test_an_address_in_many_browsers_within_a_minute_gets_so_many_and_the_rest_is_put_aside(explicit: bool) -> None:
    found = resolve([came(n, MINUTE - 1 - n, explicit=explicit) for n in range(5)], PersonLimits(browsers_a_minute=3))
    assert sorted(map(len, found.groups)) == [1, 1, 4]
    assert reviewed(found) == [("1", "too_many_at_once"), ("0", "too_many_at_once")]
    assert found.contested == frozenset()


def test_an_address_in_as_many_browsers_over_a_longer_time_is_somebody_who_comes_often() -> None:
    assert len(resolve([came(n, n * MINUTE // 2) for n in range(50)], PersonLimits(browsers_a_minute=2)).groups) == 1


def test_browsers_that_back_ends_tell_of_come_as_fast_as_they_are_told() -> None:
    found = resolve([came(n, 0, trusted=True) for n in range(50)], PersonLimits(browsers_a_minute=2))
    assert len(found.groups) == 1


def test_who_was_given_many_browsers_at_once_gets_more_of_them_later() -> None:
    rush = [came(n, n) for n in range(5)]
    found = resolve([*rush, came(9, 2 * MINUTE)], PersonLimits(browsers_a_minute=3))
    assert max(map(len, found.groups)) == 5


def test_an_operator_may_give_somebody_a_browser_that_was_put_aside() -> None:
    claims = [came(n, 0) for n in range(3)]
    word = OperatorAct("accept", claims[2].identifiers, 9, "ops").claim()
    found = resolve([*claims, word], PersonLimits(browsers_a_minute=2))
    assert (len(found.groups), found.reviews) == (1, ())


def test_five_hundred_browsers_in_a_minute_are_more_than_anybody_has() -> None:
    found = resolve([came(n, n * MINUTE // 500) for n in range(500)])
    assert max(map(len, found.groups)) < 500 / 2


def test_more_merges_than_the_cap_are_put_aside() -> None:
    known = [said(n, f"user_id:{n}") for n in range(5)]
    chain = [said(10 + n, "user_id:0", f"user_id:{n}", explicit=True) for n in range(1, 5)]
    found = resolve([*known, *chain], PersonLimits(merges=3))
    assert sorted(map(len, found.groups)) == [1, 4]
    assert reviewed(found) == [("14", "too_many_merges")]


def test_who_is_named_for_the_first_time_is_no_merge() -> None:
    claims = [said(n, "crm_contact_id:c", f"email:{n}") for n in range(5)]
    assert len(resolve(claims, PersonLimits(merges=0)).groups) == 1


def test_a_visitor_who_says_who_they_are_is_no_merge() -> None:
    claims = [said(1, "anonymous_id:b"), said(2, "user_id:u"), said(3, "user_id:u", "anonymous_id:b")]
    assert len(resolve(claims, PersonLimits(merges=0)).groups) == 1


def test_an_operator_is_above_all_limits() -> None:
    claims = [said(n, "email:e", f"phone:{n}") for n in range(3)]
    word = OperatorAct("accept", claims[2].identifiers, 9, "ops").claim()
    assert len(resolve([*claims, word], PersonLimits(phone=2)).groups) == 1


@pytest.mark.parametrize("head", ["user_id:u", "crm_contact_id:c"])
def test_an_id_that_somebody_keeps_joins_any_number_of_addresses(head: str) -> None:
    claims = [said(n, head, f"{kind}:{n}") for n in range(200) for kind in ("email", "phone")]
    assert len(resolve(claims).groups) == 1


def test_an_address_that_everybody_shares_joins_so_many_ids_of_a_crm_and_no_more() -> None:
    found = resolve([said(n, f"crm_contact_id:{n}", "email:info") for n in range(60)])
    assert max(map(len, found.groups)) == PersonLimits().crm_contact_id + 1
