"""Where names lead: the system's resolver, asked in threads that nothing else waits for.

Promises: a name is asked for once at a time, and a name server that is silent holds up only those who ask for that
name. Leaves out which of the addresses may be dialled (address.py).
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence

Ask = Callable[[str, int], Sequence[str]]
"""All addresses of a name, as texts, for as long as that takes; raises OSError where there is none."""


def of_the_system(host: str, port: int) -> Sequence[str]:
    """All addresses the system's resolver knows for a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Names:
    """Names that are being asked for. Its threads end by themselves, and with the process at the latest."""

    def __init__(self, ask: Ask = of_the_system) -> None:
        self._ask = ask
        self._asked: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """All addresses of a name, as texts; raises OSError where there is none."""
        name = host, port
        if name not in self._asked:
            loop = asyncio.get_running_loop()
            self._asked[name] = loop.create_future()
            # A pool would have its threads held by whoever is silent, and the end of the process wait for them.
            threading.Thread(target=self._look_up, args=(name, loop), name="name-look-up", daemon=True).start()
        # Whoever stops waiting leaves the look-up to the others.
        return await asyncio.shield(self._asked[name])

    def _look_up(self, name: tuple[str, int], loop: asyncio.AbstractEventLoop) -> None:
        found: Sequence[str] | OSError
        try:
            found = self._ask(*name)
        except (OSError, UnicodeError) as error:
            found = error if isinstance(error, OSError) else OSError("this is no name")
        try:
            loop.call_soon_threadsafe(self._settle, name, found)
        except RuntimeError:
            return  # the loop has ended, and everybody who waited with it

    def _settle(self, name: tuple[str, int], found: Sequence[str] | OSError) -> None:
        asked = self._asked.pop(name)
        if isinstance(found, OSError):
            asked.set_exception(found)
            asked.exception()  # looked at: all who waited may have left
        else:
            asked.set_result(found)
