"""What the use cases of tickets' HTTP side rest on."""

from dataclasses import dataclass
from datetime import timedelta

from payesh.kit.database import Database
from payesh.kit.objects import ObjectStore
from payesh.kit.query_digests import QueryDigests
from payesh.tickets.domain.law_book import LawBook


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Built once in `main`; routes and pages get it from `api.dependencies`."""

    database: Database
    digests: QueryDigests
    store: ObjectStore
    law: LawBook
    claim_lease: timedelta
    issued_retention: timedelta
    clip_opening: timedelta
