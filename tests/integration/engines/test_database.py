import asyncpg
import pytest

from payesh.local.engines import EngineSet


async def test_a_role_connects_to_its_own_database_only(engines: EngineSet) -> None:
    database = engines.database
    own = await asyncpg.connect(database.dsn("plates"))
    await own.execute("CREATE TABLE own_table (id int); DROP TABLE own_table")
    assert not await own.fetchval(
        "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname='plates'"
    )
    await own.close()
    for other in ("tickets", "postgres"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(database.dsn("plates", other))


async def test_a_wrong_password_is_refused(engines: EngineSet) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(engines.database.dsn("plates"), password="guess")


async def test_committed_rows_outlive_a_kill(breakable_engines: EngineSet) -> None:
    database = breakable_engines.database
    connection = await asyncpg.connect(database.dsn("ingest"))
    await connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")

    await database.restart(kill=True)

    connection = await asyncpg.connect(database.dsn("ingest"))
    assert await connection.fetchval("SELECT id FROM kept") == 1
    await connection.close()
