"""What ingest's HTTP side and its use cases rest on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from payesh.ingest.adapters.source_networks import SourceNetworks
from payesh.ingest.adapters.source_secrets import SourceSeal
from payesh.ingest.settings import Settings
from payesh.kit.database import Database
from payesh.kit.objects import ObjectStore
from payesh.kit.query_digests import QueryDigests


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Built once in `main`; routes get it from `api.dependencies`.

    `cameras_changed` and `recordings_changed` wake the workers of this process. An upload is read
    while it holds one of the turns; videos and stills have their own, so that videos never keep
    stills waiting.
    """

    settings: Settings
    database: Database
    digests: QueryDigests
    objects: ObjectStore
    seal: SourceSeal
    networks: SourceNetworks
    cameras_changed: Callable[[], None]
    recordings_changed: Callable[[], None]
    recording_turns: asyncio.Semaphore
    snapshot_turns: asyncio.Semaphore
