"""Wiring of `detect`: `payesh-detect serve` (HTTP and projection), `observe`, `migrate`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from fastapi import FastAPI
from pydantic import SecretStr

from payesh.detect.adapters import passages, traffic
from payesh.detect.api import passages as passages_api
from payesh.detect.api import traffic as traffic_api
from payesh.detect.consumers import PROJECTION_GROUP, projection_handlers
from payesh.detect.handlers.projection import Projection
from payesh.detect.settings import ObserverSettings, Settings
from payesh.kit import telemetry
from payesh.kit.bus import Consumer, Producer
from payesh.kit.database import Database
from payesh.kit.health import readiness
from payesh.kit.http import create_app, serve, service_cli
from payesh.kit.lifecycle import OnStop, Periodic, migrations_folder, running
from payesh.kit.relay import Relay

log = structlog.get_logger(__name__)

MIGRATIONS = migrations_folder(__file__)
_CHORES_EVERY_S = 60.0


def create(settings: Settings) -> FastAPI:
    """The HTTP side. It carries no vision: those packages load in the observer alone."""
    database = Database(settings.database_url, pool_size=settings.database_pool_size)
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    projection = Projection(timedelta(hours=settings.passage_keep_hours))
    consumer = Consumer(
        settings,
        group=PROJECTION_GROUP,
        handlers=projection_handlers(database, projection),
        producer=producer,
    )

    async def ready() -> dict[str, str]:
        return await readiness({"bus": producer.ping}, relay=relay, consumers=[consumer])

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        telemetry.configure("detect", settings)
        async with running(
            OnStop(database.close), producer, relay, consumer, *chores(database, settings)
        ):
            yield

    app = create_app(
        service="detect",
        settings=settings,
        lifespan=lifespan,
        routers=[traffic_api.router, passages_api.router],
        ready=ready,
    )
    app.state.database = database
    return app


def chores(database: Database, settings: Settings) -> tuple[Periodic, ...]:
    """Expiry of passages and of counts. One that fails does not keep the other from its work."""
    return (
        Periodic("expire passages", _CHORES_EVERY_S, partial(_expire_passages, database)),
        Periodic("expire traffic", _CHORES_EVERY_S, partial(_expire_traffic, database, settings)),
    )


async def _expire_passages(database: Database) -> None:
    now, gone = datetime.now(UTC), 1
    while gone:
        async with database.transaction() as session:
            gone = await passages.expire(session, now)
        if gone:
            log.info("passages expired", count=gone)


async def _expire_traffic(database: Database, settings: Settings) -> None:
    before = datetime.now(UTC) - timedelta(days=settings.traffic_keep_days)
    async with database.transaction() as session:
        await traffic.expire(session, before)


def _serve() -> None:
    settings = Settings()
    serve(create(settings), settings)


def _observe() -> None:
    from payesh.detect.observer import create_observer

    settings = ObserverSettings()
    serve(create_observer(settings), settings)


def _openapi() -> FastAPI:
    """Described, not run: nothing connects before the lifespan begins."""
    nowhere = "127.0.0.1:1"
    return create(
        Settings(
            http_port=0,
            metrics_port=0,
            kafka_bootstrap=nowhere,
            database_url=SecretStr(f"postgresql+asyncpg://{nowhere}/none"),
            token_issuer="",
            jwks_url="",
        )
    )


cli = service_cli(
    "detect",
    serve=_serve,
    migrate=MIGRATIONS,
    openapi=_openapi,
    commands={"observe": _observe},
)

if __name__ == "__main__":
    cli()
