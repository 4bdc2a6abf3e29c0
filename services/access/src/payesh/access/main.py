"""Wiring of access, and its command line."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

from cryptography.fernet import Fernet
from fastapi import FastAPI
from pydantic_settings import SettingsConfigDict

from payesh.access import consumers
from payesh.access.adapters import witnesses
from payesh.access.adapters.bootstrap import read_or_write_secret
from payesh.access.adapters.guessable_passwords import GuessablePasswords
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.loopback_sign_in import CommandClient, SignInFailed
from payesh.access.adapters.loopback_sign_in import sign_in as sign_in_here
from payesh.access.adapters.own_keys import OwnKeys
from payesh.access.adapters.passwords import Passwords
from payesh.access.api import (
    agencies,
    audit,
    audit_alarms,
    audit_export,
    audit_tree,
    bootstrap,
    clients,
    decoys,
    discovery,
    keys,
    oauth,
    people,
)
from payesh.access.api import revocations as revocations_api
from payesh.access.commands import nouns
from payesh.access.dependencies import Dependencies
from payesh.access.handlers.audit_alarms import note_dead_letter
from payesh.access.handlers.audit_state import audit_notices
from payesh.access.handlers.bootstrap import offer_secret
from payesh.access.handlers.installation import prepare
from payesh.access.handlers.revoking import OwnNews
from payesh.access.pages import static_files
from payesh.access.pages.administration import entering
from payesh.access.pages.administration import routes as administration
from payesh.access.pages.consent import routes as consent
from payesh.access.pages.consents import routes as consent_list
from payesh.access.pages.sign_in import routes as sign_in
from payesh.access.pages.sign_out import routes as sign_out
from payesh.access.settings import Settings
from payesh.access.verification.command import verify
from payesh.access.workers import tree_heads
from payesh.kit.bus import Consumer, Producer
from payesh.kit.database import database_of
from payesh.kit.health import readiness
from payesh.kit.http import AuditTrail, create_app, serve, service_cli
from payesh.kit.lifecycle import OnStop, migrations_folder, running
from payesh.kit.objects import MinioObjects
from payesh.kit.query_digests import QueryDigests
from payesh.kit.relay import Relay
from payesh.kit.revocations import Revocations
from payesh.kit.revocations.wiring import doors_of
from payesh.kit.settings import DatabaseSettings
from payesh.kit.telemetry import configure
from payesh.kit.tokens import TokenVerifier

MIGRATIONS = migrations_folder(__file__)
_OWN_REVOCATIONS_EVERY_S = 1.0

PUBLIC_ROUTES = {
    "/oauth/token": "clients prove themselves here to get a token",
    "/oauth/authorize": "browsers are sent here to sign in; the request is checked",
    "/.well-known/jwks.json": "public keys, to verify tokens with",
    "/.well-known/oauth-authorization-server": "metadata, for clients to find the rest",
    "/v1/bootstrap": "makes the first administrator; asks for the one-time secret",
    "/consent": "a signed-in person answers here; without a sign-in it leads to one",
    "/consents": "the person's own consents, by the sign-in; nothing without one",
    "/v1/revocations": "services prove themselves with their client's secret, not with a token "
    "that may be revoked itself",
    **static_files.PUBLIC_ROUTES,
    **entering.PUBLIC_ROUTES,
}


def create(settings: Settings) -> FastAPI:
    """The application with everything that it rests on; started by its lifespan."""
    database = database_of(settings)
    digests = QueryDigests(settings.query_digest_key)
    dependencies = Dependencies(
        settings=settings,
        database=database,
        digests=digests,
        ring=KeyRing(settings.key_encryption_key.get_secret_value()),
        passwords=Passwords(settings.password_hash_memory_kib),
        guessable_passwords=GuessablePasswords(settings.breached_passwords_file),
    )
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    consumer = Consumer(
        settings,
        group=consumers.GROUP,
        handlers=consumers.handlers(dependencies),
        producer=producer,
        on_dead_letter=partial(note_dead_letter, dependencies),
    )

    store = MinioObjects(settings)
    publishing = tree_heads.publishers(
        dependencies, store, witnesses.read(settings.audit_witnesses_file)
    )
    revocations = Revocations(
        doors_of(settings), news=OwnNews(database).read, poll_s=_OWN_REVOCATIONS_EVERY_S
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(OnStop(database.close), OnStop(store.close)):
            await prepare(dependencies)
            behind = (tree_heads.signer(dependencies), *publishing.values())
            async with running(producer, relay, consumer, *behind):
                yield

    async def ready() -> dict[str, str]:
        return await readiness({}, consumers=[consumer], relay=relay)

    app = create_app(
        service=settings.service,
        settings=settings,
        lifespan=lifespan,
        routers=[
            discovery.router,
            oauth.router,
            sign_in.router,
            sign_out.router,
            consent.router,
            consent_list.router,
            bootstrap.router,
            agencies.router,
            clients.router,
            people.router,
            keys.router,
            audit.router,
            audit_alarms.router,
            audit_export.router,
            audit_tree.router,
            revocations_api.router,
            decoys.router,
            administration.router,
            entering.entrance(settings, database),
        ],
        ready=ready,
        notices=partial(audit_notices, dependencies, publishing),
        audit=AuditTrail(database, digests),
        verifier=TokenVerifier(settings, OwnKeys(database, settings), revocations),
        revocations=revocations,
        public_routes=PUBLIC_ROUTES,
        mounts={"/static": static_files.PageFiles()},
    )
    app.state.dependencies = dependencies
    return app


def run() -> None:
    settings = Settings()
    configure(settings.service, settings)
    serve(create(settings), settings)


def openapi() -> FastAPI:
    """The application for its OpenAPI document; nothing is connected to."""
    return create(
        Settings(
            http_port=0,
            metrics_port=0,
            kafka_bootstrap="localhost:1",
            database_url="postgresql+asyncpg://localhost/unused",
            token_issuer="https://access.invalid",  # noqa: S106 - no secret
            jwks_url="https://access.invalid/.well-known/jwks.json",
            query_digest_key="0" * 32,
            s3_endpoint="unused:1",
            s3_access_key="unused",
            s3_secret_key="unused",  # noqa: S106 - no secret
            key_encryption_key=Fernet.generate_key().decode(),
        )
    )


class CommandSettings(DatabaseSettings):
    """A command has the service's whole environment and needs one line of it."""

    service: ClassVar[str] = "access"
    refuse_unknown: ClassVar[bool] = False
    model_config = SettingsConfigDict(extra="ignore")


