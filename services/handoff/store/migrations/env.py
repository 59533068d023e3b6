"""Alembic asks for this file; what it does is the same for every service."""

from shared.db.migrate import run

run()
