"""A client for a store that may be starting, stopping or unreachable."""

import urllib3
from minio import Minio


def short_timeout_pool() -> urllib3.PoolManager:
    """Connections for a minio client, with short timeouts and without ``Retry-After``.

    MinIO answers 503 with ``Retry-After: 60`` just after its start, and minio's own
    pool would wait that minute.
    """
    retry = urllib3.Retry(
        total=8,
        backoff_factor=0.1,
        backoff_max=1,
        status_forcelist=(500, 502, 503, 504),
        respect_retry_after_header=False,
    )
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=60), retries=retry)


def s3_client(endpoint: str, access_key: str, secret_key: str, *, secure: bool) -> Minio:
    """`endpoint` is host:port."""
    return Minio(endpoint, access_key, secret_key, secure=secure, http_client=short_timeout_pool())
