"""The resolver that properties ask."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.handlers.ingest.resolver import Resolver, resolving


@pytest.fixture(scope="module")
def resolver() -> Iterator[Resolver]:
    """One for all examples: what SQLAlchemy has compiled once need not be compiled again."""
    with asyncio.Runner() as runner:
        opened = resolving()
        yield runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))
