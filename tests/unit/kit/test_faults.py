"""A dependency that is away pauses a partition, a message at fault does not."""

import errno

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from payesh.kit.errors import DatabaseUnavailable, StoreUnavailable
from payesh.kit.faults import dependency_fault


class Sqlstate(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailable(),
        ConnectionRefusedError(),
        TimeoutError(),
        ConnectionResetError(),
        OSError(errno.ENOSPC, "disk full"),
        PoolTimeout(),
        OperationalError("SELECT", {}, Exception()),
        DBAPIError("SELECT", {}, Sqlstate("57P01")),
        DBAPIError("SELECT", {}, Sqlstate("40P01")),
        DBAPIError("SELECT", {}, Sqlstate("28P01")),
        DBAPIError("SELECT", {}, Sqlstate("42P01")),
        DBAPIError("SELECT", {}, Sqlstate("42501")),
    ],
)
def test_an_absent_dependency_pauses(error: Exception) -> None:
    assert dependency_fault(error) is not None


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a broken picture"),
        OSError("a broken picture"),
        FileNotFoundError("a defect"),
        OSError(errno.EIO, "a broken video"),
        IntegrityError("INSERT", {}, Sqlstate("23505")),
        DBAPIError("SELECT", {}, Sqlstate("22P02")),
    ],
)
def test_a_message_at_fault_does_not_pause_for_ever(error: Exception) -> None:
    assert dependency_fault(error) is None


def test_a_conflict_of_transactions_is_retried() -> None:
    fault = dependency_fault(DBAPIError("UPDATE", {}, Sqlstate("40001")))
    assert isinstance(fault, DatabaseUnavailable)
