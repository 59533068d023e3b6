"""Ids of what is derived."""

from uuid import UUID

from shared.kernel.ids import derived, touchpoint_id


def test_the_same_cause_gives_the_same_id_and_another_cause_another() -> None:
    assert derived("a", "b") == derived("a", "b")
    assert len({derived("a", "b"), derived("b", "a"), derived("a"), derived("ab"), derived("a", "b", "")}) == 5


def test_the_parts_of_a_cause_are_kept_apart() -> None:
    assert derived("ab", "c") != derived("a", "bc")


def test_an_id_is_a_uuid_of_version_5_in_lower_case() -> None:
    for number in range(200):
        made = UUID(derived(str(number)))
        assert (made.version, made.variant) == (5, "specified in RFC 4122")
        assert str(made) == derived(str(number))


def test_an_id_once_given_is_given_for_ever() -> None:
    assert derived("touchpoint", "web", "m1") == touchpoint_id("web", "m1")
    assert touchpoint_id("web", "m1") == "99f5e561-5eb5-5478-ae5c-fb80dcfd2c6b"


def test_one_message_id_from_two_sources_is_two_events() -> None:
    assert touchpoint_id("web", "m1") != touchpoint_id("app", "m1")
