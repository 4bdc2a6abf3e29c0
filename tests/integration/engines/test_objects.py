import asyncio
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention

from payesh.local.engines import EngineSet, create_buckets

REFUSALS = {"AccessDenied", "InvalidRequest"}  # SeaweedFS and MinIO differ for a locked version


def _put(client: Minio, bucket: str, key: str = "object") -> None:
    client.put_object(bucket, key, io.BytesIO(b"content"), 7)


def _read(client: Minio, bucket: str, key: str = "object") -> bytes:
    with client.get_object(bucket, key) as response:
        return bytes(response.data)


def _refused(error: pytest.ExceptionInfo[S3Error]) -> bool:
    return error.value.code in REFUSALS


async def test_a_service_reaches_only_the_buckets_it_is_entitled_to(engines: EngineSet) -> None:
    ingest, plates = engines.objects.client("ingest"), engines.objects.client("plates")
    detect = engines.objects.client("detect")
    _put(ingest, "segments")
    _put(detect, "shots")

    assert _read(detect, "segments") == b"content"
    assert _read(plates, "shots") == b"content"
    with pytest.raises(S3Error) as error:
        _read(plates, "segments")
    assert _refused(error)
    with pytest.raises(S3Error) as error:
        list(plates.list_objects("evidence"))
    assert _refused(error)
    with pytest.raises(S3Error) as error:
        _put(plates, "shots")
    assert _refused(error)
    with pytest.raises(S3Error) as error:
        ingest.remove_object("segments", "object")
    assert _refused(error)


async def test_a_stranger_gets_nothing(engines: EngineSet) -> None:
    stranger = Minio(engines.objects.endpoint, "plates", "wrong-secret", secure=False)
    with pytest.raises(S3Error) as error:
        list(stranger.list_objects("shots"))
    assert error.value.code == "SignatureDoesNotMatch"
    with pytest.raises(S3Error) as error:
        list(Minio(engines.objects.endpoint, secure=False).list_objects("shots"))
    assert _refused(error)


async def test_nobody_deletes_a_locked_version_or_shortens_its_lock(engines: EngineSet) -> None:
    tickets, key = engines.objects.client("tickets"), f"bundle-{uuid4()}"
    until = datetime.now(UTC) + timedelta(days=1)
    written = tickets.put_object(
        "evidence", key, io.BytesIO(b"proof"), 5, retention=Retention(COMPLIANCE, until)
    )
    assert written.version_id is not None

    for client in (tickets, engines.objects.client("admin")):
        with pytest.raises(S3Error) as error:
            client.remove_object("evidence", key, version_id=written.version_id)
        assert _refused(error)
        with pytest.raises(S3Error) as error:
            client.set_object_retention(
                "evidence",
                key,
                Retention(COMPLIANCE, until - timedelta(hours=12)),
                version_id=written.version_id,
            )
        assert _refused(error)

    extended = Retention(COMPLIANCE, until + timedelta(days=180))
    tickets.set_object_retention("evidence", key, extended, version_id=written.version_id)
    kept = tickets.get_object_retention("evidence", key, version_id=written.version_id)
    assert kept is not None and kept.retain_until_date > until + timedelta(days=179)


async def test_segments_expire_after_72_hours_and_evidence_never(engines: EngineSet) -> None:
    admin = engines.objects.client()
    lifecycle = admin.get_bucket_lifecycle("segments")
    assert lifecycle is not None
    assert [rule.expiration.days for rule in lifecycle.rules if rule.expiration] == [3]
    assert admin.get_bucket_lifecycle("evidence") is None


async def test_making_the_buckets_again_changes_nothing(engines: EngineSet) -> None:
    _put(engines.objects.client("ingest"), "segments", "kept")
    keys = engines.objects.credentials_for("admin")
    await asyncio.to_thread(create_buckets, engines.objects.endpoint, *keys, False)
    assert _read(engines.objects.client("ingest"), "segments", "kept") == b"content"


async def test_stored_objects_locks_and_keys_outlive_a_kill(breakable_engines: EngineSet) -> None:
    objects = breakable_engines.objects
    until = datetime.now(UTC) + timedelta(days=1)
    written = objects.client("tickets").put_object(
        "evidence", "bundle", io.BytesIO(b"proof"), 5, retention=Retention(COMPLIANCE, until)
    )

    await objects.restart(kill=True)

    assert _read(objects.client("tickets"), "evidence", "bundle") == b"proof"
    with pytest.raises(S3Error) as error:
        objects.client("tickets").remove_object("evidence", "bundle", written.version_id)
    assert _refused(error)
