"""Bad input at every interface of a running stack is refused, and good input goes on.

The film of `live` runs meanwhile, and test_demo judges it: bad input must not show there. How one
service answers bad uploads and tokens is tested in tests/integration.
"""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

import av
import cv2
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    Event,
    PassageObserved,
    PlateRead,
    SegmentStored,
    SnapshotStored,
    TicketsReadRecorded,
    TrafficCounted,
    ViolationDetected,
)
from payesh.contracts.audiences import audience_of
from payesh.contracts.topics import Topic, topics
from payesh.contracts.values import format_utc
from payesh.kit.bus.envelope import DEAD_LETTER_SUFFIX, envelope
from payesh.local.street.truth import Truth
from payesh.local.street_camera import street_revision
from tests.support.running_stack import RunningStack, ShownCamera, eventually

_PURPOSE = {"Payesh-Purpose": "e2e"}
Headers = list[tuple[str, bytes]]


def headers_of(kind: type[Event], **changed: str) -> Headers:
    headers = {"ce_specversion": "1.0", "ce_id": str(uuid4()), "ce_type": kind.topic}
    return [(name, text.encode()) for name, text in (headers | changed).items()]


MALFORMED: list[tuple[type[Event], bytes | None, Headers, str, set[str]]] = [
    (SegmentStored, b"\xffno JSON", headers_of(SegmentStored), "not JSON", {"detect"}),
    (SnapshotStored, b"{}", headers_of(SnapshotStored), "schema: ", {"detect"}),
    (
        PassageObserved,
        None,
        headers_of(PassageObserved),
        "body is empty",
        {"plates", "detect-projection"},
    ),
    (ViolationDetected, b"{}", [], "ce_specversion", {"tickets"}),
    (PlateRead, b"{}", headers_of(PlateRead, ce_type="other.v1"), "ce_type", {"tickets"}),
    (TrafficCounted, b"[]", headers_of(TrafficCounted), "schema: ", {"detect-projection"}),
    (TicketsReadRecorded, b"{}", headers_of(TicketsReadRecorded, ce_id="7"), "ce_id", {"access"}),
]
"""Topic, body, headers; the reason in its dead letters, and the groups that send them."""


async def test_a_malformed_message_on_any_topic_is_dead_lettered_and_the_next_is_handled(
    running: RunningStack, live: ShownCamera
) -> None:
    key = b"e2e-malformed"
    partitions = {topic.name: topic.local_partitions for topic in topics()}
    async with producing(running) as producer:
        for kind, body, headers, _, _ in MALFORMED:
            # Into each partition, so that every later message is behind one.
            for partition in range(partitions[kind.topic]):
                await producer.send_and_wait(
                    kind.topic, body, key=key, headers=headers, partition=partition
                )
    expected = {
        (kind.topic, group, partition)
        for kind, _, _, _, groups in MALFORMED
        for group in groups
        for partition in range(partitions[kind.topic])
    }
    letters = await dead_letters(running, lambda found: found.key == key, len(expected))
    letter_headers = [dict(letter.headers) for letter in letters]
    places = [
        tuple(each[n].decode() for n in ("payesh-topic", "payesh-group", "payesh-partition"))
        for each in letter_headers
    ]
    assert sorted(places) == sorted((t, g, str(p)) for t, g, p in expected)
    reasons = {kind.topic: reason for kind, _, _, reason, _ in MALFORMED}
    bodies = {kind.topic: body for kind, body, _, _, _ in MALFORMED}
    for letter, given in zip(letters, letter_headers, strict=True):
        topic = given["payesh-topic"].decode()
        assert letter.topic == topic + DEAD_LETTER_SUFFIX
        assert (letter.value or None) == bodies[topic]
        assert reasons[topic] in given["payesh-reason"].decode()
    await the_flow_goes_on(running, live)


async def test_a_segment_without_its_video_is_dead_lettered_and_observed_once_it_is_there(
    running: RunningStack, live: ShownCamera
) -> None:
    await eventually(lambda: len(running.of(SegmentStored, live.camera_id)) > 0, "a segment")
    good = running.of(SegmentStored, live.camera_id)[-1]
    key = f"e2e-junk/{uuid4()}.m4s"
    common = {"camera_id": "e2e-junk", "sequence": 0, "last_in_stream": True}
    gone = good.model_copy(
        update={
            **common,
            "stream_id": uuid4(),
            "media": good.media.model_copy(update={"key": key, "version_id": None}),
        }
    )
    # The init part alone is a container without a frame.
    junk = good.model_copy(update={**common, "stream_id": uuid4(), "media": good.init})
    async with producing(running) as producer:
        for event in (gone, junk):
            message = envelope(event)
            await producer.send_and_wait(
                message.topic, message.value, key=message.key, headers=list(message.headers)
            )
    letters = await dead_letters(running, lambda found: found.key == b"e2e-junk", 2)
    reasons = {
        SegmentStored.from_json(letter.value).stream_id: dict(letter.headers)["payesh-reason"]
        for letter in letters
    }
    assert b"object missing" in reasons[gone.stream_id]
    assert b"no frame decodes" in reasons[junk.stream_id]

    # As an operator does: list the dead letters, restore the object, send again.
    (missing,) = (each for each in letters if b"missing" in dict(each.headers)["payesh-reason"])
    listed = await command(running, "list", "--topic", SegmentStored.topic)
    assert {"offset": missing.offset, "reason": reasons[gone.stream_id].decode()} in [
        {name: line[name] for name in ("offset", "reason")} for line in listed
    ]
    response = running.store.get_object(good.media.bucket, good.media.key)
    body = response.read()
    response.close()
    response.release_conn()
    running.store.put_object(good.media.bucket, key, io.BytesIO(body), len(body))
    offset = ("--offset", str(missing.offset), "--partition", str(missing.partition))
    assert len(await command(running, "resend", "--topic", SegmentStored.topic, *offset)) == 1

    def observed() -> bool:
        return any(c.stream_id == gone.stream_id for c in running.of(TrafficCounted, "e2e-junk"))

    await eventually(observed, "the segment that was sent again")
    await the_flow_goes_on(running, live)


