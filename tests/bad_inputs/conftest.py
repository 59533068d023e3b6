"""A running ingest to throw bad input at: a process of its own, as it would be in production."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.bad_inputs.server import SERVER_KEY, WRITE_KEY


@pytest.fixture(scope="session")
def ingest_url() -> Iterator[str]:
    """Where the process answers; it must still run when the last case is done."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bad_inputs.server"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        died = server.poll()
        server.terminate()
        server.wait(10)
    assert died is None


@pytest.fixture(scope="session")
def write_key() -> str:
    return WRITE_KEY


@pytest.fixture(scope="session")
def server_key() -> str:
    return SERVER_KEY
