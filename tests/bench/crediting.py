"""Credit of so many paths by our own code, from arrays: `python -m tests.bench.crediting COUNT` prints its seconds."""

import resource
import sys
from collections.abc import Callable
from time import perf_counter

from msgspec import json

from services.attribution.domain.models import MODELS
from services.attribution.domain.paths.study import Study
from tests.bench.paths import made

_MB = 1024
"""In the unit of a process's peak on Linux."""


def main() -> None:
    """Every figure once, each over the same paths."""
    paths = made(int(sys.argv[1]))
    told = Study(paths)
    rules = [name for name in MODELS if told.left_out(name) is None]

    def by_rules() -> None:
        study = Study(paths)
        for name in rules:
            study.credited(name)

    seconds = {
        "heuristics": _timed(by_rules),
        "markov": _timed(lambda: Study(paths).credited("markov_channel")),
        "shapley": _timed(lambda: Study(paths).credited("shapley")),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB
    print(json.encode({**seconds, "megabytes": peak}).decode())


def _timed(step: Callable[[], object]) -> float:
    started = perf_counter()
    step()
    return perf_counter() - started


if __name__ == "__main__":
    main()
