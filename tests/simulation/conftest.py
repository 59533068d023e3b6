"""Empty stores, made once: migrations cost more than a run."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.observe import logs
from tests.simulation.cluster import Stores, fast_folder
from tests.simulation.services_under_test import simulated_services


@pytest.fixture(scope="package")
def stores() -> Iterator[Stores]:
    logs.configure("error")
    folder = Path(tempfile.mkdtemp(dir=fast_folder()))
    yield Stores(folder, simulated_services())
    shutil.rmtree(folder)
