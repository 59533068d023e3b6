"""The running ingest that bad input is thrown at: `python -m services`, embedded, with keys we know.

Its bodies must arrive in half a second.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.processes import until
from tests.parts.machine import free_ports, listens

WRITE_KEY = "wk_bad:inputs_written_down"
SERVER_KEY = "sk_bad:inputs_written_down"
ADMIN_TOKEN = "tl_bad_inputs_written_down"
ONE_ORIGIN = "https://good.example"

_STOP_SECONDS = 30.0


@contextmanager
def running(part: str, data: Path, **settings: str) -> Iterator[str]:
    """A part of ingest on a port of its own, and where it answers; it must still run in the end."""
    (port,) = free_ports(1)
    environment = os.environ | settings | {
        "THROUGHLINE_DATA": str(data),
        "THROUGHLINE_WRITE_KEY": WRITE_KEY,
        "THROUGHLINE_SERVER_KEY": SERVER_KEY,
        "THROUGHLINE_ADMIN_TOKEN": ADMIN_TOKEN,
        "THROUGHLINE_INGEST_PORT": str(port),
        "THROUGHLINE_INGEST_BODY_SECONDS": "0.5",
        "THROUGHLINE_LOG_LEVEL": "error",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-m", "services", part], env=environment) as process:  # noqa: S603 - ours
        try:
            until(lambda: listens(f"127.0.0.1:{port}"), "ingest listens")
            yield f"http://127.0.0.1:{port}"
            assert process.poll() is None, "the process died"
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
