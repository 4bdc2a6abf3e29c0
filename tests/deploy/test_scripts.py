"""The scripts that prepare an installation, run on real engines."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import asyncpg
import pytest
from minio import Minio
from minio.error import S3Error

from payesh.local.engines.buckets import BUCKETS, ENTITLEMENTS, Right
from payesh.local.engines.minio_server import MinioServer
from payesh.local.engines.postgres import OWNED_APART, Postgres, _installation, owner_of
from payesh.local.engines.process import EngineUnavailable
from tests.deploy import compose_file, manifests
from tests.deploy.container import ROOT, SERVICES
from tests.support import generated
from tests.support.engines import chosen_engines

COMPOSE = ROOT / "deploy/compose"
NO_KEYS = "[]"  # of a keyring whose root has not certified a key yet
GENERATED = (
    "deploy/compose/create-bus-users.sh",
    "deploy/compose/create-topics.sh",
    "deploy/k8s/components/minio/create-buckets.sh",
    "deploy/k8s/components/strimzi/topics.yaml",
    "deploy/k8s/components/strimzi/users.yaml",
)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for name, value in compose_file.drawn_secrets().items():
        (tmp_path / name).write_text(value)
    return tmp_path


@pytest.mark.parametrize("path", GENERATED)
def test_generated_files_are_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text("utf-8") == generated.files()[ROOT / path](), "make generate"


def test_secrets_are_drawn_once_and_only_their_owner_can_reach_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    script = [str(COMPOSE / "make-secrets.sh"), str(folder)]
    subprocess.run(script, check=True, capture_output=True)
    assert folder.stat().st_mode & 0o777 == 0o700
    before = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    wanted = compose_file.document()["secrets"]
    assert before.keys() == wanted.keys()
    assert len(set(before.values())) == len(before)
    again = subprocess.run(script, capture_output=True, text=True)
    assert again.returncode == 1 and "exists already" in again.stderr
    assert {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["secrets"], "a partial folder is left"


def test_no_two_installations_share_a_secret() -> None:
    def values() -> set[str]:
        drawn = manifests.drawn_secrets.__wrapped__()
        return {
            value
            for each in drawn
            for name, value in each["stringData"].items()
            if name != "username" and value != NO_KEYS
        }

    assert not values() & values()


@pytest.fixture
async def server(secrets: Path) -> AsyncIterator[Postgres]:
    """A server of its own, whose superuser has the drawn password, without our databases."""
    with tempfile.TemporaryDirectory(prefix="payesh-deploy-") as folder:
        postgres = Postgres(Path(folder), survives_power_loss=False)
        await postgres.start()
        try:
            superuser = await asyncpg.connect(postgres.dsn())
            for service in SERVICES:
                await superuser.execute(f"DROP DATABASE {service}")
                await superuser.execute(f"DROP ROLE {service}")
            for service in OWNED_APART:
                await superuser.execute(f"DROP ROLE {owner_of(service)}")
            password = (secrets / "postgres_password").read_text()
            await superuser.execute(f"ALTER ROLE postgres PASSWORD '{password}'")
            await superuser.close()
            yield postgres
        finally:
            postgres.kill()


async def test_each_service_gets_a_database_that_no_other_enters(
    server: Postgres, secrets: Path
) -> None:
    address = server.dsn().rpartition("@")[2].partition("/")[0]
    environment = {
        "PATH": f"{_installation() / 'bin'}:{os.environ['PATH']}",
        "SECRETS": str(secrets),
        "PGHOST": address.partition(":")[0],
        "PGPORT": address.partition(":")[2],
        "PGUSER": "postgres",
    }
    for _ in range(2):  # as on a new server, and again on one that has them
        script = ["sh", str(COMPOSE / "create-databases.sh")]
        await asyncio.to_thread(subprocess.run, script, env=environment, check=True)
    password = (secrets / "postgres_password").read_text()
    superuser = await asyncpg.connect(f"postgresql://postgres:{password}@{address}/postgres")
    owners = await superuser.fetch(
        "SELECT datname, pg_get_userbyid(datdba) AS owner FROM pg_database"
        " WHERE NOT datistemplate AND datname <> 'postgres'"
    )
    assert {each["datname"]: each["owner"] for each in owners} == {
        s: owner_of(s) if s in OWNED_APART else s for s in SERVICES
    }
    privileged = await superuser.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY($1)"
        " AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)",
        [*SERVICES, *map(owner_of, OWNED_APART)],
    )
    assert not privileged
    await superuser.close()
    for service in SERVICES:
        names = (service, owner_of(service) if service in OWNED_APART else service)
        own, owners_own = (
            (secrets / f"{name}_database_url")
            .read_text()
            .replace("+asyncpg", "")
            .replace("@postgres:5432", f"@{address}")
            for name in names
        )
        connection = await asyncpg.connect(owners_own)
        await connection.execute("CREATE TABLE mine (id int)")
        await connection.close()
        connection = await asyncpg.connect(own)
        if service in OWNED_APART:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("CREATE TABLE other (id int)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("DROP TABLE mine")
        await connection.close()
        for other in {*SERVICES, "postgres"} - {service}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(own.rpartition("/")[0] + f"/{other}")


@pytest.fixture
async def minio(secrets: Path) -> AsyncIterator[str]:
    """Address of an empty MinIO with the drawn root user. Skips where there is none, or no mc."""
    if chosen_engines() != "production":
        pytest.skip("needs PAYESH_TEST_ENGINES=production")
    if shutil.which("mc") is None:
        pytest.skip("MinIO's client mc is not on the PATH")
    with tempfile.TemporaryDirectory(prefix="payesh-deploy-") as folder:
        server = BareMinio(Path(folder), secrets)
        try:
            await server.start()
        except EngineUnavailable as error:
            pytest.skip(f"engines absent: {error}")
        try:
            yield server.endpoint
        finally:
            server.kill()


class BareMinio(MinioServer):
    """Without the buckets and users that the script is to make."""

    def __init__(self, data_dir: Path, secrets: Path) -> None:
        super().__init__(data_dir)
        self._drawn = secrets

    def credentials_for(self, service: str) -> tuple[str, str]:
        if service == "admin":
            name, password = ((self._drawn / f"minio_root_{x}") for x in ("user", "password"))
            return name.read_text(), password.read_text()
        return service, (self._drawn / f"{service}_s3_secret_key").read_text()

    async def _after_first_start(self) -> None:
        return None


@pytest.mark.engines
async def test_the_bucket_job_makes_what_the_local_stack_has(minio: str, secrets: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "SECRETS": str(secrets),
        "MINIO_URL": f"http://{minio}",
        "MC_CONFIG_DIR": str(secrets / "mc"),
    }
    script = ["sh", str(ROOT / "deploy/k8s/components/minio/create-buckets.sh")]
    for _ in range(2):
        await asyncio.to_thread(
            subprocess.run, script, env=environment, check=True, capture_output=True
        )

    def client(user: str, secret_file: str) -> Minio:
        return Minio(minio, user, (secrets / secret_file).read_text(), secure=False)

    root = client((secrets / "minio_root_user").read_text(), "minio_root_password")
    for bucket in BUCKETS:
        rules = root.get_bucket_lifecycle(bucket.name)
        days = [rule.expiration and rule.expiration.days for rule in rules.rules] if rules else []
        assert days == ([bucket.expires_after_days] if bucket.expires_after_days else [])
        versioned = root.get_bucket_versioning(bucket.name).status == "Enabled"
        assert versioned == (bucket.versioned or bucket.object_lock)
        if bucket.object_lock:
            root.get_object_lock_config(bucket.name)  # raises where there is none
    for service, rights in ENTITLEMENTS.items():
        own = client(service, f"{service}_s3_secret_key")
        for bucket in BUCKETS:
            may_write = Right.WRITE in rights.get(bucket.name, frozenset())
            try:
                own.put_object(bucket.name, f"by-{service}", BytesIO(b"x"), 1)
                wrote = True
            except S3Error as error:
                assert error.code == "AccessDenied"
                wrote = False
            assert wrote == may_write, (service, bucket.name)
