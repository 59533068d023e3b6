"""The stack of a test session; where no engine answers its tests are skipped, and the last lines name them."""

from collections.abc import Iterator

import pytest

from tests.containers.stack import Stack, look_for_engine
from tests.parts.engine import NotHere


@pytest.fixture(scope="session")
def engine() -> None:
    """Whoever asks for it needs an engine. Not even CI must have one: not every machine can run containers."""
    try:
        look_for_engine()
    except NotHere as reason:
        pytest.skip(f"no real containers: {reason}")


@pytest.fixture(scope="session")
def stack(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, built and up; all of it is gone in the end, whatever became of it."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        try:
            stack.up()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{stack.logs()}") from None
        yield stack
    finally:
        stack.down()
    assert stack.left_over() == []
