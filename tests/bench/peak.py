"""One run: `python -m tests.bench.peak COMMAND ...` prints the last line of it, then its seconds and peak memory."""

import resource
import subprocess
import sys
from time import perf_counter

from msgspec import json


def main() -> None:
    """Run it; whoever waits for this ends both."""
    started = perf_counter()
    ran = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)  # noqa: S603
    seconds = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    lines = ran.stdout.splitlines()
    print(lines[-1].decode() if lines else "")
    print(json.encode({"whole": seconds, "whole megabytes": peak}).decode())


if __name__ == "__main__":
    main()
