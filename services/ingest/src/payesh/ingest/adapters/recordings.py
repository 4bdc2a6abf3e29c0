"""Uploaded videos: the queue of them, and how far the work on each is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.values import ObjectReference, PlaceClass, RevisionReference, RoadClass
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.tables import cameras, recordings
from payesh.kit.bounds import within
from payesh.kit.principal import Bounds

CLAIM = timedelta(seconds=30)
"""Renewed by each segment, and three times as often while the file is fetched."""


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """An uploaded file; `state` is `queued`, `running`, `done` or `failed`."""

    recording_id: UUID
    camera_id: str
    state: str
    error: str | None
    warning: str | None
    object: ObjectReference
    started_at: datetime
    clock_u95_ms: float
    segment_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to a recording. A worker that is slow may go on after another took over:
    what it writes under its former claim changes nothing."""

    recording_id: UUID
    claim_id: UUID


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """What is fixed when the work first starts, so that work taken up again, or done by two at
    once, makes the same links."""

    revision: RevisionReference
    place: Place
    previous_link_sha256: str | None

    def to_document(self) -> dict[str, Any]:
        return {
            "revision": self.revision.model_dump(mode="json"),
            **self.place.fields(),
            "previous_link": self.previous_link_sha256,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RecordingPlan":
        return cls(
            revision=RevisionReference.model_validate(document["revision"]),
            place=Place(
                document["county"],
                RoadClass(document["road_class"]),
                PlaceClass(document["place_class"]),
            ),
            previous_link_sha256=document["previous_link"],
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the work on a file ended."""

    state: str
    error: str | None = None
    warning: str | None = None
    segment_count: int | None = None


async def insert_recording(
    session: AsyncSession,
    recording_id: UUID,
    camera_id: str,
    stored: ObjectReference,
    started_at: datetime,
    clock_u95_ms: float,
) -> StoredRecording:
    rows = await session.execute(
        insert(recordings)
        .values(
            recording_id=recording_id,
            camera_id=camera_id,
            state="queued",
            object=stored.model_dump(mode="json"),
            started_at=started_at,
            clock_u95_ms=clock_u95_ms,
        )
        .returning(*recordings.c)
    )
    return _recording(rows.mappings().one())


async def find_recording(
    session: AsyncSession, camera_id: str, recording_id: UUID, bounds: Bounds
) -> StoredRecording | None:
    rows = await session.execute(
        select(recordings)
        .join(cameras, cameras.c.camera_id == recordings.c.camera_id)
        .where(
            recordings.c.recording_id == recording_id,
            recordings.c.camera_id == camera_id,
            within(cameras, bounds),
        )
    )
    row = rows.mappings().one_or_none()
    return None if row is None else _recording(row)


async def page_of_recordings(
    session: AsyncSession,
    camera_id: str,
    bounds: Bounds,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[StoredRecording]:
    """A camera's files, the last uploaded first, from beyond `after` (upload, id)."""
    place = tuple_(recordings.c.created_at, recordings.c.recording_id)
    query = (
        select(recordings)
        .join(cameras, cameras.c.camera_id == recordings.c.camera_id)
        .where(recordings.c.camera_id == camera_id, within(cameras, bounds))
        .order_by(place.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(place < after)
    return [_recording(row) for row in (await session.execute(query)).mappings()]


async def claim_recording(session: AsyncSession) -> tuple[StoredRecording, Claim] | None:
    """The oldest that waits, or whose claim ran out. Held for CLAIM, unless renewed."""
    free = (recordings.c.state == "queued") | (
        (recordings.c.state == "running")
        & or_(
            recordings.c.claimed_until.is_(None),
            recordings.c.claimed_until < func.clock_timestamp(),
        )
    )
    chosen = (
        select(recordings.c.recording_id)
        .where(free)
        .order_by(recordings.c.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    rows = await session.execute(
        update(recordings)
        .where(recordings.c.recording_id == chosen)
        .values(state="running", claim_id=uuid4(), claimed_until=_renewed())
        .returning(*recordings.c)
    )
    row = rows.mappings().one_or_none()
    return None if row is None else (_recording(row), Claim(row["recording_id"], row["claim_id"]))


async def fix_plan(
    session: AsyncSession, claim: Claim, plan: RecordingPlan
) -> RecordingPlan | None:
    """The plan that holds: the first one given. None when another worker has the claim now."""
    fixed = await session.scalar(
        update(recordings)
        .where(_claimed(claim))
        .values(
            plan=func.coalesce(recordings.c.plan, literal(plan.to_document(), JSONB)),
            claimed_until=_renewed(),
        )
        .returning(recordings.c.plan)
    )
    return None if fixed is None else RecordingPlan.from_document(fixed)


async def renew_claim(
    session: AsyncSession, claim: Claim, *, segment_count: int | None = None
) -> bool:
    """Go on with a claim; False when another worker has it now."""
    progress = {} if segment_count is None else {"segment_count": segment_count}
    renewed = await session.scalar(
        update(recordings)
        .where(_claimed(claim))
        .values(claimed_until=_renewed(), **progress)
        .returning(recordings.c.recording_id)
    )
    return renewed is not None


async def finish_recording(session: AsyncSession, claim: Claim, outcome: Outcome) -> bool:
    """False when another worker has the claim now."""
    counted = {} if outcome.segment_count is None else {"segment_count": outcome.segment_count}
    finished = await session.scalar(
        update(recordings)
        .where(_claimed(claim))
        .values(
            claim_id=None,
            claimed_until=None,
            state=outcome.state,
            error=outcome.error,
            warning=outcome.warning,
            **counted,
        )
        .returning(recordings.c.recording_id)
    )
    return finished is not None


def _claimed(claim: Claim) -> ColumnElement[bool]:
    return (recordings.c.recording_id == claim.recording_id) & (
        recordings.c.claim_id == claim.claim_id
    )


def _renewed() -> ColumnElement[datetime]:
    return func.clock_timestamp() + CLAIM


def _recording(row: Mapping[Any, Any]) -> StoredRecording:
    return StoredRecording(
        recording_id=row["recording_id"],
        camera_id=row["camera_id"],
        state=row["state"],
        error=row["error"],
        warning=row["warning"],
        object=ObjectReference.model_validate(row["object"]),
        started_at=row["started_at"],
        clock_u95_ms=row["clock_u95_ms"],
        segment_count=row["segment_count"],
        created_at=row["created_at"],
    )
