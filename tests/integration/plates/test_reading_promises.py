"""One read follows each passage, "unreadable" included; a broken one does not block the others."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from payesh.contracts import PassageObserved
from payesh.contracts.event import deterministic_id
from payesh.contracts.vocabulary import ReadOutcome
from payesh.kit.deadletters import dead_letters, resend
from tests.integration.plates.conftest import KEEP_HOURS, RunningService
from tests.integration.plates.vehicle_picture import VEHICLE, car, jpeg, two_cars
from tests.support.passage_builder import passage
from tests.support.violation_builder import reference
from tests.support.waiting import eventually

PLATE = "12ب34567"


async def letter_of(service: RunningService, seen: PassageObserved) -> tuple[Any, str]:
    """The passage's dead letter, and its reason."""
    async for record in dead_letters(service.settings, seen.topic, quiet_ms=500):
        if record.key == seen.key().encode():
            return record, dict(record.headers)["payesh-reason"].decode()
    raise AssertionError("no dead letter")


async def test_a_legible_plate_is_read_exactly(service: RunningService) -> None:
    seen = await service.car_passage(PLATE, PLATE, PLATE)
    await service.publish(seen)
    read = await service.read_of(seen)
    assert read.outcome == ReadOutcome.READ
    assert read.plate is not None
    assert (read.plate.text, read.plate.layout) == (PLATE, "car")
    assert "".join(each.character for each in read.characters) == PLATE
    assert read.confidence >= service.settings.minimum_confidence
    assert read.read_id == deterministic_id("read", seen.passage_id)
    assert read.shot is not None
    assert read.shot.crop in [shot.crop for shot in seen.shots]
    plate = read.shot.plate_box
    assert plate is not None
    assert 200 <= plate.x_px + plate.width_px / 2 <= 300
    assert 220 <= plate.y_px + plate.height_px / 2 <= 241
    for name in ("camera_id", "county", "road_class", "captured_at", "clock_source", "stream_id"):
        assert getattr(read, name) == getattr(seen, name)
    models = {model.name for model in read.provenance.models}
    assert models == {"plate_locator", "plate_reader"}
    async with service.client() as http:
        answer = await http.get(f"/v1/reads/{read.read_id}")
    assert answer.json()["read"]["plate"]["text"] == PLATE
    expires_at = datetime.fromisoformat(answer.json()["expires_at"])
    left = expires_at - datetime.now(UTC)
    assert timedelta(hours=KEEP_HOURS - 0.1) < left <= timedelta(hours=KEEP_HOURS)


async def test_without_a_legible_plate_the_read_is_unreadable(service: RunningService) -> None:
    bare = await service.car_passage(None, None)
    without_shots = passage()
    await service.publish(bare, without_shots)
    for seen in (bare, without_shots):
        read = await service.read_of(seen)
        assert read.outcome == ReadOutcome.UNREADABLE
        assert (read.plate, read.confidence, read.characters) == (None, 0.0, ())
    assert (await service.read_of(without_shots)).shot is None


async def test_a_plate_beside_the_vehicle_is_never_its_own(service: RunningService) -> None:
    beside = await service.car_passage(PLATE, vehicle_in_crop=(310.0, 60.0, 160.0, 260.0))
    await service.publish(beside)
    assert (await service.read_of(beside)).outcome == ReadOutcome.UNREADABLE


async def test_shots_that_disagree_lower_the_confidence(service: RunningService) -> None:
    alone = await service.car_passage(PLATE)
    disagreeing = await service.car_passage(PLATE, "98ی76543")
    await service.publish(alone, disagreeing)
    agreed, disputed = await service.read_of(alone), await service.read_of(disagreeing)
    assert agreed.confidence > 0.8
    assert disputed.confidence < 0.7


async def test_two_cars_detected_as_one_can_be_searched_for_and_support_no_citation(
    service: RunningService,
) -> None:
    body = jpeg(two_cars("98ی76543", "12ب34567"))
    seen = passage(
        crops=[await service.crop(body) for _ in range(3)],
        crop_size=(480.0, 720.0),
        vehicle_in_crop=(110.0, 60.0, 280.0, 620.0),
    )
    await service.publish(seen)
    read = await service.read_of(seen)
    assert read.plate is not None and read.plate.text == "12ب34567", "the nearer car's"
    assert read.confidence <= 0.5, "no draft from it"


async def test_a_passage_published_twice_is_read_once(service: RunningService) -> None:
    seen = await service.car_passage(PLATE)
    duplicates = service.tap.duplicates
    await service.publish(seen, seen)
    await service.read_of(seen)
    await service.publish(seen)
    await service.after(seen)
    assert len(service.reads_of(seen.passage_id)) == 1
    assert service.tap.duplicates == duplicates, "not even the same event a second time"
    async with service.client() as http:
        found = (await http.get("/v1/reads", params={"plate": PLATE, "limit": 200})).json()
    own = [r for r in found["items"] if r["read"]["passage_id"] == str(seen.passage_id)]
    assert len(own) == 1


async def test_a_crop_that_is_no_picture_makes_a_dead_letter_and_the_next_is_read(
    service: RunningService,
) -> None:
    whole = jpeg(car(PLATE))
    for body in (b"", b"plain text, no picture", whole[:40], b"\x89PNG\r\n\x1a\n" + b"\xff" * 40):
        seen = passage(crops=[await service.crop(body)], vehicle_in_crop=VEHICLE)
        await service.publish(seen)
        await service.after(seen)
        assert service.reads_of(seen.passage_id) == []
        _, reason = await letter_of(service, seen)
        assert "crop" in reason or "picture" in reason


async def test_a_crop_that_was_exchanged_is_not_read(service: RunningService) -> None:
    crop = await service.crop(jpeg(car(PLATE)))
    seen = passage(crops=[crop], vehicle_in_crop=VEHICLE)
    await service.detect_store.put(
        "shots", crop.key, jpeg(car("98ی76543")), media_type="image/jpeg"
    )
    await service.publish(seen)
    await service.after(seen)
    assert service.reads_of(seen.passage_id) == []
    _, reason = await letter_of(service, seen)
    assert "does not match its hash" in reason


async def test_a_passage_with_a_missing_crop_is_read_once_it_is_sent_again(
    service: RunningService,
) -> None:
    body = jpeg(car(PLATE))
    crop = reference("shots", f"camera-1/{uuid4()}/0.jpg", body, "image/jpeg")
    seen = passage(crops=[crop], vehicle_in_crop=VEHICLE)
    await service.publish(seen)
    await service.after(seen)
    letter, reason = await letter_of(service, seen)
    assert "object missing" in reason
    await service.detect_store.put(crop.bucket, crop.key, body, media_type="image/jpeg")
    await resend(service.settings, letter, service.producer)
    await eventually(lambda: len(service.reads_of(seen.passage_id)) == 1)
    assert service.reads_of(seen.passage_id)[0].outcome == ReadOutcome.READ
