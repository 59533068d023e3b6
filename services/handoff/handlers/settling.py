"""An attempt was answered: what that means for its delivery and for its endpoint (domain/delivery.py decides)."""

from typing import assert_never

from services.handoff.domain.delivery import Delivered, Disable, GiveUp, RetryAt, Schedule, next_attempt
from services.handoff.ports import Answered, Finished, Ledger
from shared.kernel.instant import Instant

FAILING = "failing"
"""Why an endpoint is disabled that has not answered well for days; `gone` is one that asked for it."""


async def settle(ledger: Ledger, answered: Answered, schedule: Schedule, now: Instant) -> bool:
    """Keep what an attempt came to; answers whether it arrived and the delivery was still ours to settle."""
    attempt, outcome = answered.attempt, answered.outcome
    # The endpoint first: whoever switches one off locks it before its deliveries as well.
    before = await ledger.health(attempt.endpoint_id, locking=not outcome.succeeded)
    decision = next_attempt(attempt.number, outcome, now, answered.jitter, schedule)
    match decision:
        case Delivered():
            finished = Finished("delivered", None, outcome.status, None)
        case RetryAt(at):
            finished = Finished("pending", at, outcome.status, outcome.failure)
        case GiveUp() | Disable():
            finished = Finished("failed", None, outcome.status, outcome.failure)
        case _:
            assert_never(decision)
    if not await ledger.finish(attempt, finished):
        return False
    health = before.after(outcome, now)
    disabled = "gone" if isinstance(decision, Disable) else FAILING if health.overdue(now) else None
    if health != before or disabled:
        await ledger.keep_health(attempt.endpoint_id, health, disabled)
    return isinstance(decision, Delivered)
