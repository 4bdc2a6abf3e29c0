"""What the HTTP side and the chores of plates rest on."""

from dataclasses import dataclass

from payesh.kit.database import Database
from payesh.kit.query_digests import QueryDigests


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Built once in `main`; routes get it from `api.dependencies`."""

    database: Database
    digests: QueryDigests
