"""People as they last: who stays, who becomes an alias, who comes back."""

from collections.abc import Mapping

from services.ingest.domain.identity import Claim, Identifier, by_strength, identifier
from services.ingest.domain.people import Person, Settled, firsts, root, settle


def said(event: str, at: int, *texts: str, trusted: bool = True, explicit: bool = False) -> Claim:
    return Claim(event, at, trusted, explicit, by_strength(map(identifier, texts)))


def owner(settled: Settled, text: str) -> str:
    return settled.owner[identifier(text)]


def step(people: Mapping[str, Person], *claims: Claim) -> Settled:
    return settle(claims, people)


ADA, BOB = said("1", 10, "email:ada"), said("2", 20, "email:bob")
BOTH = said("3", 30, "user_id:u", "email:ada", "email:bob")


def test_a_new_person_is_made_of_the_identifier_that_came_first() -> None:
    settled = step({}, said("2", 20, "user_id:u", "anonymous_id:b"), said("1", 10, "anonymous_id:b"))
    assert [person.seed for person in settled.people.values()] == [Identifier("anonymous_id", "b")]


def test_of_identifiers_that_came_at_once_the_strongest_makes_the_person() -> None:
    settled = step({}, said("1", 10, "anonymous_id:b", "email:e", "user_id:u"))
    assert [person.seed for person in settled.people.values()] == [Identifier("user_id", "u")]


def test_the_same_claims_make_the_same_person_id_again() -> None:
    assert step({}, ADA, BOB).people == step({}, BOB, ADA).people


def test_a_merge_keeps_the_older_person_and_makes_the_other_an_alias() -> None:
    apart = step({}, ADA, BOB)
    ada, bob = owner(apart, "email:ada"), owner(apart, "email:bob")
    joined = step(apart.people, ADA, BOB, BOTH)
    assert set(joined.members) == {ada}
    assert joined.people[bob].into == ada
    assert joined.changed == (joined.people[bob],)
    assert joined.people[bob].version == apart.people[bob].version + 1


def test_who_is_older_is_told_by_event_time_and_not_by_arrival() -> None:
    first = step({}, BOB)
    second = step(first.people, BOB, ADA)
    joined = step(second.people, ADA, BOB, BOTH)
    assert joined.people[owner(joined, "email:bob")].seed == Identifier("email", "ada")


def test_people_of_one_age_are_told_apart_by_id() -> None:
    apart = step({}, said("1", 10, "email:ada"), said("1", 10, "email:bob"))
    joined = step(apart.people, said("1", 10, "email:ada"), said("1", 10, "email:bob"), BOTH)
    assert set(joined.members) == {min(apart.people)}


def test_a_split_brings_back_who_was_merged_with_all_that_was_theirs() -> None:
    apart = step({}, ADA, BOB)
    joined = step(apart.people, ADA, BOB, BOTH)
    again = step(joined.people, ADA, BOB)
    assert again.owner == apart.owner
    assert all(person.into is None for person in again.people.values())
    bob = again.people[owner(apart, "email:bob")]
    assert bob.version == 2
    assert again.changed == (bob,)


def test_nothing_changes_where_nothing_new_is_claimed() -> None:
    joined = step({}, ADA, BOB, BOTH)
    assert step(joined.people, ADA, BOB, BOTH).changed == ()


def test_a_person_stays_an_alias_for_ever_where_the_merge_stands() -> None:
    apart = step({}, ADA, BOB)
    joined = step(apart.people, ADA, BOB, BOTH)
    later = step(joined.people, ADA, BOB, BOTH, said("4", 40, "user_id:u", "phone:p"))
    assert set(later.people) == set(apart.people)


def test_one_who_stands_behind_an_alias_that_left_goes_to_whom_they_belong() -> None:
    ada, bob, eve = (said(str(n), n * 10, f"email:{name}") for n, name in enumerate(("ada", "bob", "eve"), 1))
    bob_eve = said("4", 40, "user_id:x", "email:bob", "email:eve")
    all_three = said("5", 50, "user_id:x", "email:ada")
    people = step({}, ada, bob, eve).people
    people = step(people, ada, bob, eve, bob_eve).people
    chained = step(people, ada, bob, eve, bob_eve, all_three)
    ada_eve = said("6", 60, "user_id:y", "email:ada", "email:eve")
    settled = step(chained.people, ada, bob, eve, ada_eve)
    for person in settled.people.values():
        assert root(person.id, settled.people) == settled.owner[person.seed]


def test_an_alias_of_an_alias_stands_for_the_last() -> None:
    seed = Identifier("email", "e")
    people = {"a": Person("a", seed, "b"), "b": Person("b", seed, "c"), "c": Person("c", seed)}
    assert {root(person_id, people) for person_id in people} == {"c"}


def test_the_first_moment_of_an_identifier_is_its_earliest_event_then_id() -> None:
    claims = [said("9", 10, "email:e"), said("2", 10, "email:e"), said("1", 11, "email:e")]
    assert firsts(claims) == {Identifier("email", "e"): (10, "2")}


def test_nobody_new_bears_an_id_of_somebody_who_was_erased_whatever_follows_it() -> None:
    buried: dict[str, str] = {}
    for erasure in ("first", "second", "third"):
        (made,) = settle((ADA,), {}, buried=buried).people
        assert made not in buried
        buried[made] = erasure
