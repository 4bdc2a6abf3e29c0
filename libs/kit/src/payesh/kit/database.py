"""PostgreSQL through SQLAlchemy: one message or request, one transaction."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from payesh.kit.errors import DatabaseUnavailable
from payesh.kit.faults import database_fault
from payesh.kit.outbox import has_additions
from payesh.kit.tables import new_metadata

__all__ = ["Database", "new_metadata"]

CONNECT_TIMEOUT_S = 3.0
COMMAND_TIMEOUT_S = 30.0


class Database:
    """A pool of connections to the service's own database. Connects on first use."""

    def __init__(self, url: str | SecretStr, *, pool_size: int = 8) -> None:
        self.engine = create_async_engine(
            url.get_secret_value() if isinstance(url, SecretStr) else url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            pool_pre_ping=True,
            hide_parameters=True,  # else an error would carry plates into logs
            connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": COMMAND_TIMEOUT_S},
        )
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


async def _connect(session: AsyncSession) -> None:
    """Before the body runs: there an OSError may be of anything, here it is of the way to the
    database (no such name, no route, none of several addresses answers), which comes as it is."""
    try:
        await session.connection()
    except OSError as error:
        raise DatabaseUnavailable(type(error).__name__) from error
