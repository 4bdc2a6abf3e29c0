"""Builds violations and plate reads; each argument has a lawful default."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from payesh.contracts import PlateRead, ViolationDetected
from payesh.contracts.chain import link_sha256
from payesh.contracts.detect import Shot, Vehicle
from payesh.contracts.plates import SecondOpinion
from payesh.contracts.values import (
    Box,
    Certificate,
    ClockSource,
    CrossingFact,
    Facts,
    Finding,
    Margin,
    MeasuredQuantity,
    Measurement,
    ModelReference,
    ObjectReference,
    PlaceClass,
    Plate,
    Provenance,
    RevisionReference,
    RoadClass,
    SegmentLink,
    SignalFact,
)
from payesh.contracts.vocabulary import LampState, ReadOutcome, VehicleClass, ViolationRule

CAPTURED_AT = datetime(2026, 11, 20, 9, 31, 7, 440000, tzinfo=UTC)
PROVENANCE = Provenance(
    software_version="test 1", models=(ModelReference(name="motion", sha256="a" * 64),)
)
CERTIFICATE = Certificate(
    number="T-1405-17",
    issued_by="سازمان ملی استاندارد",
    valid_from=CAPTURED_AT - timedelta(days=100),
    valid_to=CAPTURED_AT + timedelta(days=265),
)


def reference(bucket: str, key: str, body: bytes = b"", media_type: str = "") -> ObjectReference:
    return ObjectReference(
        bucket=bucket,
        key=key,
        version_id=None,
        sha256=sha256(body).hexdigest(),
        size_bytes=len(body),
        media_type=media_type or "application/octet-stream",
    )


REVISION = reference("revisions", "camera-1/1.json", b"{}", "application/json")


def chained(
    stream_id: UUID,
    init: ObjectReference | None,
    media: list[ObjectReference],
    *,
    revision_sha256: str = REVISION.sha256,
    first_sequence: int = 0,
    fencing_token: int = 3,
    moved_by: timedelta = timedelta(0),
) -> list[SegmentLink]:
    """Links as ingest makes them, two seconds each; the last ends `moved_by` after CAPTURED_AT."""
    links: list[SegmentLink] = []
    for number, each in enumerate(media):
        sequence = first_sequence + number
        captured_at = CAPTURED_AT + moved_by + timedelta(seconds=2 * (number - len(media)))
        previous = links[-1].link_sha256 if links else None
        links.append(
            SegmentLink(
                stream_id=stream_id,
                sequence=sequence,
                fencing_token=fencing_token,
                captured_at=captured_at,
                duration_ms=2000,
                init=init,
                media=each,
                previous_link_sha256=previous,
                link_sha256=link_sha256(
                    previous_link_sha256=previous,
                    stream_id=stream_id,
                    sequence=sequence,
                    captured_at=captured_at,
                    duration_ms=2000,
                    init_sha256=init.sha256 if init else None,
                    media_sha256=each.sha256,
                    revision_sha256=revision_sha256,
                    fencing_token=fencing_token,
                ),
            )
        )
    return links


def speed(value_kmh: float, u95_kmh: float, limit_kmh: float) -> MeasuredQuantity:
    return MeasuredQuantity(
        kind="quantity",
        quantity="speed_kmh",
        value=value_kmh,
        u95=u95_kmh,
        limit=limit_kmh,
        lower_bound=value_kmh - u95_kmh,
    )


def crossed_at_red(*, after_s: float = 2.5, line: str = "stop-1", head: str = "head-1") -> Finding:
    """What a camera finds of a vehicle that crosses a stop line `after_s` seconds into red."""
    margin_ms, u95_ms, grace_ms = 1000 * after_s, 40.0, 500.0
    return Finding(
        kind="finding",
        facts=Facts(
            signal=SignalFact(
                signal_head=head,
                lamp=LampState.RED,
                since=CAPTURED_AT - timedelta(seconds=after_s),
                since_u95_ms=u95_ms,
            ),
            crossings=(CrossingFact(line=line, crossed_at=CAPTURED_AT, u95_ms=u95_ms),),
        ),
        margin=Margin(
            quantity="red_for_ms",
            value=margin_ms,
            u95=u95_ms,
            grace=grace_ms,
            lower_bound=margin_ms - u95_ms - grace_ms,
        ),
    )


def violation(
    *,
    passage_id: UUID | None = None,
    speed_kmh: float = 99.0,
    u95_kmh: float = 2.1,
    limit_kmh: float = 60.0,
    rule: str = ViolationRule.SPEEDING,
    captured_at: datetime = CAPTURED_AT,
    clock_source: ClockSource = ClockSource.RTCP,
    certificate: Certificate | None = CERTIFICATE,
    county: str = "semnan",
    segments: list[SegmentLink] | None = None,
    shots: list[ObjectReference] | None = None,
    revision: ObjectReference = REVISION,
    measurement: Measurement | None = None,
) -> ViolationDetected:
    """A violation of the speed limit, or with `rule` and `measurement` of another rule."""
    stream_id = segments[-1].stream_id if segments else uuid4()
    media = [reference("segments", "camera-1/x/00000000.m4s", b"x", "video/iso.segment")]
    links = segments or chained(stream_id, media[0], media)
    return ViolationDetected(
        camera_id="camera-1",
        county=county,
        road_class=RoadClass.MAIN_ARTERIAL,
        place_class=PlaceClass.A,
        captured_at=captured_at,
        clock_source=clock_source,
        clock_u95_ms=12.0,
        violation_id=uuid4(),
        passage_id=passage_id or uuid4(),
        revision=RevisionReference(revision=1, sha256=revision.sha256, object=revision),
        stream_id=stream_id,
        rule=rule,
        vehicle=Vehicle(vehicle_class=VehicleClass.CAR, confidence=0.97),
        lane="2",
        measurement=measurement or speed(speed_kmh, u95_kmh, limit_kmh),
        certificate=certificate,
        segments=tuple(links),
        shots=tuple(
            Shot(
                stream_id=stream_id,
                sequence=links[-1].sequence,
                frame_at=captured_at,
                box=Box(x_px=100.0, y_px=100.0, width_px=200.0, height_px=160.0),
                crop=crop,
                crop_box=Box(x_px=80.0, y_px=80.0, width_px=240.0, height_px=200.0),
                sharpness=120.0,
            )
            for crop in shots or []
        ),
        provenance=PROVENANCE,
    )


def second_opinion(text: str | None) -> SecondOpinion:
    """What the second reader read; None is nothing."""
    model = ModelReference(name="second_reader", sha256="5" * 64)
    return SecondOpinion(text=text, confidence=0.7, reader="easyocr 1.7.2", model=model)


def plate_read(
    seen: ViolationDetected,
    text: str | None = "12ب34567",
    *,
    confidence: float = 0.96,
    second: SecondOpinion | None = None,
) -> PlateRead:
    """The read of a violation's passage; `text` None is an unreadable plate."""
    return PlateRead(
        camera_id=seen.camera_id,
        county=seen.county,
        road_class=seen.road_class,
        place_class=seen.place_class,
        captured_at=seen.captured_at,
        clock_source=seen.clock_source,
        clock_u95_ms=seen.clock_u95_ms,
        read_id=uuid4(),
        passage_id=seen.passage_id,
        stream_id=seen.stream_id,
        outcome=ReadOutcome.READ if text else ReadOutcome.UNREADABLE,
        plate=Plate(layout="car", text=text) if text else None,
        confidence=confidence if text else 0.0,
        characters=(),
        shot=None,
        provenance=PROVENANCE,
        second_opinion=second,
    )
