"""Asks a time-stamping authority (RFC 3161 over HTTP), which is shown a hash and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import httpx
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from payesh.kit.errors import DependencyFault, SettingsError
from payesh.verify.findings import Fault
from payesh.verify.time_stamps import answered, require_authority

_NAME = "time-stamping authority"
_TIMEOUT = httpx.Timeout(10.0, connect=3.0)
_MOST_BYTES = 24 * 1024


@dataclass(frozen=True, slots=True)
class TimeStampAuthority:
    """Where the authority is, and the root certificates that its answers must lead to."""

    url: str
    roots: Sequence[Certificate]

    @classmethod
    def of(cls, url: str | None, roots: Path | None) -> Self | None:
        """None where none is set up. Raises SettingsError."""
        if url is None:
            return None
        if roots is None:
            raise SettingsError("PAYESH_TIME_STAMP_ROOTS: required with PAYESH_TIME_STAMP_URL")
        try:
            return cls(url, load_pem_x509_certificates(roots.read_bytes()))
        except (OSError, ValueError):
            raise SettingsError(
                "PAYESH_TIME_STAMP_ROOTS: certificates in PEM are expected"
            ) from None

    async def stamp(self, statement: str) -> bytes:
        """The authority's answer, a TimeStampResp in DER that holds. Raises DependencyFault: then
        the statement has no time-stamp yet."""
        request = TimestampRequestBuilder(
            data=statement.encode(), hash_algorithm=HashAlgorithm.SHA256
        ).build()
        body = await self._posted(request.as_bytes())
        digest = sha256(statement.encode()).digest()
        try:
            answer = answered(body)
            if answer.tst_info.nonce != request.nonce:
                raise DependencyFault(_NAME, "it answered another request")
            require_authority(answer, digest, tuple(self.roots))
        except ValueError as error:
            raise DependencyFault(_NAME, "its answer cannot be read") from error
        except Fault as fault:
            raise DependencyFault(_NAME, str(fault)) from fault
        return body

    async def _posted(self, query: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        body = b""
        try:
            async with (
                httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as client,
                client.stream("POST", self.url, content=query, headers=headers) as answer,
            ):
                if answer.status_code != 200:
                    raise DependencyFault(_NAME, f"status {answer.status_code}")
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        raise DependencyFault(_NAME, "its answer is too long")
        except httpx.HTTPError as error:
            raise DependencyFault(_NAME, type(error).__name__) from error
        return body
