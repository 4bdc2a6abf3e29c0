"""Distinguishes a dependency that is away from a message that is at fault."""

import errno
import socket

from asyncpg import PostgresConnectionError, PostgresError
from asyncpg.exceptions import InterfaceError as AsyncpgInterfaceError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from payesh.kit.errors import BusUnavailable, DatabaseUnavailable, DependencyFault

# SQLSTATE classes and codes of a database that is away: connection exceptions, insufficient
# resources, operator intervention; conflicts (serialization, deadlock), whose transaction succeeds
# when repeated; and what an operator has to correct: credentials, a missing database, missing
# rights, a migration that has not run.
_AWAY_CLASSES = ("08", "28", "3D", "53", "57")
_AWAY_CODES = ("40001", "40P01", "55P03", "25006", "42501", "42P01", "42703")

# The OSErrors that are a fault of the machine. Decoders of broken pictures and videos raise
# OSErrors too, and such a message must not pause its partition for ever.
_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS,
    errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN,
}  # fmt: skip


def database_fault(error: BaseException) -> DatabaseUnavailable | None:
    """The error as a fault of the database, or None when the statement is at fault."""
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable("no free connection")
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlstate", None)
        if code:
            away = code[:2] in _AWAY_CLASSES or code in _AWAY_CODES
        else:
            away = error.connection_invalidated or isinstance(
                error, InterfaceError | OperationalError
            )
            cause = error.orig.__cause__ if error.orig is not None else None
            away = away or isinstance(cause, OSError | AsyncpgInterfaceError)
        return DatabaseUnavailable(code or type(error).__name__) if away else None
    if isinstance(error, PostgresConnectionError | ConnectionError | TimeoutError):
        return DatabaseUnavailable(type(error).__name__)
    if isinstance(error, PostgresError):
        code = error.sqlstate or ""
        if code[:2] in _AWAY_CLASSES or code in _AWAY_CODES:
            return DatabaseUnavailable(code)
    return None


def dependency_fault(error: BaseException) -> DependencyFault | None:
    """A handler's error as a fault of a dependency, or None when the message may be at fault."""
    if isinstance(error, DependencyFault):
        return error
    if isinstance(error, DBAPIError | PoolTimeout | PostgresError):
        return database_fault(error)
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        return DependencyFault("network", type(error).__name__)
    if isinstance(error, OSError) and error.errno in _MACHINE:
        return DependencyFault("machine", errno.errorcode.get(error.errno, ""))
    if type(error).__module__.startswith("aiokafka"):
        return BusUnavailable(type(error).__name__)
    return None
