"""One load on one door, in a process of its own: `python -m tests.bench.drive PORT single|batch CONNECTIONS SECONDS`.

Prints what it came to as one line of JSON. Its caller ends it where it takes too long.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from tests.bench import events
from tests.bench.load import Loaded, hammer
from tests.bench.processes import WRITE_KEY, program

BATCH_OF = 100
_SINGLES = 4_000
_BATCHES = 60
_SLACK_SECONDS = 20.0


def requests(kind: str) -> Sequence[bytes]:
    """The requests of a kind of load."""
    if kind == "batch":
        return events.batches(_BATCHES, BATCH_OF, WRITE_KEY)
    return events.singles(_SINGLES, WRITE_KEY)


async def driven(port: int, kind: str, connections: int, seconds: float) -> Loaded:
    """What a load came to; raises TimeoutError where its process does not end."""
    arguments = (str(port), kind, str(connections), str(seconds))
    async with asyncio.timeout(seconds + _SLACK_SECONDS):
        return Loaded(**json.loads(await program("tests.bench.drive", *arguments)))


if __name__ == "__main__":
    _port, _kind, _connections, _seconds = sys.argv[1:]
    print(json.dumps(asdict(hammer(int(_port), requests(_kind), int(_connections), float(_seconds)))))
