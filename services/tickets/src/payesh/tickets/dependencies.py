"""What the use cases of tickets' HTTP side rest on."""

from dataclasses import dataclass
from datetime import timedelta

from payesh.kit.database import Database
from payesh.kit.objects import ObjectStore
from payesh.kit.query_digests import QueryDigests
from payesh.tickets.adapters.counterparts.payment_gateway import PaymentGateway
from payesh.tickets.domain.holds import NO_CHECKS, Checks
from payesh.tickets.domain.law_book import LawBook
from payesh.tickets.domain.sighting import ALL_APART, Nearness
from payesh.tickets.evidence.notice import Printer
from payesh.tickets.evidence.statement import Signer


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Built once in `main`; routes and pages get it from `api.dependencies`. `undo` is how long an
    officer may undo a decision; zero makes it final at once. `close_after` is how
    long a payment can be reversed before its citation is closed. `owner_key` is what codes of
    owners are computed with; empty where there is no owner's page here."""

    database: Database
    digests: QueryDigests
    store: ObjectStore
    law: LawBook
    claim_lease: timedelta
    undo: timedelta
    issued_retention: timedelta
    clip_opening: timedelta
    print_notice: Printer
    close_after: timedelta = timedelta(hours=72)
    second_look_share: float = 0.0
    wrongful_limit: float = 1.0
    least_looks: int = 1
    signer: Signer | None = None
    nearness: Nearness = ALL_APART
    checks: Checks = NO_CHECKS
    owner_url: str | None = None
    reaches_owners: bool = False
    gateway: PaymentGateway | None = None
    owner_key: bytes = b""
