"""Every test here may ask for hand-off on its own store, and for a CRM."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handlers.handoff.crm import Crm, crm
from tests.handlers.handoff.scene import Scene, scene


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Scene]:
    """Hand-off, on SQLite."""
    async with scene(tmp_path) as found:
        yield found


@pytest.fixture
async def receiver() -> AsyncIterator[Crm]:
    """A CRM that takes everything."""
    async with crm() as found:
        yield found
