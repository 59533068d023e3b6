"""How much one person may hold before a claim is looked at instead of followed."""

from itertools import permutations

import pytest

from services.ingest.domain.acts import OperatorAct
from services.ingest.domain.identity import Claim, PersonLimits, Resolution, by_strength, identifier, resolve


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
