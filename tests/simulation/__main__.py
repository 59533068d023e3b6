"""`python -m tests.simulation --seed 1 --seeds 200`: the simulation over as many worlds as wanted.

`--schedules 3` runs each by three schedules: the same happens, met at other moments and with other operators' acts.
Ends with 1 where one of them is not what the model says; seed and schedule are printed, and fail the same way again.
"""

import argparse
import os
import sys
import tempfile
from itertools import product
from pathlib import Path
from time import perf_counter

from shared.observe import logs
from tests.simulation.cluster import Stores, fast_folder
from tests.simulation.outcome import outcome
from tests.simulation.services_under_test import simulated_services

_HASHES = "PYTHONHASHSEED"
_SHOWN = 10
"""Differences of one seed that are printed: the others mostly follow from these."""


def main() -> int:
    """Run the seeds asked for; the exit code."""
    if os.environ.get(_HASHES) != "0":
        # Sets are walked in the order of hashes: with the same hashes each run of a seed takes the same steps.
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, os.environ | {_HASHES: "0"})  # noqa: S606  this very program
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--schedule", type=int, default=1, help="the first schedule of each seed")
    parser.add_argument("--schedules", type=int, default=1, help="how many")
    asked = parser.parse_args()
    logs.configure("error")
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        seeds = range(asked.seed, asked.seed + asked.seeds)
        schedules = range(asked.schedule, asked.schedule + asked.schedules)
        return _run(seeds, schedules, Stores(Path(folder), simulated_services()))


def _run(seeds: range, schedules: range, stores: Stores) -> int:
    failed, began = 0, perf_counter()
    for seed, schedule in product(seeds, schedules):
        wrong = outcome(seed, stores, schedule=schedule)
        if wrong:
            failed += 1
            again = f"make sim SEED={seed} N=1" + (f" ARGS='--schedule {schedule}'" if schedule > 1 else "")
            print(f"seed {seed}, schedule {schedule}: {len(wrong)} differences; again with: {again}")
            print("\n".join(f"  {line}" for line in wrong[:_SHOWN]), flush=True)
    told = f"{len(seeds)} seeds by {len(schedules)} schedules, {failed} failed"
    print(f"{told}, {stores.crashes} crashes, {stores.stalls} stalls, {perf_counter() - began:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
