"""Errors say what happens next.

    ThroughlineError
    |-- Reject          the sender is wrong: answer a 4xx, keep the reason
    |-- NotFound        there is no such thing: answer 404
    |-- Erased          there was somebody, who was erased: answer 410
    |-- Conflict        the state does not allow it: answer 409
    |-- TryLater        the infrastructure is not there: roll back, wait, same work again; never a dead letter
    |   `-- Fenced      another worker moved a position: give the partitions up, read where they are now
    |-- NotLoaded       a handler touched a key nobody declared: roll back, declare it, redo
    `-- PositionLost    the log no longer holds what we have not read: stop, an operator decides

Whatever else a handler raises is poison: the event that does it becomes a dead letter.
"""

from collections.abc import Iterable


class ThroughlineError(Exception):
    """The root of every error we raise on purpose."""


class Reject(ThroughlineError):
    """What was sent cannot be taken; `code` is stable, `message` is for people, `path` says where."""

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


class NotFound(ThroughlineError):
    """There is no such thing."""


class Erased(ThroughlineError):
    """There was somebody, who was erased, and nothing is known of them any more; `erasure_id` names the receipt."""

    def __init__(self, erasure_id: str) -> None:
        super().__init__(f"erased: {erasure_id}")
        self.erasure_id = erasure_id


class Conflict(ThroughlineError):
    """The thing is there, and its state does not allow what was asked."""


class TryLater(ThroughlineError):
    """The infrastructure cannot do it now. What was asked may have happened, or not."""


class Fenced(TryLater):
    """Positions were not where this worker believed them: it does not own those partitions."""

    def __init__(self, partitions: Iterable[object]) -> None:
        self.partitions = tuple(partitions)
        super().__init__(f"positions moved by another worker: {self.partitions}")


class NotLoaded(ThroughlineError):
    """Work needs keys that were not declared; `keys` names them."""

    def __init__(self, keys: Iterable[object]) -> None:
        self.keys = frozenset(keys)
        super().__init__(f"keys were not loaded: {sorted(map(str, self.keys))[:5]}")


class PositionLost(ThroughlineError):
    """A stored position lies outside what the log holds, or the topic is not the one it was."""
