"""Migrations keep what earlier versions stored."""

import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from payesh.access.adapters import merkle_tree
from payesh.access.domain.merkle import leaf_hash, root_of
from payesh.access.main import MIGRATIONS
from payesh.kit.database import Database
from payesh.kit.migrations import migrate
from payesh.local.engines import EngineSet

from .test_audit import record


@pytest.fixture
async def before_agencies(
    engines: EngineSet, tmp_path: Path
) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database at revision 0001: its name, and its owner's connection to it."""
    (tmp_path / "versions").mkdir()
    for file in ("env.py", "versions/0001_first.py"):
        shutil.copy(MIGRATIONS / file, tmp_path / file)
    name = f"access_{secrets.token_hex(4)}"
    await engines.database.create_database(name, owned_apart=True)
    url = engines.database.owner_url(name)
    await migrate(url, tmp_path)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    yield name, connection
    await connection.close()


async def test_every_stored_record_becomes_a_leaf_whatever_its_purpose(
    engines: EngineSet, before_agencies: tuple[str, asyncpg.Connection]
) -> None:
    name, connection = before_agencies
    purposes = [
        "case 12",
        "a NUL: \x00",
        "no NUL: \\u0000",
        "both: \\\x00",
        '"agency":"other"',
        None,
    ]
    bodies = []
    for number, purpose in enumerate(purposes, 1):
        event = record(uuid4().hex, number, purpose=purpose)
        body = event.model_copy(update={"epoch": None}).to_json()
        bodies.append(body)
        await connection.execute(
            "INSERT INTO audit_records VALUES"
            " ('plates', $1, $1, now(), 's', 'k', '{}', $2, $3, $3, now())",
            number,
            body,
            b"a link of the hash chain that was",
        )
    await migrate(engines.database.owner_url(name), MIGRATIONS)
    leaves = await connection.fetch("SELECT * FROM audit_leaves ORDER BY position")
    assert [row["body"] for row in leaves] == bodies
    assert [row["agency"] for row in leaves] == ["police"] * len(purposes)
    assert [row["sequence"] for row in leaves] == list(range(1, len(purposes) + 1))
    database = Database(engines.database.database_url(name))
    async with database.transaction() as session:
        assert await merkle_tree.root(session, len(bodies)) == root_of(map(leaf_hash, bodies))
    await database.close()
    counts = await connection.fetchrow("SELECT last_sequence, records FROM audit_counts")
    assert tuple(counts) == (len(purposes), len(purposes))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):  # by trigger: this is the owner
        await connection.execute("UPDATE audit_leaves SET agency = 'other'")


async def test_the_services_own_role_cannot_migrate(engines: EngineSet) -> None:
    """It would own the tables of the log that it writes."""
    url = await engines.database.create_database(f"access_{secrets.token_hex(4)}")
    with pytest.raises(DBAPIError, match="must not own its audit log"):
        await migrate(url, MIGRATIONS)
