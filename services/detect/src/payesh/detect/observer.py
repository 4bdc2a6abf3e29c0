"""Wiring of the observer: `payesh-detect observe`."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version

import cv2
from aiokafka import TopicPartition
from fastapi import FastAPI

from payesh.detect.adapters.detectors import Detectors
from payesh.detect.adapters.models import ModelFolder
from payesh.detect.adapters.providers import Provider
from payesh.detect.adapters.tracker import VehicleTracker
from payesh.detect.adapters.video import StreamDecoder
from payesh.detect.consumers import OBSERVER_GROUP, observer_handlers
from payesh.detect.handlers.observing import Observing, ObservingDependencies
from payesh.detect.settings import ObserverSettings
from payesh.kit.bus import Consumer, Producer
from payesh.kit.health import readiness
from payesh.kit.http import create_app
from payesh.kit.lifecycle import OnStop, running
from payesh.kit.objects import MinioObjects


def create_observer(settings: ObserverSettings) -> FastAPI:
    """An application whose only routes are its health; the work is done by its consumer."""
    store = MinioObjects(settings)
    producer = Producer(settings)
    consuming: list[Consumer] = []

    async def ready() -> dict[str, str]:
        return await readiness(
            {"store": store.ping, "bus": producer.ping}, relay=None, consumers=consuming
        )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        cv2.setNumThreads(1)  # segments run in parallel; a pool inside each would compete
        executor = ThreadPoolExecutor(settings.observe_concurrency, thread_name_prefix="observe")
        observing = Observing(
            ObservingDependencies(
                store=store,
                publisher=producer,
                detectors=Detectors(
                    ModelFolder(settings.detector_models),
                    threads=settings.detector_threads,
                    provider=Provider(settings.detector_provider),
                ),
                new_decoder=StreamDecoder,
                new_tracker=VehicleTracker,
                executor=executor,
                software_version=version("payesh-detect"),
                streams_in_memory=settings.streams_in_memory,
            )
        )

        async def forget(partitions: set[TopicPartition]) -> None:
            observing.drop({partition.partition for partition in partitions})

        consumer = Consumer(
            settings,
            group=OBSERVER_GROUP,
            handlers=observer_handlers(observing),
            producer=producer,
            concurrency=2 * settings.observe_concurrency,  # one fetches while another decodes
            on_revoked=forget,
        )
        consuming.append(consumer)
        async with running(
            OnStop(store.close),
            OnStop(lambda: asyncio.to_thread(executor.shutdown)),
            producer,
            consumer,
        ):
            yield

    return create_app(
        service="detect-observe", settings=settings, lifespan=lifespan, routers=[], ready=ready
    )
