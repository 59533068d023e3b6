"""Runs services: all of them, or those that are named, whole or as `SERVICE:api` and `SERVICE:worker`.

The one module that knows every service. Commands that speak to running services are in services/commands.py.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from os import environ
from typing import Literal

import uvloop

from services import commands, export, people_command, people_erase, people_export
from services.attribution import wiring as attribution
from services.attribution.api.attribute import command as attribute
from services.deployment import Deployment, Service, ServiceName, Settings, open_log, until_the_log_fails
from services.handoff import wiring as handoff
from services.ingest import wiring as ingest
from services.retention import retention
from services.scoring import wiring as scoring
from shared.db.migrate import migrate
from shared.kernel.errors import Conflict, TryLater
from shared.observe import logs
from shared.runtime.supervise import Supervisor
from shared.web.credentials import load
from shared.web.server import keep_freed_memory, listen, relax_garbage_collector, serve

Role = Literal["both", "api", "worker"]

BUILD: dict[ServiceName, Callable[[Deployment, Callable[[], bool]], Service]] = {
    "ingest": ingest.build,
    "scoring": scoring.build,
    "handoff": handoff.build,
    "attribution": attribution.build,
}
_NOBODY_WAITS_FOR: frozenset[ServiceName] = frozenset(("attribution",))
"""A credit may come a moment later; a lead may not."""
_NICE = 10
_COMMANDS = ("wait", "migrate", "attribute", "people", "export")
_START_SECONDS = 60.0
_FIRST_PAUSE = 0.5
_log = logs.logger("process")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service to run, and which part of it."""

    name: ServiceName
    role: Role


def wanted(arguments: Sequence[str]) -> list[Wanted]:
    """What is to run; everything where nothing is named. Raises ValueError where a name is unknown."""
    if not arguments:
        return [Wanted(name, "both") for name in BUILD]
    roles: dict[ServiceName, set[str]] = {}
    for argument in arguments:
        name, _, role = argument.partition(":")
        if name not in BUILD or role not in ("", "api", "worker"):
            raise ValueError(f"there is no {argument!r}: name {', '.join(BUILD)}, each also as NAME:api or NAME:worker")
        roles.setdefault(name, set()).update([role] if role else ["api", "worker"])
    return [Wanted(name, _role(parts)) for name, parts in roles.items()]


def _role(parts: set[str]) -> Role:
    return "both" if len(parts) > 1 else "api" if "api" in parts else "worker"


async def run(settings: Settings, services: Sequence[Wanted]) -> int:
    """Run services until a signal or the death of a part; the exit code."""
    settings.data.mkdir(parents=True, exist_ok=True)
    deployment = Deployment(settings, load(settings.data, environ), open_log(settings))
    supervisor = Supervisor()
    built = [(one, BUILD[one.name](deployment, supervisor.healthy)) for one in services]
    try:
        await _start(deployment, [service for _, service in built])
        supervisor.add("log", lambda stopping: until_the_log_fails(deployment.log, stopping))
        for one, service in built:
            _add(supervisor, deployment, one.role, service)
        for name, part in retention(deployment):
            supervisor.add(name, part)
        relax_garbage_collector()
        if any(service.direct is not None and one.role != "worker" for one, service in built):
            keep_freed_memory()  # Busy doors need large pieces all the time; workers seldom, and would only hold them.
        let_others_go_first(services)
        return await supervisor.run()
    finally:
        for _, service in built:
            await service.database.close()
        await deployment.log.close()


def let_others_go_first(services: Sequence[Wanted]) -> None:
    """Have the cores serve other processes first, where this one does only what nobody waits for."""
    if all(one.name in _NOBODY_WAITS_FOR for one in services):
        os.nice(_NICE)


async def _start(deployment: Deployment, services: Sequence[Service]) -> None:
    """Open the log and bring the stores up to date; what is not there yet is waited for."""
    pause = _FIRST_PAUSE
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while True:
        try:
            await deployment.log.start(deployment.settings.topic_partitions())
            if deployment.settings.migrate == "start":
                for service in services:
                    await migrate(service.database, service.migrations)
        except (TryLater, OSError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            _log.warning("start.waits", reason=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            return


def _add(supervisor: Supervisor, deployment: Deployment, role: Role, service: Service) -> None:
    """The parts of a service that this process runs."""
    settings = deployment.settings
    port = settings.port(service.name, worker_alone=role == "worker")
    app, direct = (service.health, None) if role == "worker" else (service.api, service.direct)
    listener = listen(settings.bind, port)
    supervisor.add(f"{service.name}.http", lambda stopping: serve(app, listener, stopping, direct=direct))
    for name, part in service.parts(working=role != "api"):
        supervisor.add(name, part)
    _log.info("serving", service=service.name, role=role, port=port)


async def prepare(settings: Settings) -> None:
    """Bring the topics and all stores up to date, and end."""
    settings.data.mkdir(parents=True, exist_ok=True)
    deployment = Deployment(settings, load(settings.data, environ), open_log(settings))
    built = [build(deployment, lambda: True) for build in BUILD.values()]
    try:
        await _start(replace(deployment, settings=settings.model_copy(update={"migrate": "start"})), built)
    finally:
        for service in built:
            await service.database.close()
        await deployment.log.close()


@commands.app.command("migrate")
def migrate_command() -> None:
    """Bring the stores and topics of a deployment up to date, then end."""
    asyncio.run(prepare(Settings()))


people_command.app.command()(people_export.export)
people_command.app.command()(people_erase.erase)
commands.app.add_typer(people_command.app, name="people")
commands.app.command("attribute", epilog=attribute.EXAMPLE)(attribute.attribute)
commands.app.command("export")(export.export)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: a command, or services to run."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and (given[0] in _COMMANDS or given[0].startswith("-")):
        commands.app(given)
        return
    try:
        services = wanted(given)
        settings = Settings()
    except ValueError as error:
        sys.exit(f"throughline: {error}")
    logs.configure(settings.log_level)
    try:
        sys.exit(uvloop.run(run(settings, services)))
    except (Conflict, TryLater, ValueError, OSError) as error:
        sys.exit(f"throughline: {error}")


if __name__ == "__main__":
    main()