async def test_an_expired_certificate_supports_no_citation(
    running: RunningStack, live: ShownCamera
) -> None:
    picture = await asyncio.to_thread(close_up, running)
    now = datetime.now(UTC)
    outcomes = []
    for camera_id, valid_to in (
        ("e2e-expired", now - timedelta(minutes=1)),
        ("e2e-valid", now + timedelta(days=1)),
    ):
        certificate = {
            "number": f"C-{camera_id}",
            "issued_by": "آزمون",
            "valid_from": format_utc(now - timedelta(days=400)),
            "valid_to": format_utc(valid_to),
        }
        revision = street_revision(
            running.street.truth, now, source_kind="snapshots", certificate=certificate
        )
        await running.operator.create_camera(camera_id, revision, None)
        captured_at = datetime.now(UTC)
        measured = {
            "speed_kmh": 101.0,
            "speed_u95_kmh": 2.0,
            "measured_at": format_utc(captured_at),
            "certificate_number": certificate["number"],
        }
        await running.operator.post_snapshot(
            camera_id, picture, "image/jpeg", captured_at, measurement=measured
        )

        def decided(camera_id: str = camera_id) -> bool:
            return bool(
                running.of(CitationDrafted, camera_id) or running.of(CitationRejected, camera_id)
            )

        await eventually(decided, f"a citation of {camera_id}")
        assert len(running.of(ViolationDetected, camera_id)) == 1
        outcomes.append([each.reason for each in running.of(CitationRejected, camera_id)])
    assert running.of(CitationDrafted, "e2e-expired") == []
    # The other plate may be unreadable, or drafted for `live` at the same place a moment ago:
    # neither depends on the certificate.
    assert outcomes[0] == ["certificate_invalid"]
    assert outcomes[1] in ([], ["unreadable"], ["same_offence"])


async def test_a_token_gives_its_rights_at_every_service_and_leaves_a_record(
    running: RunningStack, live: ShownCamera, administrator: httpx.AsyncClient
) -> None:
    await eventually(lambda: len(running.of(CitationDrafted, live.camera_id)) > 0, "a draft")
    drafted = running.of(CitationDrafted, live.camera_id)[0]
    read = next(
        each
        for each in running.of(PlateRead, live.camera_id)
        if each.passage_id == drafted.passage_id
    )
    lists = {"ingest": "/v1/cameras", "tickets": "/v1/citations", "plates": "/v1/reads"}
    single = [
        ("ingest", f"/v1/cameras/{live.camera_id}"),
        ("ingest", f"/v1/cameras/{live.camera_id}/segments"),
        ("tickets", f"/v1/citations/{drafted.citation_id}"),
        ("tickets", f"/v1/citations/{drafted.citation_id}/clip"),
        ("plates", f"/v1/reads/{read.read_id}"),
        ("detect", f"/v1/passages/{drafted.passage_id}"),
    ]
    scopes = "cameras:read streams:read citations:read evidence:read reads:read passages:read"
    others = "health:read law:read traffic:read"
    async with (
        client_with(administrator, scopes, ["damghan"]) as neighbour,
        client_with(administrator, scopes, ["semnan"]) as local,
        client_with(administrator, others, ["semnan"]) as scopeless,
    ):
        for service, path in [*lists.items(), *single]:
            url = running.stack.url(service) + path
            assert (await local(service).get(url)).status_code == 200, path
            narrow = await scopeless(service).get(url)
            assert narrow.status_code == 403, path
            assert narrow.headers["content-type"] == "application/problem+json"
            wrong = {"Authorization": "Bearer nonsense"}
            assert (await local(service).get(url, headers=wrong)).status_code == 401, path
            for other in {"ingest", "detect", "plates", "tickets"} - {service}:
                assert (await local(other).get(url)).status_code == 401, (path, other)
            elsewhere = await neighbour(service).get(url)
            if path in lists.values():
                assert elsewhere.json()["items"] == [], path
            else:
                # That a passage or a read exists is personal data: there it is 404. All record it.
                hidden = service in ("detect", "plates")
                assert elsewhere.status_code == (404 if hidden else 403), path

    async def recorded() -> bool:
        answer = await administrator.get(
            "/v1/audit", params={"resource": str(drafted.citation_id), "limit": "200"}
        )
        assert answer.status_code == 200, answer.text
        records = [item["record"] for item in answer.json()["items"]]
        outcomes = {r["outcome"] for r in records if r["purpose"] == _PURPOSE["Payesh-Purpose"]}
        return outcomes == {"granted", "denied"}

    await eventually(recorded, "granted and denied reads in the audit log")


