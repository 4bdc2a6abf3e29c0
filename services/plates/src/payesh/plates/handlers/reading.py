"""Reading a passage: the one read that follows it, stored and published."""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from payesh.contracts import PassageObserved, PlateRead
from payesh.contracts.detect import Shot
from payesh.contracts.values import ModelReference, Provenance
from payesh.kit import inbox, outbox
from payesh.kit.bus import Delivery, Disposition
from payesh.kit.database import Database
from payesh.kit.objects import ObjectStore
from payesh.plates.adapters import reads
from payesh.plates.adapters.pictures import decode_picture
from payesh.plates.domain.best_read import (
    ShotReading,
    best_read,
    own_plate,
    plates_of_vehicle,
)
from payesh.plates.handlers.read_event import plate_read
from payesh.plates.handlers.second_opinion import RereadRules, second_opinion
from payesh.plates.handlers.stretches import StretchRules, keep_crossings
from payesh.plates.ports import PlateLocator, PlateReader

_CROP_LIMIT_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadingDependencies:
    """What reading rests on. The networks run on `executor`; a read is deleted `keep` after it
    was made; below `minimum_confidence` a plate counts as unreadable. `second` is how reads are
    read a second time; None: they are not."""

    database: Database
    store: ObjectStore
    locator: PlateLocator
    reader: PlateReader
    executor: Executor
    minimum_confidence: float
    keep: timedelta
    stretches: StretchRules
    software_version: str
    second: RereadRules | None = None

    @property
    def provenance(self) -> Provenance:
        """The software and the weights that a read comes from."""
        return Provenance(
            software_version=self.software_version,
            models=(
                ModelReference(name="plate_locator", sha256=self.locator.sha256),
                ModelReference(name="plate_reader", sha256=self.reader.sha256),
            ),
        )


async def handle_passage(dependencies: ReadingDependencies, delivery: Delivery[Any]) -> Disposition:
    """Read the plate of an observed passage; store and publish the read once."""
    # Not by `inbox.transactional`: the networks work for a second and more, and no connection
    # to the database is held meanwhile.
    read = await read_passage(dependencies, delivery.event)
    async with dependencies.database.transaction() as session:
        if await inbox.accept(session, delivery):
            await reads.add(session, read, datetime.now(UTC) + dependencies.keep)
            await keep_crossings(session, dependencies.stretches, delivery.event, read)
            await outbox.add(session, read)
    return Disposition.DONE


async def read_passage(dependencies: ReadingDependencies, passage: PassageObserved) -> PlateRead:
    """The read of a passage: the text that its shots support most.

    "Unreadable" is a result. Raises MessageFault for a crop that is no picture, and what the
    store raises.
    """
    crops = await asyncio.gather(
        *(dependencies.store.get(shot.crop, limit_bytes=_CROP_LIMIT_BYTES)
          for shot in passage.shots)
    )  # fmt: skip
    return await asyncio.get_running_loop().run_in_executor(
        dependencies.executor, _read_crops, dependencies, passage, crops
    )


def _read_crops(
    dependencies: ReadingDependencies, passage: PassageObserved, crops: list[bytes]
) -> PlateRead:
    readings = read_shots(passage.shots, crops, dependencies.locator, dependencies.reader)
    best, second = best_read(readings), dependencies.second
    return plate_read(
        passage,
        readings,
        best,
        dependencies.minimum_confidence,
        dependencies.provenance,
        None if second is None else second_opinion(second, best, crops),
    )


def read_shots(
    shots: tuple[Shot, ...], crops: list[bytes], locator: PlateLocator, reader: PlateReader
) -> list[ShotReading]:
    """The vehicle's own plate in each shot that shows one; `crops` are the shots' pictures. Raises
    MessageFault for a crop that is no picture."""
    readings = []
    for number, (shot, content) in enumerate(zip(shots, crops, strict=True)):
        picture = decode_picture(content)
        vehicle = (
            shot.box.x_px - shot.crop_box.x_px,
            shot.box.y_px - shot.crop_box.y_px,
            shot.box.width_px,
            shot.box.height_px,
        )
        plates = plates_of_vehicle(locator.locate(picture), vehicle)
        own = own_plate(number, plates, reader.read_all(picture, plates))
        if own is not None:
            readings.append(own)
    return readings
