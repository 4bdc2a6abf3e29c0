"""Signing keys over restarts, replicas and rotations."""

import asyncio
import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from payesh.access.adapters import declared_clients
from payesh.access.adapters import keys as stored_keys
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.errors import KeyUnreadable
from payesh.access.handlers import keys
from payesh.access.handlers.installation import declare_clients
from payesh.access.main import MIGRATIONS
from payesh.access.settings import Settings
from payesh.contracts import KeyRotated
from payesh.kit.database import Database
from payesh.kit.errors import Conflict, SettingsError, Unauthorized
from payesh.kit.migrations import migrate
from payesh.local.engines import EngineSet

from .conftest import Collect, RunningAccess, serving, settings_for


@pytest.fixture
async def fresh(engines: EngineSet, tmp_path: Path) -> Settings:
    """Settings of a service that is not running, with an empty migrated database of its own."""
    name = f"access_{secrets.token_hex(4)}"
    url = await engines.database.create_database(name, owned_apart=True)
    await migrate(engines.database.owner_url(name), MIGRATIONS)
    return settings_for(engines, tmp_path, database_url=url, pages_clients_file=None)


async def test_replicas_that_start_together_make_one_first_key(fresh: Settings) -> None:
    database = Database(fresh.database_url)
    ring = KeyRing(fresh.key_encryption_key.get_secret_value())

    async def start() -> None:

        async with database.transaction() as session:
            await keys.ensure_first_key(session, ring, datetime.now(UTC))

    await asyncio.gather(*(start() for _ in range(5)))
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM signing_keys")) == 1
    await database.close()


async def test_tokens_outlive_a_restart_but_not_the_loss_of_the_encryption_key(
    fresh: Settings,
) -> None:

    async with serving(fresh):
        pass
    database = Database(fresh.database_url)
    async with serving(fresh), database.transaction() as session:
        (key,) = await stored_keys.published(session, datetime.now(UTC), fresh.token_lifetime)
        KeyRing(fresh.key_encryption_key.get_secret_value()).sign(key.sealed, {"sub": "x"})
        with pytest.raises(KeyUnreadable):
            KeyRing(Fernet.generate_key().decode()).sign(key.sealed, {"sub": "x"})
    await database.close()


async def test_a_rotation_is_published(access: RunningAccess, collect: Collect) -> None:
    rotated = (await access.post("/v1/keys/rotate", None)).json()
    (event,) = await collect(KeyRotated, lambda event: event.key_id == rotated["key_id"])
    assert event.algorithm == "EdDSA"
    assert event.retired_key_id != event.key_id


async def test_tokens_of_a_withdrawn_key_are_refused(
    fresh: Settings, engines: EngineSet, tmp_path: Path
) -> None:
    secret = secrets.token_urlsafe(32)
    (tmp_path / "machine.secret").write_text(secret)
    declared = {
        "client_id": "machine",
        "name": "Machine",
        "secret_file": "machine.secret",
        "grants": ["client_credentials"],
        "scopes": ["keys:write"],
        "counties": ["semnan"],
    }
    (tmp_path / "clients.json").write_text(json.dumps([declared]))
    settings = fresh.model_copy(update={"pages_clients_file": tmp_path / "clients.json"})

    access = RunningAccess(settings, settings.public_url)
    async with serving(settings):
        stolen = (await access.token("machine", secret)).json()["access_token"]
        assert (await access.claims(stolen, "access"))["counties"] == ["semnan"]
        bearer = {"Authorization": f"Bearer {stolen}"}
        answer = await access.post("/v1/keys/rotate", {"withdraw_previous": True}, bearer)
        assert answer.status_code == 201
        with pytest.raises(Unauthorized):
            await access.claims(stolen, "access")
        new = (await access.token("machine", secret)).json()["access_token"]
        assert (await access.claims(new, "access"))["sub"] == "machine"


async def test_a_rotation_is_refused_while_another_is_pending(fresh: Settings) -> None:

    database = Database(fresh.database_url)
    ring = KeyRing(fresh.key_encryption_key.get_secret_value())
    now, delay = datetime.now(UTC), timedelta(seconds=60)
    async with database.transaction() as session:
        await keys.ensure_first_key(session, ring, now)
    async with database.transaction() as session:
        await keys.rotate(session, ring, now=now, delay=delay, withdraw=False)
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await keys.rotate(session, ring, now=now, delay=delay, withdraw=False)
    await database.close()


@pytest.mark.parametrize(
    "changed",
    [
        {"scopes": ["no:such"]},
        {"scopes": []},
        {"redirect_uris": []},
        {"redirect_uris": ["http://elsewhere.example/cb"]},
        {"surprise": 1},
        {"secret_file": "short.secret"},
        {"secret_file": "not-there.secret"},
    ],
)
async def test_a_wrong_declaration_of_clients_is_a_settings_error(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    (tmp_path / "good.secret").write_text(secrets.token_urlsafe(32))
    (tmp_path / "short.secret").write_text("short")
    declared = {
        "client_id": "pages",
        "name": "Pages",
        "secret_file": "good.secret",
        "scopes": ["citations:read"],
        "redirect_uris": ["https://pages.example/sign-in/callback"],
    }
    path = tmp_path / "clients.json"
    path.write_text(json.dumps([declared]))
    assert len(await declared_clients.read(path)) == 1
    path.write_text(json.dumps([declared | changed]))
    with pytest.raises(SettingsError):
        await declared_clients.read(path)


async def test_a_declaration_takes_over_no_agencys_client(
    access: RunningAccess, tmp_path: Path
) -> None:
    await access.post("/v1/agencies", {"agency_id": "police-damghan", "name": "پلیس دامغان"})
    theirs = (await access.new_client(agency="police-damghan")).json()
    client_id = theirs["client"]["client_id"]
    (tmp_path / "pages.secret").write_text(secrets.token_urlsafe(32))
    path = tmp_path / "clients.json"
    path.write_text(
        json.dumps(
            [
                {
                    "client_id": client_id,
                    "name": "Pages",
                    "secret_file": "pages.secret",
                    "scopes": ["citations:read"],
                    "redirect_uris": ["https://pages.example/sign-in/callback"],
                }
            ]
        )
    )
    database = Database(access.settings.database_url)
    declared = await declared_clients.read(path)
    with pytest.raises(SettingsError, match="police-damghan"):
        async with database.transaction() as session:
            await declare_clients(session, declared, datetime.now(UTC))
    await database.close()
    assert (await access.token(client_id, theirs["client_secret"])).status_code == 200
