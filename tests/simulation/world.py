"""What happens in one simulated world, and how it reaches the log: late, shuffled, repeated, some of it broken.

Few people with few names, so that browsers are shared, addresses meet and people merge all the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from msgspec import Raw, json

from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.envelope import Event, encode
from shared.contracts.records import Outgoing
from shared.contracts.topics import DEALS_COLLECTED, TOUCHPOINTS_COLLECTED
from shared.contracts.touchpoints import CollectedTouchpoint
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import DAY, HOUR, MINUTE, Instant
from tests.reference.happened import Contact, Happening, Version

START = 1_780_000_000_000
RECEIVED = START + 60 * DAY
PRESENT = START + 12 * DAY
"""What the services take for now: between the things that happen, so that sales' answers are as well."""
_HAPPENINGS = 26
_DEALS = 2
_REPEATED = 0.3
_CHANGED = 0.1
_BROKEN = 3
_KINDS = ("page_viewed",) * 5 + ("form_submitted", "demo_requested", "identify", "identify", "alias", "email_clicked")


@dataclass(frozen=True)
class World:
    """What truly happened, each once, and the records that tell of it, in the order in which they arrive."""

    happenings: list[Happening]
    versions: list[Version]
    arrivals: list[Outgoing]
    broken: int
    """How many of the arrivals cannot be read."""


def world(seed: int) -> World:
    """The world of a seed."""
    random = Random(f"world {seed}")
    happenings = [_happening(random, number) for number in range(_HAPPENINGS)]
    versions = [version for number in range(_DEALS) for version in _versions(random, number)]
    told = [(_told(h), _key(h)) for h in happenings] + [(_deal_told(v), v.deal) for v in versions]
    arrivals = [Outgoing(topic, key.encode(), *encode(event)) for (topic, event), key in told]
    arrivals += random.sample(arrivals, round(len(arrivals) * _REPEATED))
    random.shuffle(arrivals)
    for happening in random.sample(happenings, round(len(happenings) * _CHANGED)):
        _send_changed(random, happening, arrivals)
    for number in range(_BROKEN):
        broken = Outgoing(TOUCHPOINTS_COLLECTED.name, f"broken {number}".encode(), b"{", ())
        arrivals.insert(random.randrange(len(arrivals)), broken)
    return World(happenings, versions, arrivals, _BROKEN)


def _happening(random: Random, number: int) -> Happening:
    kind = random.choice(_KINDS)
    trusted = kind != "page_viewed" and random.random() < 0.3
    who = random.randrange(6)
    email = f"{random.choice('ab')}{who}@gmail.com" if random.random() < 0.6 else None
    browser = random.choice((f"browser-{who}", f"browser-{who}", f"kiosk-{who % 2}"))
    named = kind in ("identify", "alias") or random.random() < 0.2
    # Some libraries send the browser's own id as the former one, others an older one or somebody's.
    former = random.choice((f"browser-{who}", f"user-{(who + 1) % 6}")) if kind == "alias" else None
    source = "backend" if trusted else "web"
    return Happening(
        id=touchpoint_id(source, f"message {number}"),
        # Many share an instant: then the id decides.
        at=START + random.randrange(40) * 12 * HOUR + random.choice((0, 0, 5, 50)) * MINUTE,
        trusted=trusted,
        kind=kind,
        browser=browser if not trusted or random.random() < 0.3 else None,
        user=f"user-{who}" if named or (trusted and email is None) else None,
        email=email if kind in ("form_submitted", "demo_requested", "identify") else None,
        former=former,
        campaign=random.choice((None, None, "spring", "autumn")),
    )


def _versions(random: Random, number: int) -> list[Version]:
    created = START + random.randrange(15) * DAY
    versions = []
    for version in random.sample(range(1, 6), random.choice((1, 2, 3))):
        status = random.choice(("open", "won", "won", "lost"))
        at = created + version * DAY
        people = random.sample(range(6), random.choice((1, 1, 2)))
        contacts = [
            Contact(f"a{who}@gmail.com", random.choice((None, f"crm-{who}")), random.choice((None, "buyer")))
            for who in people
        ]
        closed = None if status == "open" else at + random.randrange(8) * DAY
        event_id = derived("deal event", str(number), str(version))
        amount = random.randrange(1, 10_000)
        versions.append(Version(event_id, f"deal-{number}", version, at, status, created, closed, amount, contacts))
    return versions


def _key(happening: Happening) -> str:
    return happening.browser or happening.user or happening.email or happening.id


def _told(happening: Happening) -> tuple[str, Event]:
    """The happening as a door puts it on the log."""
    h = happening
    properties = {"email": h.email} if h.email and h.kind != "identify" else {}
    track = h.kind not in ("page_viewed", "identify", "alias")
    collected = CollectedTouchpoint(
        id=h.id,
        source="backend" if h.trusted else "web",
        door="segment",
        trusted=h.trusted,
        received_at=RECEIVED,
        type="track" if track else "page" if h.kind == "page_viewed" else "alias" if h.kind == "alias" else "identify",
        user_id=h.user,
        anonymous_id=h.browser,
        previous_id=h.former,
        name=h.kind.replace("_", " ").title() if track else None,
        timestamp=h.at,
        properties=Raw(json.encode(properties)),
        traits=Raw(json.encode({"email": h.email} if h.email and h.kind == "identify" else {})),
        context=Raw(json.encode({"campaign": {"name": h.campaign, "source": "mail"}} if h.campaign else {})),
    )
    event = Event(h.id, "touchpoint.collected", "ingest", Instant(RECEIVED), collected)
    return TOUCHPOINTS_COLLECTED.name, event


def _deal_told(version: Version) -> tuple[str, Event]:
    v = version
    deal = CollectedDeal(
        event_id=v.id,
        id=v.deal,
        version=v.number,
        source="crm",
        received_at=RECEIVED,
        status="open" if v.status == "open" else "won" if v.status == "won" else "lost",
        amount_minor=v.amount,
        currency="EUR",
        created_at=v.created,
        occurred_at=v.at,
        contacts=tuple(DealContact(email=c.email, crm_contact_id=c.crm, role=c.role) for c in v.contacts),
        closed_at=v.closed,
    )
    return DEALS_COLLECTED.name, Event(v.id, "deal.collected", "ingest", Instant(RECEIVED), deal)


def _send_changed(random: Random, happening: Happening, arrivals: list[Outgoing]) -> None:
    """The same message id comes again with another name in it, later and by the same way: the first one holds."""
    other = replace(happening, user=f"user-{random.randrange(6)}", at=happening.at - DAY)
    topic, event = _told(other)
    key = _key(happening).encode()
    changed = Outgoing(topic, key, *encode(event))
    first = _first_arrival(arrivals, happening.id)
    arrivals.insert(random.randint(first + 1, len(arrivals)), changed)


def _first_arrival(arrivals: Sequence[Outgoing], event_id: str) -> int:
    return next(at for at, record in enumerate(arrivals) if dict(record.headers).get("ce_id") == event_id.encode())
