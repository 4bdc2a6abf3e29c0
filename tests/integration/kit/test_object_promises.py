"""Promises of the object store, over a real one."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from minio import Minio

from payesh.kit.errors import MessageFault, ObjectMissing, ObjectTampered, StoreUnavailable
from payesh.kit.objects import MinioObjects
from payesh.kit.settings import ObjectSettings

MIB = 1024 * 1024


@pytest.fixture
async def store(object_settings: ObjectSettings) -> AsyncIterator[MinioObjects]:
    opened = MinioObjects(object_settings)
    yield opened
    opened.close()


async def chunks(body: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def collect(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in stream])


async def test_bytes_come_back_with_hash_and_size(store: MinioObjects, name: str) -> None:
    reference = await store.put("shots", f"{name}/a", b"picture", media_type="image/jpeg")
    assert reference.sha256 == hashlib.sha256(b"picture").hexdigest()
    assert (reference.size_bytes, reference.media_type) == (7, "image/jpeg")
    assert await store.get(reference) == b"picture"
    assert await collect(store.stream(reference)) == b"picture"
    assert await collect(store.stream(reference, start=2, end=5)) == b"ctu"


async def test_an_upload_of_unknown_size_is_hashed(store: MinioObjects, name: str) -> None:
    body = bytes(range(256)) * (12 * MIB // 256)
    reference = await store.put("recordings", name, chunks(body), media_type="video/mp4")
    assert reference.sha256 == hashlib.sha256(body).hexdigest()
    assert reference.size_bytes == len(body)
    assert await collect(store.stream(reference, start=MIB, end=3 * MIB)) == body[MIB : 3 * MIB]
    with pytest.raises(MessageFault):
        await store.get(reference, limit_bytes=MIB)


async def test_a_wrong_announced_size_stores_nothing(store: MinioObjects, name: str) -> None:
    with pytest.raises(MessageFault):
        await store.put("recordings", name, chunks(b"1234"), media_type="video/mp4", size=5)
    assert await store.get_latest("recordings", name) is None


@pytest.mark.parametrize("other", [b"Picture", b"picture and more", b"pic"])
async def test_a_tampered_object_is_found(
    store: MinioObjects, object_settings: ObjectSettings, name: str, other: bytes
) -> None:
    reference = await store.put("shots", name, b"picture", media_type="image/jpeg")
    client = Minio(
        object_settings.s3_endpoint,
        object_settings.s3_access_key,
        object_settings.s3_secret_key.get_secret_value(),
        secure=False,
    )
    await asyncio.to_thread(client.put_object, "shots", name, BytesIO(other), len(other))
    with pytest.raises(ObjectTampered):
        await store.get(reference)
    if len(other) <= 7:
        with pytest.raises(ObjectTampered):
            await collect(store.stream(reference))


async def test_a_missing_object_is_a_fault_of_the_message(store: MinioObjects, name: str) -> None:
    reference = await store.put("shots", name, b"picture", media_type="image/jpeg")
    await store.delete("shots", name)
    with pytest.raises(ObjectMissing):
        await store.get(reference)
    with pytest.raises(ObjectMissing):
        await collect(store.stream(reference))


async def test_locked_evidence_is_read_by_version_and_its_lock_extended(
    store: MinioObjects, name: str
) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    reference = await store.put(
        "evidence", name, b"manifest", media_type="application/json", retain_until=until
    )
    assert reference.version_id
    await store.extend_retention(reference, until + timedelta(days=1))
    await store.put("evidence", name, b"forged!!", media_type="application/json")
    assert await store.get(reference) == b"manifest"


async def test_checkpoints_are_overwritten(store: MinioObjects, name: str) -> None:
    assert await store.get_latest("checkpoints", name) is None
    for body in (b"one", b"two"):
        await store.put_mutable("checkpoints", name, body)
    assert await store.get_latest("checkpoints", name) == b"two"
    await store.delete("checkpoints", name)
    assert await store.get_latest("checkpoints", name) is None
    await store.ping()


async def test_an_absent_store_is_reported_quickly(
    object_settings: ObjectSettings, name: str
) -> None:
    values = object_settings.model_dump() | {"s3_endpoint": "127.0.0.1:1"}
    store = MinioObjects(ObjectSettings(**values))
    started = time.perf_counter()
    with pytest.raises(StoreUnavailable):
        await store.put("shots", name, b"x", media_type="image/jpeg")
    with pytest.raises(StoreUnavailable):
        await store.ping()
    assert time.perf_counter() - started < 5
    store.close()
