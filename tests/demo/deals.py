"""What sales posts: deals of the companies that asked, in the shapes and the order CRMs really use.

A deal has several versions; some come as lists, some after a later version, some with amounts in minor
units. Only the highest version counts.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.demo.calls import Json, text_of
from tests.demo.cast import Company, Part
from tests.demo.plot import DAY, HOUR, Life

CURRENCY = "EUR"
_DEAL_SHARE = 0.6
_ROLES = {Part.ASKER: "decision_maker", Part.READER: "influencer", Part.PROSPECT: "user"}


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as sales knows it in the end. `versions` are the bodies to post, in order of arrival."""

    id: str
    status: str
    amount_minor: int
    contacts: tuple[str, ...]
    closed_at: int | None
    versions: tuple[Json, ...]


def draw_deals(rng: random.Random, lives: Iterable[Life], tag: str, ends_at: int) -> list[Deal]:
    """Deals of companies where somebody asked and can be called back, and one that no touchpoint led to."""
    groups: dict[Company, list[Life]] = defaultdict(list)
    for life in lives:
        if life.known_at is not None:
            groups[life.person.company].append(life)
    numbered = enumerate(_deals_of_groups(rng, groups, ends_at), start=1)
    deals = [_written(rng, f"deal-{tag}-{number:03}", draft) for number, draft in numbered]
    by_word_of_mouth = _Draft(
        company=Company("Oldfriend Mills", f"oldfriend-{tag}.example", "manufacturing", 80),
        contacts=(f"mill@oldfriend-{tag}.example",),
        roles=("decision_maker",),
        amount_minor=1_250_001,
        created_at=ends_at - 20 * DAY,
        closed_at=ends_at - 6 * DAY,
        status="won",
    )
    return [*deals, _written(rng, f"deal-{tag}-000", by_word_of_mouth)]


@dataclass(frozen=True, slots=True)
class _Draft:
    company: Company
    contacts: tuple[str, ...]
    roles: tuple[str, ...]
    amount_minor: int
    created_at: int
    closed_at: int | None
    status: str


def _deals_of_groups(rng: random.Random, groups: dict[Company, list[Life]], ends_at: int) -> Iterator[_Draft]:
    for company, members in groups.items():
        asked = [life.asked_at for life in members if life.asked_at is not None]
        if not asked or rng.random() > _DEAL_SHARE:
            continue
        created_at = min(asked) + rng.randint(2 * DAY, 6 * DAY)
        closed_at = created_at + rng.randint(4 * DAY, 20 * DAY)
        closed = closed_at < ends_at - DAY
        yield _Draft(
            company=company,
            contacts=tuple(life.person.email for life in members),
            roles=tuple(_ROLES[life.person.part] for life in members),
            amount_minor=rng.randint(400_000, 9_000_000),
            created_at=created_at,
            closed_at=closed_at if closed else None,
            status=rng.choices(("won", "lost"), (6, 4))[0] if closed else "open",
        )


def _written(rng: random.Random, deal_id: str, draft: _Draft) -> Deal:
    shape = rng.randrange(3)
    opened = _body(deal_id, draft, 1, draft.amount_minor, shape) | {"status": "open", "stage": "proposal"}
    versions = [opened]
    amount_minor = draft.amount_minor
    if draft.closed_at is not None:
        versions.append(_body(deal_id, draft, 2, amount_minor, shape) | _outcome(draft, draft.closed_at))
        if rng.random() < 0.25:
            amount_minor -= rng.randint(1, 40_000)
            versions.append(_body(deal_id, draft, 3, amount_minor, shape) | _outcome(draft, draft.closed_at))
    if rng.random() < 0.3:
        versions.reverse()
    return Deal(deal_id, draft.status, amount_minor, draft.contacts, draft.closed_at, tuple(versions))


def _outcome(draft: _Draft, closed_at: int) -> Json:
    outcome: Json = {"status": draft.status, "closed_at": text_of(closed_at)}
    return outcome | {"lost_reason": "chose a competitor"} if draft.status == "lost" else outcome


def _body(deal_id: str, draft: _Draft, version: int, amount_minor: int, shape: int) -> Json:
    body: Json = {
        "id": deal_id,
        "name": f"{draft.company.name}: robots",
        "account": {"name": draft.company.name, "domain": draft.company.domain},
        "contacts": [
            {"email": email.upper() if shape == 2 else email, "role": role}
            for email, role in zip(draft.contacts, draft.roles, strict=True)
        ],
        "currency": CURRENCY,
        "created_at": text_of(draft.created_at),
        "occurred_at": text_of(draft.created_at + version * HOUR),
        "version": version,
        "deal_type": "new",
    }
    amount = f"{amount_minor // 100}.{amount_minor % 100:02}"
    return body | ({"amount_minor": amount_minor} if shape == 1 else {"amount": amount})


def posts_of(rng: random.Random, deals: Sequence[Deal]) -> list[tuple[Json, ...]]:
    """The bodies in order of arrival, some several to a post; versions of one deal keep their order."""
    queues = [list(deal.versions) for deal in deals]
    posts: list[tuple[Json, ...]] = []
    while queues := [queue for queue in queues if queue]:
        taken = rng.sample(queues, min(rng.choice((1, 1, 1, 4)), len(queues)))
        posts.append(tuple(queue.pop(0) for queue in taken))
    return posts
