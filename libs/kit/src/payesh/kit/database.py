"""PostgreSQL through SQLAlchemy: one message or request, one transaction."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from payesh.kit.certificates import encryption
from payesh.kit.errors import DatabaseUnavailable
from payesh.kit.faults import database_fault
from payesh.kit.outbox import has_additions
from payesh.kit.settings import DatabaseSettings
from payesh.kit.tables import new_metadata

__all__ = ["Database", "database_of", "new_metadata"]

CONNECT_TIMEOUT_S = 3.0
COMMAND_TIMEOUT_S = 30.0
PING_AFTER_IDLE_S = 5.0


class Database:
    """A pool of connections to the service's own database. Connects on first use."""

    def __init__(
        self, url: str | SecretStr, *, pool_size: int = 8, ca_file: Path | None = None
    ) -> None:
        """`ca_file`: see DatabaseSettings.database_ca_file."""
        self.engine = create_async_engine(
            url.get_secret_value() if isinstance(url, SecretStr) else url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            hide_parameters=True,  # else an error would carry plates into logs
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": COMMAND_TIMEOUT_S,
                **encryption(ca_file),
            },
        )
        _check_on_checkout(self.engine)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._outbox_listeners: list[Callable[[], None]] = []

    def on_outbox_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit that added to the outbox."""
        self._outbox_listeners.append(listener)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commits on leaving, rolls back on an error.

        Raises DatabaseUnavailable when the database is away or a conflict wants another try.
        """
        try:
            async with self._sessions() as session, session.begin():
                await _connect(session)
                yield session
                added = has_additions(session)
        except Exception as error:
            fault = database_fault(error)
            if fault is None:
                raise
            raise fault from error
        if added:
            for listener in self._outbox_listeners:
                listener()

    async def ping(self) -> None:
        """Raises DatabaseUnavailable."""
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def database_of(settings: DatabaseSettings) -> Database:
    """The service's own database, as its settings describe it."""
    return Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        ca_file=settings.database_ca_file,
    )


async def _connect(session: AsyncSession) -> None:
    """Before the body runs: there an OSError may be of anything, here it is of the way to the
    database (no such name, no route, none of several addresses answers), which comes as it is."""
    try:
        await session.connection()
    except OSError as error:
        raise DatabaseUnavailable(type(error).__name__) from error


def _check_on_checkout(engine: AsyncEngine) -> None:
    """Replace a pooled connection that broke while it was idle.

    A connection whose server closed it is known without a question. Only one that was idle for
    long, and may have been cut off without a word, is pinged: `pool_pre_ping` costs three round
    trips for each transaction, as many as a short transaction itself.
    """
    dialect = engine.sync_engine.dialect
    idle_since = "idle_since"

    @event.listens_for(engine.sync_engine, "checkin")
    def remember(_connection: Any, record: Any) -> None:
        record.info[idle_since] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def check(connection: Any, record: Any, _fairy: Any) -> None:
        since = record.info.get(idle_since)
        if since is None:  # it has just been made
            return
        if connection.driver_connection.is_closed():
            raise DisconnectionError("closed by the server")
        if time.monotonic() - since > PING_AFTER_IDLE_S:
            try:
                dialect.do_ping(connection)
            except dialect.loaded_dbapi.Error as error:
                # What cut this one off cut the others off, too.
                raise InvalidatePoolError from error