@pytest.fixture(scope="module")
async def administrator(running: RunningStack) -> AsyncIterator[httpx.AsyncClient]:
    """The first administrator of this stack."""
    async with httpx.AsyncClient(base_url=running.stack.url("access"), timeout=30) as http:
        answer = await http.post(
            "/v1/bootstrap",
            json={
                "secret": running.stack.bootstrap_secret_file.read_text().strip(),
                "username": "sara.mohammadi",
                "name": "سارا محمدی",
                "password": "a long enough phrase",
            },
        )
        assert answer.status_code == 201, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        http.headers.update(_PURPOSE)
        yield http


@asynccontextmanager
async def client_with(
    administrator: httpx.AsyncClient, scopes: str, counties: list[str]
) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """Another agency's machine with these rights: by service, with a token for that one."""
    registered = await administrator.post(
        "/v1/clients",
        json={
            "client_id": f"machine-{uuid4().hex[:8]}",
            "name": "Machine",
            "agency": "payesh",
            "grants": ["client_credentials"],
            "scopes": scopes.split(),
            "counties": counties,
        },
    )
    assert registered.status_code == 201, registered.text
    made = registered.json()
    clients: dict[str, httpx.AsyncClient] = {}
    async with AsyncExitStack() as opened:
        for service in ("ingest", "detect", "plates", "tickets"):
            answer = await administrator.post(
                "/oauth/token",
                data={"grant_type": "client_credentials", "resource": audience_of(service)},
                auth=(made["client"]["client_id"], made["client_secret"]),
            )
            assert answer.status_code == 200, answer.text
            bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            clients[service] = await opened.enter_async_context(
                httpx.AsyncClient(headers=bearer | _PURPOSE, timeout=30)
            )
        yield clients.__getitem__


async def the_flow_goes_on(running: RunningStack, live: ShownCamera) -> None:
    """A vehicle that passes from now on gets its citation."""
    to_come = [v for v in live.truth.vehicles if v.band == "clear" and v.exit_s > live.film_s]
    # On a busy machine the film of `live` may be over by now.
    shown = live if len(to_come) > 1 else await running.show(f"e2e-flow-{uuid4().hex[:6]}")
    cited = len(running.of(CitationDrafted, shown.camera_id))
    await eventually(
        lambda: len(running.of(CitationDrafted, shown.camera_id)) > cited, "the next draft"
    )


def close_up(running: RunningStack) -> bytes:
    """A still in which a car fills most of the picture, its plate to be read. JPEG."""
    truth: Truth = running.street.truth
    car = next(v for v in truth.vehicles if v.band == "clear" and v.vehicle_class == "car")
    with av.open(str(running.street.video)) as container:
        frame = next(islice(container.decode(video=0), car.best_frame, None))
    image = frame.to_ndarray(format="bgr24")
    left, top, right, bottom = (round(v) for v in car.box_px)
    wide, high = (right - left) // 4, (bottom - top) // 4
    cut = image[max(0, top - high) : bottom + high, max(0, left - wide) : right + wide]
    return bytes(cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


@asynccontextmanager
async def producing(running: RunningStack) -> AsyncIterator[AIOKafkaProducer]:
    bootstrap = running.stack.engines.addresses()["kafka_bootstrap"]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        yield producer


async def dead_letters(
    running: RunningStack, wanted: Callable[[Any], bool], count: int
) -> list[Any]:
    """At least `count` dead letters that are `wanted`."""
    bootstrap = running.stack.engines.addresses()["kafka_bootstrap"]
    found: list[Any] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        dead: list[Topic] = [t for t in topics() if t.name.endswith(DEAD_LETTER_SUFFIX)]
        partitions = [TopicPartition(t.name, n) for t in dead for n in range(t.local_partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        try:
            async with asyncio.timeout(180):
                while len(found) < count:
                    fetched = await consumer.getmany(timeout_ms=500)
                    found += [r for some in fetched.values() for r in some if wanted(r)]
        except TimeoutError:
            raise AssertionError(f"{len(found)} of {count} dead letters: {found}") from None
    return found


async def command(running: RunningStack, *arguments: str) -> list[dict[str, Any]]:
    """Lines of `python -m payesh.kit.deadletters`."""
    addresses = running.stack.engines.addresses()
    environment = {
        **{name: value for name, value in os.environ.items() if "PAYESH" not in name},
        "PAYESH_KAFKA_BOOTSTRAP": addresses["kafka_bootstrap"],
        "PAYESH_KAFKA_IDEMPOTENCE": str(addresses["kafka_idempotence"]).lower(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "payesh.kit.deadletters", *arguments,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return [json.loads(line) for line in output.decode().splitlines()]
