"""The only reader of the wall clock.

Whoever needs the time is given a `Clock`, so that tests and simulations bring their own.
"""

import time
from collections.abc import Callable

from shared.kernel.instant import Instant

Clock = Callable[[], Instant]
"""Asked for the time of now."""

_NANOSECONDS = 1_000_000


def now() -> Instant:
    """This moment, in milliseconds UTC."""
    return Instant(time.time_ns() // _NANOSECONDS)
