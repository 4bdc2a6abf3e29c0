"""Wiring of `detect`: `payesh-detect serve` (HTTP and projection), `observe`, `migrate`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from payesh.kit.errors import DatabaseUnavailable
from payesh.kit.health import readiness
from payesh.kit.http import create_app, serve, service_cli
from payesh.kit.relay import Relay

log = structlog.get_logger(__name__)

_packaged = Path(__file__).with_name("migrations")
MIGRATIONS = _packaged if _packaged.is_dir() else Path(__file__).parents[3] / "migrations"
_HOUSEKEEPING_EVERY_S = 60.0


def create(settings: Settings) -> FastAPI:
    """The HTTP side. It carries no vision: those packages load in the observer alone."""
    database = Database(settings.database_url, pool_size=settings.database_pool_size)
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    running: list[Consumer] = []

    async def ready() -> dict[str, str]:
        states = await readiness(
            {"bus": producer.ping},
            consumers=tuple(running),
            relay=relay,
        )
        return states if running else {**states, "consumer": "starting"}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        telemetry.configure("detect", settings)
        projection = Projection(timedelta(hours=settings.passage_keep_hours))
        consumer = Consumer(
            settings,
            group=PROJECTION_GROUP,
            handlers=projection_handlers(database, projection),
            producer=producer,
        )
        await producer.start()
        await relay.start()
        await consumer.start()
        running.append(consumer)
        housekeeping = asyncio.create_task(_keep_house(database, settings), name="housekeeping")
        try:
            yield
        finally:
            running.clear()
            housekeeping.cancel()
            await asyncio.gather(housekeeping, return_exceptions=True)
            await consumer.stop()
            await relay.stop()
            await producer.stop()
            await database.close()

    app = create_app(
        service="detect",
        settings=settings,
        lifespan=lifespan,
        routers=[traffic_api.router, passages_api.router],
        ready=ready,
    )
    app.state.database = database
    return app


async def _keep_house(database: Database, settings: Settings) -> None:
    """Expired passages and old counts go. Neither waits for the other's success, and whatever
    fails is tried again."""
    while True:
        for chore in (_expire_passages, _expire_traffic):
            try:
                await chore(database, settings)
            except DatabaseUnavailable:
                log.warning("housekeeping waits", dependency="database")
            except Exception:  # passages must go on expiring
                log.exception("housekeeping failed")
        await asyncio.sleep(_HOUSEKEEPING_EVERY_S)


async def _expire_passages(database: Database, _: Settings) -> None:
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
