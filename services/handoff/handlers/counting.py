"""What is counted of webhooks, once what came of them is committed."""

from collections.abc import Iterable

from services.handoff.domain.delivery import Outcome
from services.handoff.ports import Answered
from shared.kernel.instant import SECOND
from shared.observe.metrics import Metrics


def answered(metrics: Metrics, attempts: Iterable[Answered]) -> None:
    """Count attempts by what came of them, and how long each took."""
    for one in attempts:
        metrics.webhooks.labels(one.attempt.type, _result(one.outcome)).inc()
        metrics.webhook_seconds.observe(one.outcome.milliseconds / SECOND)


def delivered(metrics: Metrics, waited: Iterable[int]) -> None:
    """Note how many milliseconds after their promotion leads were with sales."""
    stage = metrics.stage_seconds.labels("delivered")
    for milliseconds in waited:
        stage.observe(max(0, milliseconds) / SECOND)


def _result(outcome: Outcome) -> str:
    return "delivered" if outcome.succeeded else outcome.failure or "refused"
