"""Wiring of plates, and its command line."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

from fastapi import FastAPI
from pydantic import SecretStr

from payesh.kit import telemetry
from payesh.kit.bus import Consumer, Producer
from payesh.kit.database import database_of
from payesh.kit.health import readiness
from payesh.kit.http import AuditTrail, create_app, serve, service_cli
from payesh.kit.lifecycle import OnStop, Periodic, migrations_folder, running
from payesh.kit.objects import MinioObjects
from payesh.kit.query_digests import QueryDigests
from payesh.kit.relay import Relay
from payesh.plates import consumers
from payesh.plates.adapters.onnx_locator import OnnxPlateLocator
from payesh.plates.adapters.onnx_reader import OnnxPlateReader
from payesh.plates.api import reads as reads_api
from payesh.plates.dependencies import Dependencies
from payesh.plates.errors import SecondReaderMissing
from payesh.plates.handlers.reading import ReadingDependencies
from payesh.plates.handlers.retention import expire_crossings, expire_reads, prepare_partitions
from payesh.plates.handlers.second_opinion import RereadRules
from payesh.plates.handlers.stretches import StretchRules, judge_due
from payesh.plates.settings import SecondReaderUse, Settings

MIGRATIONS = migrations_folder(__file__)
_CHORES_EVERY_S = 60.0
_STRETCHES_EVERY_S = 1.0


def create(settings: Settings) -> FastAPI:
    """The application with everything that it rests on; started by its lifespan."""
    database = database_of(settings)
    digests = QueryDigests(settings.query_digest_key)
    dependencies = Dependencies(database=database, digests=digests)
    store = MinioObjects(settings)
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    consuming: list[Consumer] = []

    async def ready() -> dict[str, str]:
        return await readiness(
            {"store": store.ping, "bus": producer.ping}, relay=relay, consumers=consuming
        )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        executor = ThreadPoolExecutor(settings.reading_concurrency, thread_name_prefix="reading")
        reading = ReadingDependencies(
            database=database,
            store=store,
            locator=OnnxPlateLocator(threads=settings.reading_threads),
            reader=OnnxPlateReader(threads=settings.reading_threads),
            executor=executor,
            minimum_confidence=settings.minimum_confidence,
            keep=timedelta(hours=settings.read_keep_hours),
            stretches=stretch_rules(settings),
            software_version=version("payesh-plates"),
            second=reread_rules(settings),
        )
        consumer = Consumer(
            settings,
            group=consumers.GROUP,
            handlers=consumers.handlers(reading),
            producer=producer,
            concurrency=settings.reading_concurrency,
        )
        consuming.append(consumer)
        async with running(
            OnStop(lambda: asyncio.to_thread(executor.shutdown)),
            OnStop(store.close),
            OnStop(database.close),
            producer,
            relay,
            consumer,
            *chores(dependencies),
            Periodic(
                "judge stretches",
                _STRETCHES_EVERY_S,
                partial(judge_due, database, reading.provenance),
            ),
        ):
            yield

    app = create_app(
        service="plates",
        settings=settings,
        lifespan=lifespan,
        routers=[reads_api.router],
        ready=ready,
        audit=AuditTrail(database, digests),
    )
    app.state.dependencies = dependencies
    return app


def reread_rules(settings: Settings) -> RereadRules | None:
    """How reads are read a second time, None where they are not. Raises SecondReaderMissing where
    the settings require what is not installed."""
    if settings.second_reader is SecondReaderUse.OFF:
        return None
    if find_spec("easyocr") is None:
        if settings.second_reader is SecondReaderUse.REQUIRED:
            raise SecondReaderMissing
        return None
    # PyTorch takes seconds and much memory: imported where it is used alone.
    from payesh.plates.adapters.easyocr_reader import EasyOcrReader

    reader = EasyOcrReader(threads=settings.reading_threads)
    return RereadRules(reader, settings.second_reader_confidence)


def stretch_rules(settings: Settings) -> StretchRules:
    """How average speeds are judged, as the settings have it."""
    return StretchRules(
        settle=timedelta(seconds=settings.stretch_settle_s),
        keep=timedelta(minutes=settings.stretch_keep_minutes),
        minimum_confidence=settings.stretch_minimum_confidence,
    )


def chores(dependencies: Dependencies) -> tuple[Periodic, ...]:
    """Retention of reads. One chore that fails does not keep the others from their work."""
    return (
        Periodic("expire reads", _CHORES_EVERY_S, partial(expire_reads, dependencies)),
        Periodic("expire crossings", _CHORES_EVERY_S, partial(expire_crossings, dependencies)),
        Periodic("prepare partitions", _CHORES_EVERY_S, partial(prepare_partitions, dependencies)),
    )


def _serve() -> None:
    settings = Settings()
    telemetry.configure("plates", settings)
    serve(create(settings), settings)


def _openapi() -> FastAPI:
    """The application for its OpenAPI document; nothing is connected to."""
    nowhere = "127.0.0.1:1"
    return create(
        Settings(
            http_port=0,
            metrics_port=0,
            kafka_bootstrap=nowhere,
            database_url=SecretStr(f"postgresql+asyncpg://{nowhere}/none"),
            s3_endpoint=nowhere,
            s3_access_key="none",
            s3_secret_key=SecretStr("none"),
            token_issuer="",
            jwks_url="",
            query_digest_key=SecretStr("0" * 32),
        )
    )


def _evaluate_crops(arguments: Sequence[str]) -> None:
    from payesh.plates.evaluation.crops_command import evaluate_crops

    evaluate_crops(arguments)


def _evaluate_photos(arguments: Sequence[str]) -> None:
    from payesh.plates.evaluation.photos_command import evaluate_photos

    evaluate_photos(arguments)


def _evaluate_stretches(arguments: Sequence[str]) -> None:
    from payesh.plates.evaluation.stretches_command import evaluate_stretches

    evaluate_stretches(arguments)


cli = service_cli(
    "plates",
    serve=_serve,
    migrate=MIGRATIONS,
    openapi=_openapi,
    commands={
        "evaluate-crops": _evaluate_crops,
        "evaluate-photos": _evaluate_photos,
        "evaluate-stretches": _evaluate_stretches,
    },
)

if __name__ == "__main__":
    cli()
