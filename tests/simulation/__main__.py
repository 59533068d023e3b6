"""`python -m tests.simulation --seed 1 --seeds 200`: the simulation over as many worlds as wanted.

Ends with 1 where one of them is not what the model says; the seed is printed, and fails the same way again.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from shared.observe import logs
from tests.simulation.cluster import NeverSettled, prepare, simulated
from tests.simulation.outcome import differences
from tests.simulation.services_under_test import simulated_services
from tests.simulation.world import world

_HASHES = "PYTHONHASHSEED"


def main() -> int:
    """Run the seeds asked for; the exit code."""
    if os.environ.get(_HASHES) != "0":
        # Sets are walked in the order of hashes: with the same hashes each run of a seed takes the same steps.
        os.execve(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]], os.environ | {_HASHES: "0"})  # noqa: S606  this very program again
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--keep", type=Path, help="folder to leave the stores in")
    asked = parser.parse_args()
    logs.configure("error")
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        return _run(asked.seed, asked.seeds, asked.keep or Path(folder))


def _run(first: int, count: int, folder: Path) -> int:
    stores = folder / "empty"
    stores.mkdir(parents=True)
    prepare(stores, simulated_services())
    failed, crashes, began = 0, 0, perf_counter()
    for seed in range(first, first + count):
        there = world(seed)
        try:
            run = simulated(seed, there.arrivals, stores, simulated_services())
        except NeverSettled as error:
            wrong = [f"never settled: {error}"]
        else:
            wrong = differences(there, run)
            crashes += run.crashes
        if wrong:
            failed += 1
            print(f"seed {seed}: {len(wrong)} differences; again with: make sim SEED={seed} N=1")
            print("\n".join(f"  {line}" for line in wrong[:10]))
    seconds = perf_counter() - began
    print(f"{count} seeds, {failed} failed, {crashes} crashes, {seconds:.1f} s")
    return 1 if failed else 0


def _fast_folder() -> str | None:
    memory = Path("/dev/shm")  # noqa: S108  a folder in memory, where the machine has one
    return str(memory) if os.access(memory, os.W_OK) else None


if __name__ == "__main__":
    sys.exit(main())
