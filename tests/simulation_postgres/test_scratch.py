import time
import os
import pytest
from tests.simulation_postgres import test_real_processes as r, test_every_guard_is_needed as g
from random import Random as R

@pytest.mark.parametrize("trial", range(int(os.environ["N"])))
async def test_x(postgres_url: str, trial, monkeypatch) -> None:
    w = os.environ["W"]
    monkeypatch.setattr(r, "Random", lambda s: R(f"{s}{trial}") )
    monkeypatch.setattr(g, "Random", lambda s: R(f"{s}{trial}") if isinstance(s, str) else R(s))
    t = time.monotonic()
    f = r._wrong_first if w in ("locks", "people") else g._miscounting_first
    x = await f(postgres_url, "" if w in ("people", "count") else w)
    print("TRIAL", w, x, round(time.monotonic() - t, 1), flush=True)
