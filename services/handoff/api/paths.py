"""Ids in paths. What has not the shape of one is found as little as an id that nothing has."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator

from shared.kernel.errors import NotFound


def as_id(text: str) -> str:
    """An id as it is kept, however it is written; raises NotFound where it is none."""
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFound from None


Id = Annotated[str, AfterValidator(as_id)]
"""The type of a route's parameter that holds one."""
