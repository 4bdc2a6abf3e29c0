"""A client of a store that is starting, stopping or away."""

import urllib3
from minio import Minio


def impatient_pool() -> urllib3.PoolManager:
    """Connections for a minio client that neither hangs nor obeys ``Retry-After``.

    MinIO answers 503 with ``Retry-After: 60`` in the first moments of its life, and minio's
    own pool would sit that minute out.
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
    return Minio(endpoint, access_key, secret_key, secure=secure, http_client=impatient_pool())
