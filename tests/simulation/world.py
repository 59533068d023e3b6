"""What happens in one simulated world, and how it reaches the log: late, shuffled, repeated, some of it broken.

Few people with few names, so that browsers are shared, addresses meet and people merge all the time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from msgspec import Raw, json

from shared.contracts.deals import CollectedDeal, DealContact
from shared.contracts.envelope import Event, encode
from shared.contracts.records import Outgoing
from shared.contracts.topics import ALIASES_COLLECTED, DEALS_COLLECTED, TOUCHPOINTS_COLLECTED
from shared.contracts.touchpoints import AccountRef, CallType, CollectedTouchpoint
from shared.kernel.ids import derived, touchpoint_id
from shared.kernel.instant import DAY, HOUR, MINUTE, Instant
from tests.reference.handed import BY_SALES
from tests.reference.happened import Company, Contact, Happening, Version

START = 1_780_000_000_000
RECEIVED = START + 60 * DAY
PRESENT = START + 12 * DAY
"""What the services take for now: between the things that happen, so that sales' answers are as well."""
_HAPPENINGS = 26
_DEALS = 2
_REPEATED = 0.3
_CHANGED = 0.1
_BROKEN = 3
_KINDS = ("page_viewed",) * 5 + (
    "form_submitted", "demo_requested", "identify", "identify", "alias", "email_clicked", "group", BY_SALES, BY_SALES,
)  # fmt: skip
_CALLS: Mapping[str, CallType] = {"page_viewed": "page", "identify": "identify", "alias": "alias", "group": "group"}
_HOSTS = ("gmail.com", "gmail.com", "acme.com", "sub.acme.com", "globex.com", "acme.com")
"""Where each of the people gets their mail."""
_COMPANIES = (
    Company("g-acme", "Acme", "acme.com"), Company("g-acme", "Acme Corp"), Company("g-globex", None, "globex.com"),
    Company("initech", "Initech", "acme.com"), Company("sub.acme.com"), Company("initech"),
)  # fmt: skip
"""What group calls name; several claim one domain."""
_ON_DEALS = (
    None, None, Company("crm-acme", "ACME Inc.", "acme.com"), Company("acme.com", None, "acme.com"),
    Company("crm-sub", "Sub", "sub.acme.com"), Company("g-globex", "Globex"),
)  # fmt: skip
"""What the CRM names."""


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
    trusted = kind == BY_SALES or (kind != "page_viewed" and random.random() < 0.3)
    who = random.randrange(6)
    email = f"{random.choice('ab')}{who}@{_HOSTS[who]}" if random.random() < 0.6 else None
    browser = random.choice((f"browser-{who}", f"browser-{who}", f"kiosk-{who % 2}"))
    named = kind in ("identify", "alias", BY_SALES) or random.random() < 0.2
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
        company=random.choice(_COMPANIES) if kind == "group" else None,
    )


def _versions(random: Random, number: int) -> list[Version]:
    created = START + random.randrange(15) * DAY
    versions = []
    for version in random.sample(range(1, 6), random.choice((1, 2, 3))):
        status = random.choice(("open", "won", "won", "lost"))
        at = created + version * DAY
        people = random.sample(range(6), random.choice((1, 1, 2)))
        contacts = [
            Contact(f"a{who}@{_HOSTS[who]}", random.choice((None, f"crm-{who}")), random.choice((None, "buyer")))
            for who in people
        ]
        closed = None if status == "open" else at + random.randrange(8) * DAY
        company = random.choice(_ON_DEALS)
        event_id = derived("deal event", str(number), str(version))
        amount = random.randrange(1, 10_000)
        whole = Version(event_id, f"deal-{number}", version, at, status, created, closed, amount, contacts, company)
        versions.append(whole)
    return versions


def _key(happening: Happening) -> str:
    return happening.browser or happening.user or happening.email or happening.id


def _told(happening: Happening) -> tuple[str, Event]:
    """The happening as a door puts it on the log."""
    h = happening
    properties = {"email": h.email} if h.email and h.kind != "identify" else {}
    if h.kind == BY_SALES:
        properties = {"department": "sales", "rep": "sales-desk"}
    call = _CALLS.get(h.kind, "track")
    traits: dict[str, str | None] = {"email": h.email} if h.email and h.kind == "identify" else {}
    if h.company is not None:
        traits = {"name": h.company.name, "website": h.company.domain}
    collected = CollectedTouchpoint(
        id=h.id,
        source="backend" if h.trusted else "web",
        door="segment",
        trusted=h.trusted,
        received_at=RECEIVED,
        type=call,
        user_id=h.user,
        anonymous_id=h.browser,
        previous_id=h.former,
        group_id=h.company.id if h.company else None,
        name=h.kind.replace("_", " ").title() if call == "track" else None,
        timestamp=h.at,
        properties=Raw(json.encode(properties)),
        traits=Raw(json.encode({name: value for name, value in traits.items() if value})),
        context=Raw(json.encode({"campaign": {"name": h.campaign, "source": "mail"}} if h.campaign else {})),
    )
    of = ("alias.collected", ALIASES_COLLECTED) if call == "alias" else ("touchpoint.collected", TOUCHPOINTS_COLLECTED)
    return of[1].name, Event(h.id, of[0], "ingest", Instant(RECEIVED), collected)


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
        account=None
        if v.company is None
        else AccountRef(id=v.company.id, name=v.company.name, domain=v.company.domain),
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
