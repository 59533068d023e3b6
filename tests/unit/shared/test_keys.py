"""Keys, and the order in which they are locked."""

from itertools import permutations
from typing import get_args

from shared.kernel.keys import Key, Kind, of_kind


def test_ids_of_a_kind_come_in_the_order_in_which_they_are_locked() -> None:
    keys = [Key("person", "b"), Key("person", "a"), Key("deal", "a"), Key("person", "c")]
    assert {tuple(of_kind(frozenset(order), "person")) for order in permutations(keys)} == {("a", "b", "c")}
    assert of_kind(frozenset(keys), "owner") == []


def test_tables_are_locked_in_one_order() -> None:
    assert get_args(Kind)[-5:] == ("identifier", "person", "account", "owner", "deal")
