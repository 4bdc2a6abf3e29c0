"""A time-stamping authority of one's own: OpenSSL answers, over HTTP or at once."""

import asyncio
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.x509 import Certificate, load_pem_x509_certificates
from fastapi import FastAPI, Request, Response
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from payesh.tickets.evidence.statement import Statement
from payesh.verify.statements import TIME_STAMP_TYP
from payesh.verify.time_stamps import claims_of, file_name
from tests.support.evidence_keys import KEYS

_CONFIG = """
[ tsa ]
default_tsa = own
[ own ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""
_EXTENSIONS = "extendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature\n"

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl answers as the time-stamping authority"
)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["openssl", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=30,
    )


@dataclass
class Authority:
    """Its keys lie in `folder`. `fault` is the status that it answers with instead, where one is
    set; `answer` the bytes that it answers instead of stamping what was asked."""

    folder: Path
    url: str = ""
    asked: int = 0
    fault: int | None = None
    answer: bytes | None = None

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        """A root and a certificate for time-stamping below it."""
        folder.mkdir(parents=True)
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder), "ascii")
        (folder / "tsa.ext").write_text(_EXTENSIONS, "ascii")
        (folder / "serial").write_text("01\n", "ascii")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        root = ("-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=root", "-days", "30")
        _openssl(folder, "req", "-x509", *key, *root)
        asking = ("-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=time-stamps")
        _openssl(folder, "req", *key, *asking)
        by = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "20")
        _openssl(
            folder, "x509", "-req", "-in", "tsa.csr", *by, "-extfile", "tsa.ext", "-out", "tsa.pem"
        )
        return cls(folder)

    @property
    def roots_file(self) -> Path:
        return self.folder / "root.pem"

    @property
    def roots(self) -> tuple[Certificate, ...]:
        return tuple(load_pem_x509_certificates(self.roots_file.read_bytes()))

    def stamp(self, query: bytes) -> bytes:
        """The answer to a TimeStampReq in DER."""
        self.asked += 1
        (self.folder / "query.tsq").write_bytes(query)
        reply = ("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "a.tsr")
        _openssl(self.folder, *reply)
        return (self.folder / "a.tsr").read_bytes()

    def app(self) -> FastAPI:
        """The authority over HTTP."""
        app = FastAPI()
        lock = asyncio.Lock()

        @app.post("/tsa")
        async def answer(request: Request) -> Response:
            if self.fault is not None:
                return Response(status_code=self.fault)
            async with lock:
                query = await request.body()
                body = self.answer or await asyncio.to_thread(self.stamp, query)
            return Response(body, media_type="application/timestamp-reply")

        return app


def stamp(folder: Path, statement: str, sequence: int, authority: Authority) -> None:
    """Put the authority's stamp of a decision into a bundle's folder."""
    asked = TimestampRequestBuilder(data=statement.encode(), hash_algorithm=HashAlgorithm.SHA256)
    answer = authority.stamp(asked.build().as_bytes())
    claims = claims_of(statement, folder.name, answer)
    path = folder / file_name(sequence)
    path.parent.mkdir(exist_ok=True)
    path.write_text(KEYS.sign(Statement(TIME_STAMP_TYP, claims)), "ascii")
