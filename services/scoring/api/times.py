"""Times in query strings: RFC 3339 in, milliseconds UTC inside; what names no time is a 422."""

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from shared.kernel import instant


def _moment(text: object) -> int:
    if not isinstance(text, str):
        raise TypeError("a time is a text")
    try:
        return instant.parse(text)
    except ValueError:
        raise ValueError("a time as in 2026-10-01T00:00:00Z is needed") from None


Moment = Annotated[int, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time that was asked for; one that could not be shown again is none."""
