"""Wiring of `detect`: `payesh-detect serve` (HTTP and projection), `observe`, `migrate`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr

from payesh.detect.adapters.revisions import Revisions
from payesh.detect.adapters.views import Views
from payesh.detect.api import calibrations as calibrations_api
from payesh.detect.api import incidents as incidents_api
from payesh.detect.api import passages as passages_api
from payesh.detect.api import traffic as traffic_api
from payesh.detect.consumers import PROJECTION_GROUP, projection_handlers
from payesh.detect.dependencies import Dependencies
from payesh.detect.handlers.retention import expire_incidents, expire_passages, expire_traffic
from payesh.detect.pages.calibration import routes as calibration_page
from payesh.detect.settings import ObserverSettings, Settings
from payesh.kit import telemetry
from payesh.kit.bus import Consumer, Producer
from payesh.kit.database import database_of
from payesh.kit.health import readiness
from payesh.kit.http import AuditTrail, create_app, serve, service_cli
from payesh.kit.lifecycle import OnStop, Periodic, migrations_folder, running
from payesh.kit.objects import MinioObjects
from payesh.kit.page_files import PUBLIC_ROUTES, PageFiles
from payesh.kit.query_digests import QueryDigests
from payesh.kit.relay import Relay
from payesh.kit.sign_in import sign_in_router

MIGRATIONS = migrations_folder(__file__)
_CHORES_EVERY_S = 60.0


def create(settings: Settings) -> FastAPI:
    """The HTTP side with everything that it rests on. Vision packages load in the observer
    alone."""
    database = database_of(settings)
    digests = QueryDigests(settings.query_digest_key)
    store = MinioObjects(settings)
    dependencies = Dependencies(
        database=database,
        digests=digests,
        views=Views(store),
        revisions=Revisions(store),
        fitting=asyncio.Semaphore(1),
        passage_keep=timedelta(hours=settings.passage_keep_hours),
        traffic_keep=timedelta(days=settings.traffic_keep_days),
        incident_keep=timedelta(days=settings.incident_keep_days),
    )
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    consumer = Consumer(
        settings,
        group=PROJECTION_GROUP,
        handlers=projection_handlers(dependencies),
        producer=producer,
    )

    async def ready() -> dict[str, str]:
        return await readiness(
            {"store": store.ping, "bus": producer.ping}, relay=relay, consumers=[consumer]
        )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(
            OnStop(store.close),
            OnStop(database.close),
            producer,
            relay,
            consumer,
            *chores(dependencies),
        ):
            yield

    app = create_app(
        service="detect",
        settings=settings,
        lifespan=lifespan,
        routers=[
            traffic_api.router,
            incidents_api.router,
            passages_api.router,
            calibrations_api.router,
            calibration_page.router,
            sign_in_router(settings, database, purposes=[calibration_page.PURPOSE]),
        ],
        ready=ready,
        audit=AuditTrail(database, digests),
        public_routes=PUBLIC_ROUTES,
        mounts={"/static": PageFiles(Path(__file__).with_name("pages"))},
    )
    app.state.dependencies = dependencies
    return app


def chores(dependencies: Dependencies) -> tuple[Periodic, ...]:
    """Expiry of passages, counts and incidents. One that fails does not keep the others from their
    work."""
    return (
        Periodic("expire passages", _CHORES_EVERY_S, partial(expire_passages, dependencies)),
        Periodic("expire traffic", _CHORES_EVERY_S, partial(expire_traffic, dependencies)),
        Periodic("expire incidents", _CHORES_EVERY_S, partial(expire_incidents, dependencies)),
    )


def _serve() -> None:
    settings = Settings()
    telemetry.configure("detect", settings)
    serve(create(settings), settings)


def _observe() -> None:
    from payesh.detect.observer import create_observer

    settings = ObserverSettings()
    telemetry.configure("detect", settings)
    serve(create_observer(settings), settings)


def _openapi() -> FastAPI:
    """The application for its OpenAPI document; nothing is connected to."""
    nowhere = "127.0.0.1:1"
    return create(
        Settings(
            http_port=0,
            metrics_port=0,
            public_url="http://localhost",
            kafka_bootstrap=nowhere,
            database_url=SecretStr(f"postgresql+asyncpg://{nowhere}/none"),
            s3_endpoint=nowhere,
            s3_access_key="unused",
            s3_secret_key=SecretStr("none"),
            token_issuer="",
            jwks_url="",
            pages_client_id="unused",
            pages_client_secret=SecretStr("none"),
            access_url="http://localhost",
            query_digest_key=SecretStr("0" * 32),
        )
    )


def _evaluate_vehicles(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.vehicles_command import evaluate_vehicles

    evaluate_vehicles(arguments)


def _check_view(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.check_view_command import check_view

    check_view(arguments)


def _calibrate(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.calibrate_command import calibrate_camera

    calibrate_camera(arguments)


def _evaluate_speed(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.speeds_command import evaluate_speed

    evaluate_speed(arguments)


def _bench(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.bench_command import bench

    bench(arguments)


def _models(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.models_command import list_models

    list_models(arguments)


def _watch(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.watch_command import watch

    watch(arguments)


def _evaluate_rules(arguments: Sequence[str]) -> None:
    from payesh.detect.evaluation.rules_command import evaluate_rules

    evaluate_rules(arguments)


cli = service_cli(
    "detect",
    serve=_serve,
    migrate=MIGRATIONS,
    openapi=_openapi,
    processes={"observe": _observe},
    commands={
        "bench": _bench,
        "calibrate": _calibrate,
        "check-view": _check_view,
        "evaluate-rules": _evaluate_rules,
        "evaluate-speed": _evaluate_speed,
        "evaluate-vehicles": _evaluate_vehicles,
        "models": _models,
        "watch": _watch,
    },
)

if __name__ == "__main__":
    cli()
