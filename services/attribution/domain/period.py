"""A period: from a time, inclusive, to a time, exclusive; either may be left open. Times are milliseconds UTC."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Period:
    """Between two times; none: since ever, for ever."""

    since: int | None = None
    until: int | None = None
