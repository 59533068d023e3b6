"""A whole story from a seed: what is sent, in which order it arrives, and what must come of it.

Pure: the same seed, size, tag and end give the same story to the byte. What is expected is what a sender
can know without asking anybody: who asked and can be reached, which calls are bad, what was sold.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tests.demo.calls import Call, Json, backend_track, text_of
from tests.demo.cast import Person, draw_cast
from tests.demo.deals import Deal, draw_deals, posts_of
from tests.demo.plot import DAY, HOUR, MINUTE, Life, Pen, live

REASONS = ("no-budget", "bad-timing", "poor-fit")
"""What this CRM rejects for: some of what the default charter knows."""

_RESENT_SHARE = 0.04
_HELD_BACK_SHARE = 0.03
_BAD_SHARE = 0.01
_REJECTED_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of the story, by the sender's own knowledge."""

    asked: Mapping[str, str | None]
    """Address of everybody who asked for a demo or a trial and can be reached: the reason they will be
    rejected for, or none where sales takes them."""
    addresses: frozenset[str]
    """Every address that was ever given."""
    devices: Mapping[str, tuple[str, ...]]
    """Address to anonymous ids, of those who use two devices."""
    deals: Mapping[str, Deal]


@dataclass(frozen=True, slots=True)
class Story:
    """Calls in order of arrival, then deals, then the calls that come after everything is sold."""

    calls: tuple[Call, ...]
    deal_posts: tuple[tuple[Json, ...], ...]
    late_calls: tuple[Call, ...]
    expected: Expected
    tag: str


def tell(*, seed: int, people: int, ends_at: int, tag: str) -> Story:
    """The story of that many people in the ninety days before `ends_at`."""
    rng = random.Random(f"{seed}/{people}")
    pen = Pen(rng, tag, ends_at)
    lives = [live(pen, person) for group in draw_cast(rng, people, tag) for person in group]
    deals = draw_deals(rng, lives, tag, ends_at)
    _use_what_was_bought(pen, lives, deals)
    _write_bad_calls(pen)
    on_time, held_back = _parted(rng, pen.calls)
    arriving = sorted([*on_time, *_sent_again(rng, on_time, ends_at)], key=lambda call: call.due)
    return Story(
        calls=tuple(arriving),
        deal_posts=tuple(posts_of(rng, deals)),
        late_calls=tuple(held_back),
        expected=_expected(rng, lives, deals),
        tag=tag,
    )


def _use_what_was_bought(pen: Pen, lives: Sequence[Life], deals: Sequence[Deal]) -> None:
    by_email = {life.person.email: life.person for life in lives}
    for deal in deals:
        if deal.status != "won" or deal.closed_at is None:
            continue
        for person in (by_email[email] for email in deal.contacts if email in by_email):
            _onboard(pen, person, deal.closed_at)


def _onboard(pen: Pen, person: Person, closed_at: int) -> None:
    for number, event in enumerate(("Onboarding Step", "Product Used", "Product Used"), start=1):
        at = closed_at + number * DAY // 2
        if at < pen.ends_at:
            pen.write(at, "server", backend_track(person, at, event, {"step": number}))


def _write_bad_calls(pen: Pen) -> None:
    """What a broken page, an old script and a cheat send; each batch it travels in has to survive it."""
    for number in range(max(4, int(len(pen.calls) * _BAD_SHARE))):
        at = pen.rng.randint(pen.begins_at, pen.ends_at)
        stamp: Json = {"type": "track", "timestamp": text_of(at), "event": "Page Ping"}
        visitor = {"anonymousId": f"broken-{number}"}
        fault, body = (
            ("names nobody", stamp),
            ("has no type", visitor | {"timestamp": text_of(at)}),
            ("claims a sales act", stamp | visitor | {"event": "Call", "properties": {"department": "sales"}}),
            ("has an object for a user id", stamp | {"userId": {"id": number}}),
        )[number % 4]
        pen.write(at, "write", body, fault=fault)


def _parted(rng: random.Random, calls: Sequence[Call]) -> tuple[list[Call], list[Call]]:
    """Those that come in their time, and those that come when everything has been sold."""
    on_time: list[Call] = []
    held_back: list[Call] = []
    for call in calls:
        # What says who somebody is, or asks for a call, is never held back: the hand-overs wait for it.
        may_wait = not (call.alone or call.fault or "email" in call.body.get("properties", {}))
        (held_back if may_wait and rng.random() < _HELD_BACK_SHARE else on_time).append(call)
    return on_time, held_back


def _sent_again(rng: random.Random, calls: Sequence[Call], ends_at: int) -> list[Call]:
    """Copies of calls whose answer the client never saw."""
    return [
        replace(call, due=min(call.due + rng.randint(MINUTE, 12 * HOUR), ends_at + MINUTE))
        for call in calls
        if not call.fault and rng.random() < _RESENT_SHARE
    ]


def _expected(rng: random.Random, lives: Sequence[Life], deals: Sequence[Deal]) -> Expected:
    sold_to = {email for deal in deals for email in deal.contacts}
    asked: dict[str, str | None] = {}
    for life in lives:
        email = life.person.email
        if life.asked_at is not None and life.known_at is not None:
            unwanted = email not in sold_to and rng.random() < _REJECTED_SHARE
            asked[email] = rng.choice(REASONS) if unwanted else None
    return Expected(
        asked=asked,
        addresses=frozenset(life.person.email for life in lives if life.known_at is not None) | sold_to,
        devices={
            life.person.email: life.person.devices
            for life in lives
            if life.known_at is not None and len(life.person.devices) > 1
        },
        deals={deal.id: deal for deal in deals},
    )
