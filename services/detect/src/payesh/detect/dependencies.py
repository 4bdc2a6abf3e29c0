"""What the HTTP side of detect, its projection and its chores rest on."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from payesh.detect.adapters.revisions import Revisions
from payesh.detect.adapters.views import Views
from payesh.kit.database import Database
from payesh.kit.query_digests import QueryDigests


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Built once in `main`; routes get it from `api.dependencies`."""

    database: Database
    digests: QueryDigests
    views: Views
    revisions: Revisions
    fitting: asyncio.Semaphore
    """Calibrations are fitted one after another: each takes a core for a second."""
    passage_keep: timedelta
    """For how long passages, which are personal data, stay here."""
    traffic_keep: timedelta
    incident_keep: timedelta
