"""Wiring of tickets, once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from payesh.kit import telemetry
from payesh.kit.bus import Consumer, Producer
from payesh.kit.database import database_of
from payesh.kit.health import readiness
from payesh.kit.http import AuditTrail, create_app, serve, service_cli
from payesh.kit.lifecycle import OnStop, migrations_folder, running
from payesh.kit.networks import Networks, networks
from payesh.kit.objects import MinioObjects
from payesh.kit.page_files import PUBLIC_ROUTES, PageFiles
from payesh.kit.query_digests import QueryDigests
from payesh.kit.relay import Relay
from payesh.kit.sign_in import sign_in_router
from payesh.kit.webhooks import Deliverer, Sender, WebhookKey, WebhookRules, webhooks_router
from payesh.tickets import consumers
from payesh.tickets.adapters.evidence_keys import EvidenceKeys
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.adapters.plate_classes import read_plate_classes
from payesh.tickets.api import (
    citations,
    corrections,
    dues,
    evidence,
    exemptions,
    holds,
    law,
    law_editions,
    objections,
    payment_callback,
    second_looks,
    supervision,
    suspensions,
    warning_periods,
)
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.holds import Checks, Reach
from payesh.tickets.domain.law_book import LawBook
from payesh.tickets.domain.sighting import Nearness
from payesh.tickets.evidence.bundling import BundleRules
from payesh.tickets.evidence.key_commands import make_evidence_key, make_evidence_root
from payesh.tickets.evidence.known_objects import KnownObjects
from payesh.tickets.evidence.verify_command import verify
from payesh.tickets.handlers.actions import SUBSCRIBE
from payesh.tickets.handlers.bundling import BundlingDependencies
from payesh.tickets.handlers.counterparts import counterparts_of
from payesh.tickets.handlers.joining import JoiningDependencies
from payesh.tickets.handlers.publishing import ANNOUNCED
from payesh.tickets.handlers.repricing import RepricingDependencies
from payesh.tickets.handlers.time_stamping import stamping_of
from payesh.tickets.pages.exemptions import routes as exemptions_page
from payesh.tickets.pages.law import routes as law_page
from payesh.tickets.pages.notice.message import owner_message
from payesh.tickets.pages.notice.printing import print_notice
from payesh.tickets.pages.owner import routes as owner_page
from payesh.tickets.pages.owner.message import code_message
from payesh.tickets.pages.queue import routes as queue_page
from payesh.tickets.pages.supervisor import routes as supervisor_page
from payesh.tickets.settings import Settings, unconfigured
from payesh.tickets.workers.bundles import BundleWorkers
from payesh.tickets.workers.upkeep import chores

MIGRATIONS = migrations_folder(__file__)

_PURPOSES = [each.PURPOSE for each in (queue_page, law_page, supervisor_page, exemptions_page)]
"""Of the pages that people sign in to."""


def create(settings: Settings) -> FastAPI:
    """The application; nothing connects before its lifespan. Raises LawTableInvalid and
    PlateClassesInvalid."""
    law_book = LawBook(read_law(settings.law_table))
    keys = EvidenceKeys.of(settings.evidence_keys)
    database = database_of(settings)
    digests = QueryDigests(settings.query_digest_key)
    store = MinioObjects(settings)
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    rules = BundleRules(
        retention=timedelta(days=settings.draft_retention_days),
        maximum_clip_bytes=settings.maximum_clip_mib * 1024 * 1024,
        software_version=f"payesh-tickets {version('payesh-tickets')}",
    )
    nearness = Nearness(
        timedelta(seconds=settings.same_offence_seconds), settings.same_offence_metres
    )
    reach = Reach(timedelta(hours=settings.cloned_plate_hours), settings.impossible_kmh)
    checks = Checks(read_plate_classes(settings.plate_classes), reach, settings.second_reader)
    workers = BundleWorkers(
        BundlingDependencies(
            database=database,
            store=store,
            known=KnownObjects(store),
            rules=rules,
            timeout_s=settings.bundle_timeout_s,
            missing_part_tries=settings.missing_part_tries,
            signer=keys,
            nearness=nearness,
            checks=checks,
        ),
        in_parallel=settings.bundles_in_parallel,
    )
    joining = JoiningDependencies(
        law=law_book,
        minimum_read_confidence=settings.minimum_read_confidence,
        read_deadline=timedelta(hours=settings.read_deadline_hours),
        read_keep=timedelta(minutes=settings.read_keep_minutes),
    )
    consumer = Consumer(
        settings,
        group=consumers.GROUP,
        handlers=consumers.handlers(database, joining, workers.wake),
        producer=producer,
    )

    outside = counterparts_of(settings)
    stamping = stamping_of(settings, database, store, keys)
    dependencies = Dependencies(
        reaches_owners=outside.reaches_owners,
        gateway=outside.gateway,
        database=database,
        digests=digests,
        store=store,
        law=law_book,
        claim_lease=timedelta(minutes=settings.claim_lease_minutes),
        undo=timedelta(seconds=settings.undo_seconds),
        issued_retention=timedelta(days=settings.issued_retention_days),
        close_after=timedelta(hours=settings.close_after_hours),
        print_notice=print_notice,
        owner_url=settings.owner_url,
        owner_key=b""
        if settings.owner_key is None
        else settings.owner_key.get_secret_value().encode(),
        clip_opening=timedelta(minutes=settings.opening_minutes),
        second_look_share=settings.second_look_share,
        wrongful_limit=settings.wrongful_limit,
        least_looks=settings.least_looks,
        signer=keys,
        nearness=nearness,
        checks=checks,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        deliverers = (
            []
            if key is None
            else [
                Deliverer(
                    database,
                    sender,
                    key,
                    app.state.verifier,
                    scope=SUBSCRIBE,
                    keep=timedelta(days=settings.webhook_keep_days),
                )
            ]
        )
        # What brings work in stops first, what carries it out last.
        async with running(
            OnStop(store.close),
            OnStop(database.close),
            OnStop(sender.close),
            producer,
            relay,
            *deliverers,
            workers,
            *chores(
                database,
                store,
                consumer,
                dependencies,
                RepricingDependencies(database, store, law_book, rules, keys),
                decisions_last=timedelta(days=settings.issued_retention_days),
                reaching=outside.reaching(dependencies, owner_message),
                stamping=stamping,
                codes=outside.code_sending(dependencies, code_message),
            ),
            consumer,
        ):
            yield

    async def ready() -> dict[str, str]:
        states = await readiness(
            {"store": store.ping, "bus": producer.ping}, consumers=[consumer], relay=relay
        )
        blocked_by = workers.blocked_by
        return states | {"bundles": f"waits for {blocked_by}" if blocked_by else "ok"}

    async def notices() -> dict[str, str]:
        signed = "none: evidence is not signed" if keys is None else keys.notice()
        return {"evidence key": signed, **outside.notices()}

    sender = Sender(
        Networks(networks(settings.webhook_networks), public=True), ca_file=settings.webhook_ca_file
    )
    key = None if settings.webhook_key is None else WebhookKey(settings.webhook_key)
    webhook_rules = WebhookRules(
        service=Settings.service,
        scope=SUBSCRIBE,
        types=ANNOUNCED,
        lease=timedelta(days=settings.webhook_lease_days),
    )

    app = create_app(
        service=Settings.service,
        settings=settings,
        lifespan=lifespan,
        routers=[
            citations.router,
            supervision.router,
            dues.router,
            objections.router,
            objections.of_citations,
            payment_callback.router,
            corrections.router,
            corrections.of_citations,
            second_looks.router,
            suspensions.router,
            warning_periods.router,
            exemptions.router,
            exemptions.of_citations,
            holds.router,
            evidence.router,
            law.router,
            law_editions.router,
            webhooks_router(webhook_rules, database, key, sender),
            queue_page.router,
            law_page.router,
            supervisor_page.router,
            exemptions_page.router,
            owner_page.router,
            owner_page.of_case,
            sign_in_router(settings, database, purposes=_PURPOSES),
        ],
        ready=ready,
        notices=notices,
        audit=AuditTrail(database, digests),
        public_routes=PUBLIC_ROUTES | payment_callback.PUBLIC_ROUTES | owner_page.PUBLIC_ROUTES,
        body_limits=owner_page.BODY_LIMITS,
        mounts={"/static": PageFiles(Path(__file__).with_name("pages"))},
    )
    app.state.dependencies = dependencies
    return app


def _serve() -> None:
    settings = Settings()
    telemetry.configure(Settings.service, settings)
    serve(create(settings), settings)


def _for_openapi() -> FastAPI:
    """The API without an environment: nothing connects until the lifespan begins."""
    return create(unconfigured())


cli = service_cli(
    Settings.service,
    serve=_serve,
    migrate=MIGRATIONS,
    openapi=_for_openapi,
    commands={
        "verify": verify,
        "make-evidence-root": make_evidence_root,
        "make-evidence-key": make_evidence_key,
    },
)
