"""Drives of known speed beside the passages that show them. Passages are personal data: which were
read is recorded before the answer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from payesh.contracts.values import PlaceName
from payesh.detect.adapters import passages
from payesh.detect.adapters.passages import StoredPassage
from payesh.detect.dependencies import Dependencies
from payesh.detect.domain.known_drives import MeasuredDrive, shown_length_scale_u95
from payesh.detect.handlers.calibrating import SCOPE, open_view
from payesh.detect.settings import Settings
from payesh.kit.audit import record_read
from payesh.kit.paging import UtcTime
from payesh.kit.principal import Principal

_MOST_NEAR = 10
"""Passages that are read about one drive's time: where there are more, it is not told apart."""
ONE, NONE, SEVERAL, NO_SPEED, OTHER_REVISION = (
    "one",
    "none",
    "several",
    "no_speed",
    "other_revision",
)


class StatedDrive(BaseModel):
    """A drive whose speed a reference measured: a calibrated GNSS logger, or a laser."""

    at: UtcTime
    known_kmh: Annotated[float, Field(gt=5, le=250)]
    known_u95_kmh: Annotated[float, Field(gt=0, le=10)] = 0.5
    lane: PlaceName | None = None


@dataclass(frozen=True, slots=True)
class FoundDrive:
    """A drive and what was found of it; `measured` is None unless `found` is `one`."""

    stated: StatedDrive
    found: str
    passed_at: datetime | None = None
    lane: str | None = None
    measured: MeasuredDrive | None = None

    def described(self) -> dict[str, Any]:
        known, measured = self.stated, self.measured
        return {
            "at": known.at,
            "known_kmh": known.known_kmh,
            "known_u95_kmh": known.known_u95_kmh,
            "found": self.found,
            "passed_at": self.passed_at,
            "lane": self.lane,
            "measured_kmh": measured and measured.speed_kmh,
            "measured_u95_kmh": measured and measured.speed_u95_kmh,
            "error_kmh": measured and round(measured.error_kmh, 3),
            "e_n": measured and round(measured.e_n, 3),
        }


@dataclass(frozen=True, slots=True)
class ComparedDrives:
    """All drives, in their order; `length_scale_u95` is the revision's, None without one."""

    drives: tuple[FoundDrive, ...]
    length_scale_u95: float | None

    def described(self) -> dict[str, Any]:
        measured = [each.measured for each in self.drives if each.measured is not None]
        shown = shown_length_scale_u95(measured)
        known = [each for each in (self.length_scale_u95, shown) if each is not None]
        return {
            "drives": [each.described() for each in self.drives],
            "median_ratio": round(median(m.ratio for m in measured), 5) if measured else None,
            "agrees": all(abs(m.e_n) <= 1 for m in measured) if measured else None,
            "length_scale_u95": self.length_scale_u95,
            "shown_length_scale_u95": None if shown is None else round(shown, 5),
            # A tape's uncertainty is not undone by drives that happen to agree.
            "suggested_length_scale_u95": None if shown is None else round(max(known), 5),
        }


async def compare_drives(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    stated: Sequence[StatedDrive],
    within: timedelta,
) -> ComparedDrives:
    """Find each drive's passage under the revision of the camera's view. Raises NoSuchView,
    NoRevision."""
    opened = await open_view(dependencies, principal, camera_id, "compare_drives")
    calibration, times = opened.revision.calibration, [each.at for each in stated]
    async with dependencies.database.transaction() as session:
        near = [
            await passages.of_camera(
                session,
                principal.bounds,
                camera_id,
                each.at - within,
                each.at + within,
                _MOST_NEAR,
            )
            for each in stated
        ]
        read = {str(passage.passage_id) for found in near for passage in found}
        await record_read(
            session,
            principal,
            service=Settings.service,
            scope=SCOPE,
            action="compare_drives",
            resource_kind="passage",
            resource_ids=sorted(read),
            query=dependencies.digests.of(
                {"camera_id": camera_id, "from": min(times) - within, "to": max(times) + within}
            ),
        )
    revision = opened.view.revision.sha256
    found = [_candidates(each, near_it) for each, near_it in zip(stated, near, strict=True)]
    meant = Counter(passage.passage_id for each in found for passage in each)
    return ComparedDrives(
        tuple(_found(each, at, revision, meant) for each, at in zip(stated, found, strict=True)),
        calibration.length_scale_u95 if calibration is not None else None,
    )


def _candidates(drive: StatedDrive, near: Sequence[StoredPassage]) -> list[StoredPassage]:
    return [each for each in near if drive.lane is None or each.body["lane"] == drive.lane]


def _found(
    drive: StatedDrive, near: Sequence[StoredPassage], revision: str, meant: Counter[UUID]
) -> FoundDrive:
    """A drive is compared with the only vehicle about its time, and with none that another drive
    may be as well: the nearest in time may be somebody else's."""
    if not near:
        return FoundDrive(drive, NONE)
    if len(near) > 1 or meant[near[0].passage_id] > 1:
        return FoundDrive(drive, SEVERAL)
    body = near[0].body
    passed_at = datetime.fromisoformat(body["captured_at"])
    lane, speed = body["lane"], body["speed"]
    if body["revision"]["sha256"] != revision:
        return FoundDrive(drive, OTHER_REVISION, passed_at, lane)
    if speed is None:
        return FoundDrive(drive, NO_SPEED, passed_at, lane)
    measured = MeasuredDrive(
        drive.known_kmh, drive.known_u95_kmh, speed["speed_kmh"], speed["speed_u95_kmh"]
    )
    return FoundDrive(drive, ONE, passed_at, lane, measured)
