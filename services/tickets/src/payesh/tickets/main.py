"""Wiring of tickets, once."""

import argparse
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from pydantic import SecretStr

from payesh.kit import telemetry
from payesh.kit.bus import Consumer, Producer
from payesh.kit.database import Database
from payesh.kit.health import readiness
from payesh.kit.http import create_app, serve, service_cli
from payesh.kit.lifecycle import OnStop, migrations_folder, running
from payesh.kit.objects import MinioObjects
from payesh.kit.relay import Relay
from payesh.kit.sign_in import sign_in_router
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.api.citations import citations_router
from payesh.tickets.api.evidence import evidence_router
from payesh.tickets.api.law import law_router
from payesh.tickets.api.queue import queue_router
from payesh.tickets.consumers import GROUP, handlers
from payesh.tickets.errors import LawTableInvalid
from payesh.tickets.evidence.bundling import BundleRules
from payesh.tickets.evidence.verification import holds, verify_folder
from payesh.tickets.handlers.decisions import Desk, DeskRules
from payesh.tickets.handlers.joining import JoinRules
from payesh.tickets.settings import Settings
from payesh.tickets.workers.bundles import BundleWorkers
from payesh.tickets.workers.upkeep import Upkeep

_PACKAGE = Path(__file__).parent
MIGRATIONS = migrations_folder(__file__)

PUBLIC_ROUTES = {"/static": "fonts, styles and scripts of the pages; the same for every visitor"}


class _Static(StaticFiles):
    """Files of the pages; kept by browsers for an hour, then asked for again by ETag."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response


def create(settings: Settings) -> FastAPI:
    """The application; nothing connects before its lifespan. Raises LawTableInvalid."""
    law = read_law(settings.law_table)
    database = Database(settings.database_url, pool_size=settings.database_pool_size)
    store = MinioObjects(settings)
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    workers = BundleWorkers(
        database,
        store,
        BundleRules(
            retention=timedelta(days=settings.draft_retention_days),
            maximum_clip_bytes=settings.maximum_clip_mib * 1024 * 1024,
            software_version=f"payesh-tickets {version('payesh-tickets')}",
        ),
        in_parallel=settings.bundles_in_parallel,
        timeout_s=settings.bundle_timeout_s,
        missing_part_tries=settings.missing_part_tries,
    )
    rules = JoinRules(
        law=law,
        minimum_read_confidence=settings.minimum_read_confidence,
        read_deadline=timedelta(hours=settings.read_deadline_hours),
        read_keep=timedelta(minutes=settings.read_keep_minutes),
    )
    consumer = Consumer(
        settings,
        group=GROUP,
        handlers=handlers(database, rules, workers),
        producer=producer,
    )
    upkeep = Upkeep(database, store, consumer)
    desk = Desk(
        database,
        DeskRules(
            claim_lease=timedelta(minutes=settings.claim_lease_minutes),
            issued_retention=timedelta(days=settings.issued_retention_days),
            opening=timedelta(minutes=settings.opening_minutes),
        ),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # What brings work in stops first, what carries it out last.
        async with running(
            OnStop(store.close),
            OnStop(database.close),
            producer,
            relay,
            workers,
            *upkeep.chores(),
            consumer,
        ):
            yield

    async def ready() -> dict[str, str]:
        states = await readiness(
            {"store": store.ping, "bus": producer.ping},
            consumers=[consumer],
            relay=relay,
        )
        waits_for = workers.waits_for
        return states | {"bundles": f"waits for {waits_for}" if waits_for else "ok"}

    return create_app(
        service=Settings.service,
        settings=settings,
        lifespan=lifespan,
        routers=[
            citations_router(desk),
            evidence_router(desk, store),
            law_router(law),
            queue_router(desk, law),
            sign_in_router(settings, database),
        ],
        ready=ready,
        public_routes=PUBLIC_ROUTES,
        mounts={"/static": _Static(directory=_PACKAGE / "static")},
    )


def _serve() -> None:
    settings = Settings()
    telemetry.configure(Settings.service, settings)
    serve(create(settings), settings)


def _for_openapi() -> FastAPI:
    """The API without an environment: nothing connects until the lifespan begins."""
    nowhere = SecretStr("postgresql+asyncpg://nobody@localhost/none")
    settings = Settings(
        http_port=0,
        metrics_port=0,
        public_url="http://localhost",
        kafka_bootstrap="localhost:0",
        database_url=nowhere,
        s3_endpoint="localhost:0",
        s3_access_key="nobody",
        s3_secret_key=SecretStr("none"),
        token_issuer="http://localhost",  # noqa: S106 - an address
        jwks_url="http://localhost",
        pages_client_id="nobody",
        pages_client_secret=SecretStr("none"),
        access_url="http://localhost",
    )
    return create(settings)


_kit_cli = service_cli(Settings.service, serve=_serve, migrate=MIGRATIONS, openapi=_for_openapi)


def cli(arguments: Sequence[str] | None = None) -> None:
    """`payesh-tickets serve | migrate | openapi | verify FOLDER [--law TABLE]`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] != ["verify"]:
        _kit_cli(given)
        return
    parser = argparse.ArgumentParser(
        prog="payesh-tickets verify",
        description="Verify an exported evidence folder, offline. Exits with 1 when it is broken.",
    )
    parser.add_argument("folder", type=Path, help="the folder with manifest.json")
    parser.add_argument(
        "--law", type=Path, help="the published law table: its rows are compared too"
    )
    asked = parser.parse_args(given[1:])
    try:
        law = None if asked.law is None else read_law(asked.law)
    except (OSError, LawTableInvalid) as error:
        parser.error(f"--law: {error}")
    findings = verify_folder(asked.folder, law)
    for each in findings:
        sys.stdout.write(f"{each.line()}\n")
    sys.exit(0 if holds(findings) else 1)
