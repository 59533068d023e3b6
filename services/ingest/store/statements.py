"""Which statement an operator means: found by the event that made it, the people it is about, or the review of it.

Everything is read under the locks of the command that asks, so what is found is still true when it commits.
"""

from collections.abc import Sequence

from sqlalchemy import select

from services.ingest.domain.acts import ActKind, OperatorAct
from services.ingest.domain.identity import Claim, Identifier, by_strength, statement_id
from services.ingest.domain.telling import withdrawn
from services.ingest.ports import Identity
from services.ingest.store import identities
from services.ingest.store.erasures import absence
from services.ingest.store.tables import CLAIMS, REVIEWS, TOUCHPOINTS
from shared.db.people import roots_of
from shared.db.work import Work
from shared.kernel.errors import Conflict, NotFound, Reject
from shared.kernel.instant import Instant


async def to_split(work: Work, person_id: str, event_id: str, who: str, now: Instant) -> list[OperatorAct]:
    """The withdrawal of what an event says of a person."""
    identity = await somebody(work, person_id)
    event = identities.canonical(event_id)
    if event is None:
        raise NotFound
    claims = await identities.claims(work, identity.components)
    said = await _said_by(work, event, claims)
    of_person = [named for named in said if not identity.identifiers.isdisjoint(named)]
    if not of_person:
        raise Conflict("that event says nothing of this person")
    standing = [named for named in of_person if named not in withdrawn(claims)]
    if not standing:
        raise Conflict("what that event says is withdrawn already")
    return [OperatorAct("split", named, await _after_the_last(work, named, now), who, event) for named in standing]


async def to_merge(work: Work, person_id: str, other_id: str, who: str, now: Instant) -> list[OperatorAct]:
    """The statement that two people are one, by the strongest that each is called."""
    one, other = await somebody(work, person_id), await somebody(work, other_id)
    if one.person_id == other.person_id:
        raise Conflict("they are one person already")
    if not (one.identifiers and other.identifiers):
        raise Conflict("one of them has just become somebody else: look again")
    named = by_strength(by_strength(identity.identifiers)[0] for identity in (one, other))
    return [OperatorAct("merge", named, await _after_the_last(work, named, now), who)]


async def to_answer(work: Work, review_id: str, kind: ActKind, who: str, now: Instant) -> list[OperatorAct]:
    """The answer to a review."""
    statement = identities.canonical(review_id)
    row = None if statement is None else await work.first(
        select(REVIEWS.c.event_id, REVIEWS.c.open, CLAIMS.c.identifiers)
        .join(CLAIMS, CLAIMS.c.id == REVIEWS.c.claim)
        .where(REVIEWS.c.id == statement)
    )  # fmt: skip
    if row is None:
        raise NotFound
    verdict = await work.scalar(select(CLAIMS.c.verdict).where(CLAIMS.c.id == statement))
    if verdict is not None and (verdict == "stands") == (kind == "accept"):
        raise Conflict("the review was answered so already")
    if verdict is None and not row.open:
        raise Conflict("the review is moot: other claims have settled it")
    named = identities.named(row.identifiers)
    return [OperatorAct(kind, named, await _after_the_last(work, named, now), who, row.event_id)]


async def _after_the_last(work: Work, named: tuple[Identifier, ...], now: Instant) -> Instant:
    """When a decision is made. Clocks of processes differ: one that follows another is later, whatever they say."""
    last = await work.scalar(select(CLAIMS.c.at).where(CLAIMS.c.id == statement_id(named)))
    return now if last is None else Instant(max(now, last + 1))


async def somebody(work: Work, person_id: str) -> Identity:
    """Somebody by any id of theirs; raises NotFound where there is nobody, Erased where they were erased."""
    canonical = identities.canonical(person_id)
    if canonical is None:
        raise NotFound
    identity = await identities.identity_of(work, (await roots_of(work, [canonical]))[canonical])
    if identity is None:
        raise await absence(work, canonical)
    return identity


async def _said_by(work: Work, event_id: str, claims: Sequence[Claim]) -> list[tuple[Identifier, ...]]:
    """What an event says, of what is claimed here: a touchpoint knows its statement, deals and operators are the
    events of their claims."""
    touchpoint = await work.first(select(TOUCHPOINTS.c.statement).where(TOUCHPOINTS.c.id == event_id))
    if touchpoint is None and await work.first(select(CLAIMS.c.id).where(CLAIMS.c.event_id == event_id)) is None:
        raise NotFound
    said = dict.fromkeys(claim.identifiers for claim in claims if len(claim.identifiers) > 1)
    if touchpoint is not None and touchpoint.statement is not None:
        return [named for named in said if statement_id(named) == touchpoint.statement]
    by_event = {claim.identifiers for claim in claims if claim.event_id == event_id}
    joining = [named for named in said if named in by_event]
    if touchpoint is not None and not joining:
        raise Reject("joins_nobody", "that event does not say of anybody that they are one person", "event_id")
    return joining