async def offer_bootstrap(secret_file: Path) -> None:
    """Store the secret of `secret_file` for the first administrator; draw it if there is none."""
    database = database_of(CommandSettings())
    try:
        offered = await offer_secret(database, read_or_write_secret(secret_file))
    except ValueError as error:
        raise SystemExit(f"payesh-access: {error}") from None
    finally:
        await database.close()
    sys.stdout.write(
        f"the one-time secret of the first administrator is in {secret_file}\n"
        if offered
        else "the first administrator exists already; the secret is of no use any more\n"
    )


def _bootstrap(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="payesh-access bootstrap")
    parser.add_argument(
        "--secret-file",
        type=Path,
        required=True,
        help="where the secret is, or is written to (mode 0600) when the file is not there",
    )
    asyncio.run(offer_bootstrap(parser.parse_args(arguments).secret_file))


def _token(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="payesh-access token",
        description="Sign in with a browser of this machine; prints a token for one service.",
    )
    parser.add_argument("--access", required=True, help="address of access, https://…")
    parser.add_argument("--client", required=True, help="a client with grant authorization_code")
    parser.add_argument("--secret-file", type=Path, required=True, help="file of its secret")
    parser.add_argument("--redirect-uri", default="http://127.0.0.1:8765/callback")
    parser.add_argument("--service", default="access", help="that the token is for")
    parser.add_argument("--scope", action="append", default=[], help="without any: all")
    parser.add_argument("--ca-file", type=Path, help="certificates of a private authority")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds to sign in")
    given = parser.parse_args(arguments)

    def show(address: str) -> None:
        sys.stderr.write(f"open this address in a browser of this machine:\n{address}\n")

    try:
        client = CommandClient(
            given.access,
            given.client,
            given.secret_file.read_text("utf-8").strip(),
            given.redirect_uri,
            given.ca_file,
        )
        found = sign_in_here(
            client, service=given.service, scopes=given.scope, show=show, timeout_s=given.timeout
        )
        sys.stdout.write(f"{asyncio.run(found)}\n")
    except (SignInFailed, OSError, ValueError) as error:
        raise SystemExit(f"payesh-access: {error}") from None


cli = service_cli(
    "access",
    serve=run,
    migrate=MIGRATIONS,
    openapi=openapi,
    commands={
        "bootstrap": _bootstrap,
        "token": _token,
        "verify-audit": verify,
        "agency": nouns.agency,
        "person": nouns.person,
        "client": nouns.client,
        "key": nouns.key,
    },
)

if __name__ == "__main__":
    cli()
