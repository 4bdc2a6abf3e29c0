"""Wiring: the API, the recorders, the drain and the relay of one process."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from fastapi import FastAPI

from payesh.ingest.adapters.live_sources import LiveSources
from payesh.ingest.adapters.segments import forget_segments
from payesh.ingest.adapters.source_networks import SourceNetworks
from payesh.ingest.adapters.source_secrets import SourceSeal
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import Assignment
from payesh.ingest.api import cameras, streams, uploads
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.settings import MIB, Settings
from payesh.ingest.workers.drain import Drain
from payesh.ingest.workers.fleet import Fleet, FleetTimes
from payesh.ingest.workers.inspection import Inspection
from payesh.ingest.workers.recorder import Recorder, RecorderCallbacks, RecorderLimits
from payesh.ingest.workers.recordings import Recordings
from payesh.kit import telemetry
from payesh.kit.bus import Producer
from payesh.kit.database import Database, database_of
from payesh.kit.health import readiness
from payesh.kit.http import AuditTrail, create_app, serve, service_cli
from payesh.kit.lifecycle import OnStop, Periodic, migrations_folder, running
from payesh.kit.networks import networks
from payesh.kit.objects import MinioObjects
from payesh.kit.query_digests import QueryDigests
from payesh.kit.relay import Relay

SERVICE = "ingest"
MIGRATIONS = migrations_folder(__file__)
ROUTERS = [cameras.router, streams.router, uploads.router]
_FORM_BYTES = 64 * 1024
_SWEEP_EVERY_S = 600.0
_LONGEST_STREAM = 1 / 6
"""Of the time that the bucket keeps a segment: 12 h of 72. What is left is how late a segment may
be read and still find its stream's init part."""


def create(settings: Settings) -> FastAPI:
    """The application; its lifespan runs everything else. Raises SettingsError."""
    database = database_of(settings)
    digests = QueryDigests(settings.query_digest_key)
    objects = MinioObjects(settings)
    producer = Producer(settings)
    relay = Relay(database, producer, inbox_keep=timedelta(hours=settings.inbox_keep_hours))
    seal = SourceSeal(settings.source_key)
    allowed = SourceNetworks(networks(settings.source_networks))
    sources = LiveSources(
        seal, allowed, settings.connect_timeout_s, settings.read_timeout_s, settings.source_ca_file
    )
    started: list[Workers] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        spool = Spool(settings.spool_dir, settings.spool_limit_mib * MIB)
        drain = Drain(spool, objects, database, concurrency=settings.store_concurrency)
        inspection = Inspection(spool, drain.on_spooled)
        recordings = Recordings(
            database,
            objects,
            settings.spool_dir,
            segment_s=settings.segment_s,
            workers=settings.recordings_at_a_time,
        )
        callbacks = RecorderCallbacks(
            open_source=sources.open,
            on_spooled=drain.on_spooled,
            inspect_fragment=inspection.offer,
        )

        def recorder(assignment: Assignment) -> Recorder:
            inspection.follow(assignment.camera_id, assignment.raised)
            return Recorder(assignment, spool, _limits(settings), callbacks)

        fleet = Fleet(
            database,
            spool,
            _replica(settings),
            FleetTimes(settings.lease_ttl_s, settings.lease_renew_s),
            recorder,
        )
        app.state.dependencies = Dependencies(
            settings=settings,
            database=database,
            digests=digests,
            objects=objects,
            seal=seal,
            networks=allowed,
            cameras_changed=fleet.wake,
            recordings_changed=recordings.wake,
            recording_turns=asyncio.Semaphore(settings.uploads_at_a_time),
            snapshot_turns=asyncio.Semaphore(settings.uploads_at_a_time),
        )
        started.append(Workers(spool, drain, fleet))
        async with running(
            OnStop(spool.close),
            OnStop(objects.close),
            OnStop(database.close),
            producer,
            relay,
            drain,
            OnStop(inspection.close),
            fleet,
            recordings,
            Periodic(
                "forget segments", _SWEEP_EVERY_S, partial(_forget_segments, database, settings)
            ),
        ):
            yield

    async def ready() -> dict[str, str]:
        states = await readiness({"store": objects.ping, "bus": producer.ping}, relay=relay)
        return {**states, **_states(started)}

    return create_app(
        service=SERVICE,
        settings=settings,
        lifespan=lifespan,
        routers=ROUTERS,
        ready=ready,
        body_limits={
            uploads.RECORDINGS_PATH: settings.recording_limit_mib * MIB + _FORM_BYTES,
            uploads.SNAPSHOTS_PATH: settings.snapshot_limit_mib * MIB + _FORM_BYTES,
        },
        audit=AuditTrail(database, digests),
    )


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers whose state `/readyz` names."""

    spool: Spool
    drain: Drain
    fleet: Fleet


def _states(started: Sequence[Workers]) -> dict[str, str]:
    if not started:
        return {"workers": "not started"}
    spool, drain, fleet = started[-1].spool, started[-1].drain, started[-1].fleet
    states = {"spool": "ok", "leases": "ok"}
    if drain.blocked_by:
        states["spool"] = f"{spool.depth} items wait for {drain.blocked_by}"
    if not spool.has_room:
        states["spool"] = f"full: {spool.depth} items, {spool.used_bytes} bytes"
    if fleet.blocked_by:
        states["leases"] = f"waits for {fleet.blocked_by}; recording goes on"
    return states


def _limits(settings: Settings) -> RecorderLimits:
    return RecorderLimits(
        segment_s=settings.segment_s,
        clock_limit_s=settings.clock_limit_s,
        clock_u95_ms=settings.clock_u95_ms,
        inspect_every_s=settings.inspect_every_s,
        longest_stream_s=settings.segments_keep_hours * 3600 * _LONGEST_STREAM,
    )


def _replica(settings: Settings) -> str:
    """The name that leases are held under. It lives in the spool, so that a restarted process
    knows its own leases and never shares a name with another spool."""
    if settings.replica:
        return settings.replica
    path = settings.spool_dir / "replica"
    if not path.exists():
        path.write_text(f"ingest-{secrets.token_hex(6)}")
    return path.read_text().strip()


async def _forget_segments(database: Database, settings: Settings) -> None:
    """Delete the rows of segments that the bucket no longer keeps."""
    keep = timedelta(hours=settings.segments_keep_hours)
    async with database.transaction() as session:
        await forget_segments(session, datetime.now(UTC) - keep)


def _serve() -> None:
    settings = Settings()
    telemetry.configure(SERVICE, settings)
    serve(create(settings), settings)


def openapi() -> FastAPI:
    """The application without settings, for its description."""

    async def ready() -> dict[str, str]:
        return {}

    return create_app(service=SERVICE, settings=None, lifespan=None, routers=ROUTERS, ready=ready)


cli = service_cli(SERVICE, serve=_serve, migrate=MIGRATIONS, openapi=openapi)
