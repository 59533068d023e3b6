"""A link that answers for a hand-off without a login: signed, for one answer, until a time.

Promises: who has no key can neither make one nor turn one into another, and comparing takes the same time whatever
is compared. Leaves out whether the hand-off can still be answered: its state says so.
"""

import base64
import hmac
from typing import Literal

from shared.kernel.instant import DAY, Instant

Answer = Literal["accept", "reject"]
VALID = 30 * DAY
"""From the assignment on: longer than any promise runs, and no longer than what was said of a person is kept about."""


def signature(key: bytes, handoff_id: str, answer: Answer, until: int) -> str:
    """What a link carries to be believed."""
    digest = hmac.digest(key, f"{handoff_id}\n{answer}\n{until}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def path(key: bytes, handoff_id: str, answer: Answer, assigned_at: Instant) -> str:
    """The link of a hand-off, without the host. The same hand-off has the same link in all its messages."""
    until = assigned_at + VALID
    return f"/v1/answers/{handoff_id}/{answer}?until={until}&signature={signature(key, handoff_id, answer, until)}"


def holds(key: bytes, handoff_id: str, answer: Answer, until: int, given: str, now: Instant) -> bool:
    """Whether a link is one of ours and its time is not over; what is `given` may be anything."""
    ours = signature(key, handoff_id, answer, until).encode()
    return hmac.compare_digest(ours, given.encode("utf-8", "surrogatepass")) and now < until
