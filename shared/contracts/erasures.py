"""What a service says when it has forgotten a person: the lines of an erasure's receipt."""

from msgspec import Struct


class Removed(Struct, frozen=True, kw_only=True):
    """How many rows of one store were removed, or made anonymous."""

    store: str
    removed: int


class ErasureDone(Struct, frozen=True, kw_only=True):
    """`erasure.done`: `service` holds nothing of the person any more, and what comes late will not be kept."""

    erasure_id: str
    service: str
    stores: tuple[Removed, ...]
    at: int
