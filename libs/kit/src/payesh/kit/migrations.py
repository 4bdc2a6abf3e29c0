"""Runs a service's Alembic migrations, without boilerplate in each service.

A service has `migrations/env.py`:

    from payesh.kit.migrations import run_environment
    run_environment()

and `migrations/versions/0001_first.py`, whose `upgrade()` begins with `create_kit_tables(op)`.
"""

import asyncio
import threading
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from payesh.kit.certificates import encryption
from payesh.kit.tables import KIT_TABLES, kit_metadata
from payesh.kit.webhooks.tables import webhook_metadata

_MIGRATION_LOCK = 0x50590003


def create_kit_tables(op: Any) -> None:
    """Create the kit's tables in their first version; each later change gets its own function."""
    kit_metadata.create_all(op.get_bind(), tables=KIT_TABLES, checkfirst=False)


def create_webhook_tables(op: Any) -> None:
    """Create the tables of webhooks in their first version."""
    webhook_metadata.create_all(op.get_bind(), checkfirst=False)


def add_audit_epoch(op: Any) -> None:
    """The epoch in which audit records are counted, and what the database was when it began. A new
    database has both from the start."""
    for column in ("epoch", "incarnation"):
        op.execute(f"ALTER TABLE audit_counter ADD COLUMN IF NOT EXISTS {column} text")


def run_migrations(database_url: str, folder: Path, *, ca_file: Path | None = None) -> None:
    """Upgrade the database to the newest revision; waits for a concurrent run. Blocks.

    `ca_file`: see DatabaseSettings.database_ca_file.
    """
    failure: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(migrate(database_url, folder, ca_file))
        except BaseException as error:
            failure.append(error)

    # In its own thread, so that it also works where an event loop already runs.
    thread = threading.Thread(target=work, name="migrations")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


async def migrate(database_url: str, folder: Path, ca_file: Path | None = None) -> None:
    """Upgrade the database to the newest revision, all revisions in one transaction."""
    engine = create_async_engine(database_url, connect_args=encryption(ca_file))
    try:
        async with engine.begin() as connection:
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK}
            )
            await connection.run_sync(_upgrade, folder)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, folder: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run_environment() -> None:
    """The body of an `env.py`: runs the revisions in the transaction that `migrate` opened."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
