"""Whatever dies, whenever, and in whatever order things arrive: the services end where the plain model does."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

_SEEDS = 200
_PROCESSES = 2
_SHARE = _SEEDS // _PROCESSES
_PATIENCE = 600.0


@pytest.fixture(scope="module")
def simulations() -> Iterator[list[subprocess.Popen[str]]]:
    """All seeds, shared out over processes that run side by side."""
    command = [sys.executable, "-m", "tests.simulation", "--seeds", str(_SHARE), "--seed"]
    running = [
        subprocess.Popen([*command, str(1 + part * _SHARE)], stdout=subprocess.PIPE, text=True)  # noqa: S603  our own program
        for part in range(_PROCESSES)
    ]
    yield running
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PROCESSES))
def test_the_services_end_where_the_plain_model_does(simulations: list["subprocess.Popen[str]"], part: int) -> None:
    told, _ = simulations[part].communicate(timeout=_PATIENCE)
    assert simulations[part].returncode == 0, told
