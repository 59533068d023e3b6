"""Owners of a browser in the order in which pages show them."""

from services.ingest.domain.owners import Owner, Place, following

CLAIMANTS = [Owner("cy", Place(9, 5, "b")), Owner("bo", Place(9, 5, "a")), Owner("ana", Place(9, 2, "c"))]
THEMSELVES = {"ana": "ana", "bo": "bo", "cy": "cy"}


def test_all_are_behind_the_beginning_and_only_later_ones_behind_a_place() -> None:
    assert following(CLAIMANTS, THEMSELVES, None) == CLAIMANTS
    for number, one in enumerate(CLAIMANTS, 1):
        assert following(CLAIMANTS, THEMSELVES, one.place) == CLAIMANTS[number:]


def test_who_became_one_has_the_first_place_of_theirs() -> None:
    joined = THEMSELVES | {"cy": "ana"}
    assert following(CLAIMANTS, joined, None) == [Owner("ana", Place(9, 5, "b")), CLAIMANTS[1]]
    assert following(CLAIMANTS, joined, CLAIMANTS[0].place) == [CLAIMANTS[1]]
