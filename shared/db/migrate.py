"""Migrations: one Alembic history a service, brought up to date under a lock before anything else starts.

A service's history lies in its `store/migrations`. On PostgreSQL the service's schema is made first.
"""

from pathlib import Path
from zlib import crc32

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from shared.db.engine import Database


def _config(migrations: Path, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


async def migrate(database: Database, migrations: Path) -> None:
    """Bring a service's store to the newest revision; safe to call from many processes at once."""
    async with database.engine.connect() as connection:
        writing = await connection.execution_options(throughline_writes=True)
        async with writing.begin():
            await writing.run_sync(_upgrade, database.service, migrations)


def _upgrade(connection: Connection, service: str, migrations: Path) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:number)"), {"number": crc32(f"migrate.{service}".encode())}
        )
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {service}"))
    command.upgrade(_config(migrations, connection), "head")


async def pending(database: Database, migrations: Path) -> str | None:
    """The newest revision where the store has another, else None."""
    head = ScriptDirectory.from_config(_config(migrations)).get_current_head()
    async with database.engine.connect() as connection, connection.begin():
        current = await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())
    return head if current != head else None


async def differences(database: Database, metadata: MetaData) -> list[object]:
    """What the store has otherwise than the tables say; empty where the migrations are complete."""

    def compare(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.engine.connect() as connection, connection.begin():
        return await connection.run_sync(compare)


def run() -> None:
    """What each history's `env.py` does: upgrade on the connection that was given."""
    context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
