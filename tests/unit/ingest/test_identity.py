"""Who is who: what the claims that stand make of people."""

from itertools import permutations

import pytest

from services.ingest.domain.identity import (
    STRENGTH,
    BrowserClaim,
    Claim,
    Identifier,
    Resolution,
    by_strength,
    identifier,
    owner_of,
    resolve,
)


def named(*texts: str) -> tuple[Identifier, ...]:
    return by_strength(map(identifier, texts))


def said(event: str, at: int, *texts: str, trusted: bool = True, explicit: bool = False) -> Claim:
    return Claim(event, at, trusted, explicit, named(*texts))


def people(resolution: Resolution) -> list[set[str]]:
    return [set(map(str, group)) for group in resolution.groups]


def reviewed(resolution: Resolution) -> list[tuple[str, str]]:
    return [(review.claim.event_id, review.why) for review in resolution.reviews]


def test_an_identifier_survives_its_text_form_colons_and_all() -> None:
    assert identifier("user_id:a:b") == Identifier("user_id", "a:b")
    assert str(Identifier("email", "ada@example.com")) == "email:ada@example.com"


def test_a_text_of_no_known_kind_is_no_identifier() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        identifier("cookie:1")


def test_all_but_a_browser_are_strong_and_the_strongest_comes_first() -> None:
    every = [Identifier(kind, "1") for kind in reversed(STRENGTH)]
    assert [one.kind for one in by_strength([*every, *every])] == list(STRENGTH)
    assert [one.kind for one in every if not one.strong] == ["anonymous_id"]


def test_what_one_event_names_is_one_person() -> None:
    assert people(resolve([said("1", 1, "user_id:u", "email:e", "phone:p", "anonymous_id:b")])) == [
        {"user_id:u", "email:e", "phone:p", "anonymous_id:b"}
    ]


def test_nobody_is_claimed_by_nothing() -> None:
    assert resolve([]).groups == ()


@pytest.mark.parametrize("head", ["user_id:u", "crm_contact_id:c"])
def test_an_account_joins_any_number_of_addresses(head: str) -> None:
    claims = [said(str(n), n, head, f"email:{n}", f"phone:{n}", trusted=False) for n in range(5)]
    assert len(resolve(claims).groups) == 1


def test_a_browser_never_joins_two_people_who_hold_different_values_of_a_strong_kind() -> None:
    for kind in ("user_id", "crm_contact_id", "email", "phone"):
        found = resolve([said(str(n), n, f"{kind}:{n}", "anonymous_id:kiosk") for n in (1, 2)])
        assert people(found) == [{f"{kind}:1", "anonymous_id:kiosk"}, {f"{kind}:2"}], kind
        assert found.contested == {Identifier("anonymous_id", "kiosk")}
        assert reviewed(found) == ([("2", "two_user_ids")] if kind == "user_id" else [])


def test_a_browser_joins_people_who_hold_different_kinds() -> None:
    found = resolve(
        [said("1", 1, "email:e", "anonymous_id:b"), said("2", 2, "user_id:u", "anonymous_id:b", trusted=False)]
    )
    assert people(found) == [{"user_id:u", "email:e", "anonymous_id:b"}]


def test_a_contested_browser_is_never_followed_again() -> None:
    shared = [said(str(n), n, f"email:{n}", "anonymous_id:kiosk", trusted=False) for n in (1, 2)]
    found = resolve([*shared, said("3", 3, "user_id:3", "anonymous_id:kiosk", trusted=False)])
    assert {"user_id:3"} in people(found)


def test_one_user_id_a_person_unless_somebody_asked_for_it() -> None:
    shared = ["email:e"]
    claims = [said("1", 1, "user_id:1", *shared), said("2", 2, "user_id:2", *shared)]
    found = resolve(claims)
    assert people(found) == [{"user_id:1", "email:e"}, {"user_id:2"}]
    assert reviewed(found) == [("2", "two_user_ids")]
    asked = said("3", 3, "user_id:1", "user_id:2", explicit=True)
    assert len(resolve([*claims, asked]).groups) == 1


