"""A real PostgreSQL server, with `fsync` on: what is proved against it is durability.

It makes databases that nobody else uses. Addresses are of the form SQLAlchemy takes (`postgresql+asyncpg://`);
`plain` gives the usual one.
"""

import os
import shutil
import signal
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.parts.container import Boxed
from tests.parts.engine import Engine, NotHere, Program
from tests.parts.machine import Say, free_ports, install
from tests.parts.part import Part, answer_of

_CONNECT_SECONDS = 5.0
_IMAGE = "postgres:16"
_USER = "throughline"
_SCHEME = "postgresql+asyncpg"
_DEBIAN = Path("/usr/lib/postgresql")


class PostgresServer(Part):
    """A server whose maintenance database is at `url`."""

    def __init__(self, url: str, engine: Engine | None = None) -> None:
        super().__init__(engine)
        self.url = url
        # The process id keeps apart two runs that share a server somebody else runs.
        self._names = (f"throughline_{os.getpid()}_{number}" for number in count(1))

    def version(self) -> str:
        """Its version (`15.18`), or an empty text where it does not answer now."""
        return answer_of(self._ask_version())

    async def fresh_database(self) -> str:
        """The address of a new, empty database."""
        name = next(self._names)
        # template0: the other template may be in use, and then cannot be copied.
        await self._maintain(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def drop_database(self, url: str) -> None:
        """Remove a database that `fresh_database` made, whoever is still connected to it."""
        await self._maintain(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    async def _maintain(self, statement: str) -> None:
        connection = await asyncpg.connect(plain(self.url), timeout=_CONNECT_SECONDS)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _ask_version(self) -> str:
        try:
            connection = await asyncpg.connect(plain(self.url), timeout=_CONNECT_SECONDS)
        except (OSError, asyncpg.PostgresError):
            return ""
        try:
            return str(await connection.fetchval("SHOW server_version")).split()[0]
        finally:
            await connection.close()


def plain(url: str) -> str:
    """The same address in the form every other tool takes."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql"))


def given(url: str) -> PostgresServer:
    """The server the environment names; raises NotHere where it does not answer."""
    server = PostgresServer(urlunsplit(urlsplit(url)._replace(scheme=_SCHEME)))
    if not server.version():
        raise NotHere("nothing answers at the address given")
    return server


def boxed() -> PostgresServer:
    """A started server in a container of the public image."""
    (port,) = free_ports(1)
    environment = {"POSTGRES_USER": _USER, "POSTGRES_HOST_AUTH_METHOD": "trust", "POSTGRES_DB": "postgres"}
    return PostgresServer(_url(port), Boxed(_IMAGE, environment, {5432: port})).started()


def installed(say: Say) -> PostgresServer:
    """A started server that runs here; raises NotHere where PostgreSQL is not installed and cannot be."""
    binaries = _binaries()
    if binaries is None:
        install(["postgresql"], say)
        binaries = _binaries()
    if binaries is None:
        raise NotHere("PostgreSQL was installed, and its programs are not where Debian puts them")
    (port,) = free_ports(1)
    # The server refuses to run as root; its own user is there wherever the package is.
    user = "postgres" if os.geteuid() == 0 else None
    engine = Program("postgres", stop_signal=signal.SIGINT, user=user)
    data = str(engine.folder / "data")
    engine.run(str(binaries / "initdb"), "-D", data, "-A", "trust", "-U", _USER, "-E", "UTF8", "--no-locale")
    options = (f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={engine.folder}", "fsync=on")
    engine.command = (str(binaries / "postgres"), "-D", data, *(part for option in options for part in ("-c", option)))
    return PostgresServer(_url(port), engine).started()


def _binaries() -> Path | None:
    """Where the server's programs are, the newest version first; Debian keeps them off the PATH."""
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
    on_path = shutil.which("initdb")
    return versions[0].parent if versions else Path(on_path).resolve().parent if on_path else None


def _url(port: int) -> str:
    return f"{_SCHEME}://{_USER}@127.0.0.1:{port}/postgres"
