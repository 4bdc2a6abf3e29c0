"""What the HTTP edge and the use cases stand on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from payesh.ingest.adapters.source_secrets import SourceSeal
from payesh.ingest.settings import Settings
from payesh.kit.database import Database
from payesh.kit.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Resources:
    """`cameras_changed` and `recordings_changed` wake the workers of this process; uploads are
    read when they have one of the turns, so that videos never keep stills waiting."""

    settings: Settings
    database: Database
    objects: ObjectStore
    seal: SourceSeal
    cameras_changed: Callable[[], None]
    recordings_changed: Callable[[], None]
    recording_turns: asyncio.Semaphore
    snapshot_turns: asyncio.Semaphore
