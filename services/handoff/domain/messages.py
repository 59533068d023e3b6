"""The bodies CRMs get: built once, as bytes that are signed, sent and kept as they are.

Promises: keys in the documented order, valid UTF-8, under 64 kB whatever a person's traits hold, and ids
that are the same on every redo. Leaves out signing and sending.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unicodedata import category

from services.handoff.domain.lead import Handoff
from services.handoff.domain.routing import Owner
from shared.kernel import instant
from shared.kernel.ids import derived
from shared.kernel.instant import Instant

MAX_BYTES = 64 * 1_024
_MAX_TEXT = 256
_MAX_ITEMS = 5
_MAX_JOURNEY = 10
_MAX_REASONS = 3
_MAX_LINK = 2_048
_ELLIPSIS = "…"
_UNFIT = frozenset({"Cc", "Cs"})
"""Control characters and halves of surrogate pairs. Joiners stay: names are written with them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to call."""

    id: str
    name: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Where they work, as far as that is known."""

    id: str
    name: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why they are worth a call."""

    text: str
    points: float


@dataclass(frozen=True, slots=True)
class JourneyLine:
    """One line of what they did."""

    occurred_at: Instant
    kind: str
    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a rep needs to open the call, as scoring told it at `as_of`."""

    person: Person
    stage: str
    fit_grade: str
    fit_points: float
    engagement_points: float
    as_of: Instant
    account: Account | None = None
    reasons: tuple[Reason, ...] = ()
    journey: tuple[JourneyLine, ...] = ()
    first_touch: Mapping[str, str] = field(default_factory=dict, hash=False)
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """Where it is done without a login: signed (answer_link.py), absolute. The journey needs one."""

    accept: str
    reject: str
    journey: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that goes into a message about a hand-off."""

    handoff: Handoff
    owner: Owner
    brief: Brief
    links: Links


def nothing(person_id: str) -> Brief:
    """The brief of somebody of whom nothing is known any more."""
    return Brief(Person(person_id), "", "", 0.0, 0.0, Instant(0))


def unsays(before: Person, now: Person) -> bool:
    """Whether somebody is no longer called something that they were called before."""
    names = {*now.emails, *now.phones, now.name, now.title, None}
    return not {*before.emails, *before.phones, before.name, before.title} <= names


def retold(body: bytes, brief: Brief) -> bytes:
    """A message about a hand-off that says no more of its person than a later brief; any other as it is."""
    message = json.loads(body)
    data = message["data"]
    if "journey" not in data:
        return body
    return _dumped(message | {"data": data | _briefed(brief)})


def message_id(cause: str, endpoint_id: str, version: int) -> str:
    """The `webhook-id`: one an event and endpoint, the same on every retry, redo and replay."""
    return "msg_" + derived("webhook", cause, endpoint_id, str(version)).replace("-", "")


def lead_qualified(parcel: Parcel, at: Instant) -> bytes:
    """`lead.qualified`: here is somebody to call."""
    return _body("lead.qualified", at, _handoff(parcel))


def handoff_updated(parcel: Parcel, at: Instant, reason: str | None = None) -> bytes:
    """`handoff.updated`: the same with its `status`, and the `reason` why it is told or why it ended."""
    told = {"status": parcel.handoff.status, "reason": _cut(reason or parcel.handoff.reason)}
    return _body("handoff.updated", at, _handoff(parcel) | told)


def handoff_erased(handoff: Handoff, at: Instant) -> bytes:
    """`handoff.updated` of somebody who was erased: their ids, and that nothing more may be kept of them."""
    told = {"handoff_id": handoff.id, "version": handoff.version, "person": {"id": handoff.person_id}}
    return _body("handoff.updated", at, told | {"status": handoff.status, "reason": "erased"})


def handoff_reassigned(parcel: Parcel, previous: Owner, at: Instant) -> bytes:
    """`handoff.reassigned`: the same with its `status` and the `previous_owner`."""
    extra = {"status": parcel.handoff.status, "previous_owner": _owner(previous)}
    return _body("handoff.reassigned", at, _handoff(parcel) | extra)


def handoff_sla_breached(parcel: Parcel, promise: str, due: Instant, at: Instant) -> bytes:
    """`handoff.sla_breached`: the same with its `status`, the `promise` and when it was `due`."""
    extra = {"status": parcel.handoff.status, "promise": _cut(promise), "due": instant.to_text(due)}
    return _body("handoff.sla_breached", at, _handoff(parcel) | extra)


def person_merged(from_id: str, into_id: str, kept_id: str | None, closed_id: str | None, at: Instant) -> bytes:
    """`person.merged`: whoever was filed under `from` is `into`; which hand-off stays and which was closed."""
    names = {"from": from_id, "into": into_id, "handoff_id": kept_id, "closed_handoff_id": closed_id}
    return _body("person.merged", at, names)


def endpoint_test(endpoint_id: str, at: Instant) -> bytes:
    """`endpoint.test`: nothing but a sign of life."""
    return _body("endpoint.test", at, {"endpoint_id": endpoint_id, "text": "This is a test from Throughline."})


def _handoff(parcel: Parcel) -> dict[str, Any]:
    handoff, links, told = parcel.handoff, parcel.links, _briefed(parcel.brief)
    return {
        "handoff_id": handoff.id,
        "version": handoff.version,
        "person": told.pop("person"),
        "account": told.pop("account"),
        "owner": _owner(parcel.owner),
        "stage": told.pop("stage"),
        "cycle": handoff.cycle,
        **told,
        "accept_by": instant.to_text(handoff.accept_by),
        "contact_by": instant.to_text(handoff.contact_by),
        "links": {"accept": _link(links.accept), "reject": _link(links.reject), "journey": _link(links.journey)},
    }


def _briefed(brief: Brief) -> dict[str, Any]:
    return {
        "person": _person(brief.person),
        "account": _account(brief.account),
        "stage": brief.stage,
        "fit": {"grade": brief.fit_grade, "points": brief.fit_points},
        "engagement": {"points": brief.engagement_points, "as_of": instant.to_text(brief.as_of)},
        "reasons": [{"text": _cut(reason.text), "points": reason.points} for reason in brief.reasons[:_MAX_REASONS]],
        "journey": [_line(line) for line in brief.journey[-_MAX_JOURNEY:]],
        "first_touch": {_cut(key): _cut(value) for key, value in list(brief.first_touch.items())[: 2 * _MAX_ITEMS]},
        "themes": [_cut(theme) for theme in brief.themes[:_MAX_ITEMS]],
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": _cut(person.name),
        "emails": _whole(person.emails),
        "phones": _whole(person.phones),
        "title": _cut(person.title),
    }


def _account(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    return {"id": _cut(account.id), "name": _cut(account.name), "domain": _cut(account.domain)}


def _owner(owner: Owner) -> dict[str, Any]:
    return {"id": owner.id, "name": _cut(owner.name), "email": _cut(owner.email)}


def _line(line: JourneyLine) -> dict[str, Any]:
    return {
        "occurred_at": instant.to_text(line.occurred_at),
        "kind": _cut(line.kind),
        "channel": _cut(line.channel),
        "text": _cut(line.text),
    }


def _cut(text: str | None) -> str | None:
    """The text without what CRMs choke on, cut at 256 characters."""
    if text is None:
        return None
    clean = "".join(" " if category(character) in _UNFIT else character for character in text)
    return clean if len(clean) <= _MAX_TEXT else clean[: _MAX_TEXT - 1] + _ELLIPSIS


def _whole(addresses: Iterable[str]) -> list[str]:
    """Addresses as they are; one that is too long to be one is left out, since a cut one would be somebody else's."""
    return [address for address in addresses if len(address) <= _MAX_TEXT and address.isprintable()][:_MAX_ITEMS]


def _link(url: str) -> str:
    if len(url) > _MAX_LINK:
        raise ValueError("a link is too long for a message")
    return url


def _body(message_type: str, at: Instant, data: dict[str, Any]) -> bytes:
    """Raises ValueError where it is too large all the same, or holds a number JSON has no word for."""
    body = _dumped({"type": message_type, "timestamp": instant.to_text(at), "data": data})
    if len(body) > MAX_BYTES:
        raise ValueError(f"a message of {len(body)} bytes is too large")
    return body


def _dumped(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
