"""The object store over S3: the `minio` client behind the async port."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, TypeVar, cast

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention

from payesh.contracts.values import ObjectReference
from payesh.kit.certificates import trusted
from payesh.kit.errors import MessageFault, ObjectTampered
from payesh.kit.objects.port import MIB, ObjectStore
from payesh.kit.objects.store_faults import is_missing, store_fault
from payesh.kit.settings import ObjectSettings

T = TypeVar("T")

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 10.0
_CHUNK_BYTES = 256 * 1024
_IN_MEMORY_BYTES = 8 * 1024 * 1024


class MinioObjects(ObjectStore):
    """Any S3 store through the `minio` client, whose blocking calls run in a few threads."""

    def __init__(self, settings: ObjectSettings) -> None:
        self._client = Minio(
            settings.s3_endpoint,
            settings.s3_access_key,
            settings.s3_secret_key.get_secret_value(),
            secure=settings.s3_secure,
            region=settings.s3_region,  # else the client asks the store for each bucket's region
            http_client=urllib3.PoolManager(
                ssl_context=trusted(settings.s3_ca_file) if settings.s3_secure else None,
                maxsize=settings.s3_threads,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S),
                # One retry, for a pooled connection that the store has closed; more would hide
                # for minutes that the store is away.
                retries=urllib3.Retry(
                    total=1, connect=0, read=1, redirect=0, status=0, backoff_factor=0
                ),
            ),
        )
        self._pool = ThreadPoolExecutor(settings.s3_threads, thread_name_prefix="objects")
        self._slots = asyncio.Semaphore(settings.s3_threads)

    async def put(
        self,
        bucket: str,
        key: str,
        data: bytes | AsyncIterable[bytes],
        *,
        media_type: str,
        size: int | None = None,
        retain_until: datetime | None = None,
    ) -> ObjectReference:
        retention = Retention(COMPLIANCE, retain_until) if retain_until is not None else None
        if isinstance(data, bytes | bytearray | memoryview):
            body = bytes(data)
            _check_size(size, len(body))

            def store() -> tuple[str, str | None]:
                # In one turn of a thread: a small object costs little more than its turns.
                sha256 = hashlib.sha256(body).hexdigest()
                return sha256, self._put(
                    bucket, key, BytesIO(body), len(body), media_type, retention
                )

            sha256, version = await self._run(store)
            return _reference(bucket, key, version, sha256, len(body), media_type)
        with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
            body_file = cast(BinaryIO, spool)
            digest, length = hashlib.sha256(), 0
            async for chunk in data:
                length += len(chunk)
                if size is not None and length > size:
                    break
                await asyncio.to_thread(_append, body_file, digest, chunk)
            _check_size(size, length)
            body_file.seek(0)
            version = await self._upload(bucket, key, body_file, length, media_type, retention)
        return _reference(bucket, key, version, digest.hexdigest(), length, media_type)

    async def _upload(
        self,
        bucket: str,
        key: str,
        body: BinaryIO,
        length: int,
        media_type: str,
        retention: Retention | None,
    ) -> str | None:
        return await self._run(lambda: self._put(bucket, key, body, length, media_type, retention))

    def _put(
        self,
        bucket: str,
        key: str,
        body: BinaryIO,
        length: int,
        media_type: str,
        retention: Retention | None,
    ) -> str | None:
        written = self._client.put_object(
            bucket,
            key,
            body,
            length,
            content_type=media_type,
            retention=retention,
            num_parallel_uploads=1,  # `s3_threads` is the limit, not a multiple of it
        )
        version: str | None = written.version_id
        return version

    async def get(self, reference: ObjectReference, *, limit_bytes: int = 64 * MIB) -> bytes:
        if reference.size_bytes > limit_bytes:
            raise MessageFault(
                f"object of {reference.size_bytes} bytes exceeds the limit of {limit_bytes}",
                retry=False,
            )

        def download() -> bytes:
            with _released(self._open(reference)) as response:
                # One byte more than expected reveals an object that grew.
                body: bytes = response.read(reference.size_bytes + 1)
            if len(body) != reference.size_bytes:
                raise ObjectTampered(reference)
            if hashlib.sha256(body).hexdigest() != reference.sha256:
                raise ObjectTampered(reference)
            return body

        return await self._run(download, reference)

    async def stream(
        self, reference: ObjectReference, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        stop = reference.size_bytes if end is None else min(end, reference.size_bytes)
        if stop <= start:
            return
        whole = start == 0 and stop == reference.size_bytes
        digest, length = hashlib.sha256(), 0
        response = await self._run(lambda: self._open(reference, start, stop - start), reference)
        with _released(response):
            while length < stop - start:
                wanted = min(_CHUNK_BYTES, stop - start - length)
                chunk: bytes = await self._run(lambda n=wanted: response.read(n), reference)  # type: ignore[misc]
                if not chunk:
                    raise ObjectTampered(reference)
                length += len(chunk)
                digest.update(chunk)
                yield chunk
            if whole and digest.hexdigest() != reference.sha256:
                raise ObjectTampered(reference)

    def _open(self, reference: ObjectReference, offset: int = 0, length: int = 0) -> Any:
        return self._client.get_object(
            reference.bucket,
            reference.key,
            offset=offset,
            length=length,
            version_id=reference.version_id or None,
        )

    async def extend_retention(self, reference: ObjectReference, until: datetime) -> None:
        await self._run(
            lambda: self._client.set_object_retention(
                reference.bucket,
                reference.key,
                Retention(COMPLIANCE, until),
                version_id=reference.version_id,
            ),
            reference,
        )

    async def get_latest(self, bucket: str, key: str) -> bytes | None:
        def download() -> bytes | None:
            try:
                with _released(self._client.get_object(bucket, key)) as response:
                    body: bytes = response.read()
                    return body
            except S3Error as error:
                if is_missing(error):
                    return None
                raise

        return await self._run(download)

    async def put_mutable(self, bucket: str, key: str, data: bytes) -> None:
        await self._upload(bucket, key, BytesIO(data), len(data), "application/octet-stream", None)

    async def delete(self, bucket: str, key: str) -> None:
        await self._run(lambda: self._client.remove_object(bucket, key))

    async def keys_after(self, bucket: str, prefix: str, key: str, limit: int) -> list[str]:
        def list_keys() -> list[str]:
            listed = self._client.list_objects(
                bucket, prefix=prefix, recursive=True, start_after=key
            )
            return [each.object_name or "" for each in islice(listed, limit)]

        return await self._run(list_keys)

    async def ping(self) -> None:
        def probe() -> None:
            try:
                self._client.bucket_exists("segments")
            except S3Error as error:
                if error.code != "AccessDenied":  # an answer is enough, a right is not needed
                    raise

        await self._run(probe)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T], reference: ObjectReference | None = None) -> T:
        async with self._slots:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
            except Exception as error:
                fault = store_fault(error, reference)
                if fault is None:
                    raise
                raise fault from error


@contextmanager
def _released(response: Any) -> Iterator[Any]:
    """A response whose connection goes back to the pool."""
    try:
        yield response
    finally:
        response.close()
        response.release_conn()


def _append(spool: BinaryIO, digest: Any, chunk: bytes) -> None:
    digest.update(chunk)
    spool.write(chunk)


def _check_size(expected: int | None, actual: int) -> None:
    if expected is not None and actual != expected:
        raise MessageFault(f"received {actual} bytes, {expected} were announced", retry=False)


def _reference(
    bucket: str, key: str, version: str | None, sha256: str, size: int, media_type: str
) -> ObjectReference:
    return ObjectReference(
        bucket=bucket,
        key=key,
        version_id=version,
        sha256=sha256,
        size_bytes=size,
        media_type=media_type,
    )
