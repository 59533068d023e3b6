"""Credit of a file of paths by ChannelAttribution, in an interpreter that has it: `PYTHON peer.py FILE`.

It reads the file as its own manual does, and prints its seconds in the last line. Nothing of ours is imported.
"""

import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from time import perf_counter
from typing import Any


def main() -> None:
    """The three heuristics and Markov of order 1, of conversions and values."""
    with redirect_stdout(StringIO()):
        seconds = _measured(sys.argv[1])
    print(json.dumps(seconds))


def _measured(path: str) -> dict[str, float]:
    peer, frames = import_module("ChannelAttribution"), import_module("pandas")
    read, data = _timed(lambda: frames.read_csv(path))
    columns = {"var_conv": "conversions", "var_value": "value"}
    rules, _ = _timed(lambda: peer.heuristic_models(data, "path", **columns, flg_pro=False))
    markov, _ = _timed(
        lambda: peer.markov_model(data, "path", **columns, var_null="null", order=1, verbose=False, flg_pro=False)
    )
    return {"read": read, "heuristics": rules, "markov": markov}


def _timed(step: Callable[[], Any]) -> tuple[float, Any]:
    started = perf_counter()
    found = step()
    return perf_counter() - started, found


if __name__ == "__main__":
    main()
