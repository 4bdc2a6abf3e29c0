"""Migrations keep what earlier versions stored."""

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from payesh.access.domain.audit_chain import GENESIS, link
from payesh.access.main import MIGRATIONS
from payesh.kit.migrations import migrate
from payesh.local.engines import EngineSet

from .test_audit import record


@pytest.fixture
async def before_agencies(
    engines: EngineSet, tmp_path: Path
) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """Address of a database at revision 0001, and a connection to it."""
    (tmp_path / "versions").mkdir()
    for file in ("env.py", "versions/0001_first.py"):
        shutil.copy(MIGRATIONS / file, tmp_path / file)
    url = await engines.database.create_database(f"access_{secrets.token_hex(4)}")
    await migrate(url, tmp_path)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    yield url, connection
    await connection.close()


async def test_every_stored_record_gets_its_agency_whatever_its_purpose(
    before_agencies: tuple[str, asyncpg.Connection],
) -> None:
    url, connection = before_agencies
    purposes = [
        "case 12",
        "a NUL: \x00",
        "no NUL: \\u0000",
        "both: \\\x00",
        '"agency":"other"',
        None,
    ]
    for number, purpose in enumerate(purposes, 1):
        body = record("reads", number, purpose=purpose).to_json()
        await connection.execute(
            "INSERT INTO audit_records VALUES"
            " ('reads', $1, $1, now(), 's', 'k', '{}', $2, $3, $4, now())",
            number,
            body,
            GENESIS,
            link(GENESIS, body),
        )
    await migrate(url, MIGRATIONS)
    agencies = await connection.fetch("SELECT agency FROM audit_records")
    assert [row["agency"] for row in agencies] == ["police"] * len(purposes)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("UPDATE audit_records SET agency = 'other'")
