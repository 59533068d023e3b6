"""What a process takes on by what it is told to run."""

import os

import pytest

from services.__main__ import let_others_go_first, wanted


@pytest.mark.parametrize(
    ("arguments", "gives_way"),
    [
        (["attribution"], True),
        (["attribution:worker"], True),
        (["attribution", "handoff"], False),
        (["scoring"], False),
        ([], False),
    ],
)
def test_only_a_process_that_nobody_waits_for_gives_way(
    arguments: list[str], gives_way: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    monkeypatch.setattr(os, "nice", given.append)
    let_others_go_first(wanted(arguments))
    assert bool(given) is gives_way
    assert all(by > 0 for by in given)


def test_services_named_in_parts_are_one() -> None:
    (both,) = wanted(["ingest:api", "ingest:worker"])
    assert (both.name, both.role) == ("ingest", "both")


@pytest.mark.parametrize("name", ["ingest:door", "nobody"])
def test_what_is_no_service_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        wanted([name])
