"""Cases of the catalogue that are answered with 200, and seen only in what became of the events."""

from typing import Any

import httpx

from tests.bad_inputs.server import ADMIN_TOKEN, SERVER_KEY, WRITE_KEY
from tests.faults.processes import until

_SECONDS = 20.0


def test_case_57_a_message_id_that_comes_again_with_other_content_is_the_first_event(resolving_url: str) -> None:
    send(resolving_url, "/v1/track", {"event": "First", "userId": "u57", "messageId": "m57"})
    first = arrived(resolving_url, "m57")
    send(resolving_url, "/v1/page", {"name": "Second", "userId": "v57", "messageId": "m57"})
    send(resolving_url, "/v1/track", {"event": "After", "userId": "v57", "messageId": "after57"})
    arrived(resolving_url, "after57")
    assert arrived(resolving_url, "m57") == first


def test_case_52_an_address_on_500_browsers_in_a_minute_is_kept_from_most_of_them(resolving_url: str) -> None:
    claims = [
        {"type": "identify", "anonymousId": f"a52-{number}", "traits": {"email": "52@example.test"}}
        for number in range(500)
    ]
    last = {"type": "track", "event": "After", "userId": "u52", "messageId": "after52"}
    send(resolving_url, "/v1/batch", {"batch": [*claims, last]})
    assert len(arrived(resolving_url, "after52")) == 1
    until(lambda: bool(told(resolving_url, "/v1/lag")["caught_up"]), "all of them are resolved", _SECONDS)
    [person] = asked(resolving_url, "/v1/people", email="52@example.test")
    assert (len(person["anonymous_ids"]), person["flags"]) == (100, [])
    reviews = asked(resolving_url, "/v1/identity/reviews", limit="1000")
    assert [review["state"] for review in reviews if review["why"] == "too_many_at_once"] == ["open"] * 400


def test_case_53_aliases_in_a_ring_are_taken_and_end(resolving_url: str) -> None:
    for previous, user in (("a53", "b53"), ("b53", "a53"), ("a53", "a53")):
        send(resolving_url, "/v1/alias", {"previousId": previous, "userId": user}, SERVER_KEY)
    send(resolving_url, "/v1/track", {"event": "After", "userId": "a53", "messageId": "after53"})
    assert arrived(resolving_url, "after53")[0]["state"] == "stored"


def send(url: str, path: str, body: dict[str, Any], key: str = WRITE_KEY) -> None:
    answer = httpx.post(url + path, auth=(key, ""), json=body, timeout=_SECONDS)
    assert answer.status_code == 200, answer.text


def arrived(url: str, message_id: str) -> list[dict[str, Any]]:
    """What became of a message, as soon as something did."""
    until(lambda: bool(events(url, message_id)), f"{message_id} arrived", _SECONDS)
    return events(url, message_id)


def events(url: str, message_id: str) -> list[dict[str, Any]]:
    return asked(url, "/v1/events", message_id=message_id)


def asked(url: str, path: str, **parameters: str) -> list[dict[str, Any]]:
    """The items of a list."""
    items: list[dict[str, Any]] = told(url, path, **parameters)["items"]
    return items


def told(url: str, path: str, **parameters: str) -> dict[str, Any]:
    answer = httpx.get(
        url + path, params=parameters, headers={"authorization": f"Bearer {ADMIN_TOKEN}"}, timeout=_SECONDS
    )
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content