def test_a_person_two_user_ids_of_whom_were_joined_takes_no_third_by_implication() -> None:
    joined = said("1", 1, "user_id:1", "user_id:2", explicit=True)
    found = resolve([joined, said("2", 2, "user_id:2", "email:e"), said("3", 3, "user_id:3", "email:e")])
    assert {"user_id:3"} in people(found)


def test_a_write_key_never_merges_two_vouched_people_but_raises_a_review() -> None:
    vouched = [said("1", 1, "email:e"), said("2", 2, "phone:p")]
    for explicit in (False, True):
        found = resolve([*vouched, said("3", 3, "email:e", "phone:p", trusted=False, explicit=explicit)])
        assert len(found.groups) == 2
        assert reviewed(found) == [("3", "two_vouched_people")]
    assert len(resolve([*vouched, said("3", 3, "email:e", "phone:p")]).groups) == 1


def test_a_write_key_links_one_vouched_person_as_usual() -> None:
    found = resolve([said("1", 1, "email:e"), said("2", 0, "email:e", "anonymous_id:b", trusted=False)])
    assert people(found) == [{"email:e", "anonymous_id:b"}]


def test_a_write_key_may_alias_where_at_most_one_is_vouched() -> None:
    alias = said("2", 2, "user_id:1", "user_id:2", trusted=False, explicit=True)
    assert len(resolve([said("1", 1, "user_id:1"), alias]).groups) == 1
    assert len(resolve([said("1", 1, "user_id:1"), said("3", 3, "user_id:2"), alias]).groups) == 2


def test_a_browser_that_would_weld_two_vouched_people_is_contested_and_reviewed() -> None:
    claims = [
        said("1", 1, "email:e", "anonymous_id:b"),
        said("2", 2, "phone:p"),
        said("3", 3, "phone:p", "anonymous_id:b", trusted=False),
    ]
    found = resolve(claims)
    assert found.contested == {Identifier("anonymous_id", "b")}
    assert reviewed(found) == [("3", "two_vouched_people")]


def test_what_a_server_says_is_heard_before_what_a_browser_says_however_late_it_is() -> None:
    said_first = said("1", 1, "user_id:public", "email:e", trusted=False)
    found = resolve([said_first, said("2", 1_000, "user_id:ours", "email:e")])
    assert people(found) == [{"user_id:ours", "email:e"}, {"user_id:public"}]


def test_claims_of_one_moment_are_heard_by_event_id() -> None:
    found = resolve([said("b", 1, "user_id:b", "email:e"), said("a", 1, "user_id:a", "email:e")])
    assert {"user_id:a", "email:e"} in people(found)


def test_claims_of_one_event_are_heard_in_one_order_however_they_are_given() -> None:
    contacts = [said("deal", 1, f"user_id:{n}", "email:shared") for n in range(4)]
    assert len({resolve(order) for order in permutations(contacts)}) == 1


def test_a_contested_browser_is_listed_with_whoever_came_first_in_the_order_of_claims() -> None:
    found = resolve(
        [
            said("1", 5, "email:late", "anonymous_id:b", trusted=False),
            said("2", 1, "email:early", "anonymous_id:b", trusted=False),
        ]
    )
    assert {"email:early", "anonymous_id:b"} in people(found)


ADA, BOB = Identifier("email", "ada"), Identifier("email", "bob")
CLAIMED = [BrowserClaim(20, "5", BOB), BrowserClaim(10, "3", ADA)]


@pytest.mark.parametrize(
    ("at", "event_id", "owner"),
    [(5, "1", ADA), (10, "2", ADA), (10, "3", ADA), (19, "9", ADA), (20, "4", ADA), (20, "5", BOB), (99, "1", BOB)],
)
def test_an_event_under_a_shared_browser_is_of_whoever_named_themselves_there_last_before_it(
    at: int, event_id: str, owner: Identifier
) -> None:
    assert owner_of(CLAIMED, at, event_id) == owner
    assert owner_of(CLAIMED[::-1], at, event_id) == owner


def test_a_browser_nobody_claimed_is_nobodys() -> None:
    assert owner_of([], 1, "1") is None
