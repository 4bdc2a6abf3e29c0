"""The whole of Payesh on one machine: three engines, five services in six processes."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from payesh.local.engines import EngineSet, LocalEngines, ProductionEngines
from payesh.local.engines.process import EngineDied, EngineNotReady, inherited_environment
from payesh.local.engines.secret_file import SecretFile, write_private
from payesh.local.environment import (
    OPERATOR_CLIENT,
    PAGES_CLIENTS,
    SERVICES_CLIENT,
    evidence_keys_file,
    service_environment,
)
from payesh.local.service_process import ServiceProcess, program
from payesh.local.topics import create_topics

Progress = Callable[[str], None]

PROCESSES: tuple[tuple[str, str, str], ...] = (
    ("access", "access", "serve"),
    ("ingest", "ingest", "serve"),
    ("detect-observe", "detect", "observe"),
    ("detect", "detect", "serve"),
    ("plates", "plates", "serve"),
    ("tickets", "tickets", "serve"),
)
"""Process name, service, command."""

OPERATOR_SCOPES = (
    "cameras:read cameras:write recordings:write snapshots:write streams:read health:read "
    "traffic:read passages:read reads:read citations:read "
    "citations:subscribe evidence:read law:read"
)
_PAGES = {
    "tickets": (
        "صف تخلفات",
        "citations:read citations:decide citations:supervise citations:serve citations:review "
        "evidence:read law:read law:write law:approve",
    ),
    "detect": ("کالیبراسیون دوربین‌ها", "calibrations:write"),
}
"""Of each service with pages: what its client is called, and the scopes that the pages need."""
_READY_TIMEOUT_S = 60.0


class Stack:
    """Engines and services in one folder; what a province runs on many machines.

    `engines` is "local" (wheels only) or "production" (Apache Kafka and MinIO). Use as an
    asynchronous context manager: leaving it stops everything that it started. With
    `survives_power_loss` off, data survives a kill of the processes alone.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        engines: str = "local",
        durable_bus: bool = False,
        survives_power_loss: bool = True,
        overrides: Mapping[str, Mapping[str, str]] | None = None,
        progress: Progress = lambda step: None,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.engines: EngineSet = (
            ProductionEngines(self.data_dir / "engines", survives_power_loss=survives_power_loss)
            if engines == "production"
            else LocalEngines(
                self.data_dir / "engines", durable_bus, survives_power_loss=survives_power_loss
            )
        )
        self.secrets = SecretFile(self.data_dir / "secrets.json")
        self.bootstrap_secret_file = self.data_dir / "first-administrator.secret"
        self.evidence_root_file = self.data_dir / "evidence-root.json"
        self._overrides = overrides or {}
        self._progress = progress
        self.processes: dict[str, ServiceProcess] = {}
        for name, service, command in PROCESSES:
            self.add_process(name, service, command)

    def add_process(self, name: str, service: str, command: str) -> ServiceProcess:
        """One more process, not started; a second replica has a name of its own."""
        process = ServiceProcess(
            name, service, command, self.data_dir / "services" / name, self._environment
        )
        self.processes[name] = process
        return process

    def _environment(self, process: ServiceProcess) -> Mapping[str, str]:
        addresses = self.engines.addresses()
        environment = service_environment(
            process, addresses, self.secrets, self.data_dir, self.url("access")
        )
        return {**environment, **self._overrides.get(process.service, {})}

    def url(self, name: str) -> str:
        return self.processes[name].url

    def urls(self) -> dict[str, Any]:
        """Every address of the stack, and the files of its secrets."""
        return {
            "services": {name: process.url for name, process in self.processes.items()},
            "metrics": {
                name: f"http://127.0.0.1:{process.metrics_port}/metrics"
                for name, process in self.processes.items()
            },
            "pages": {
                "queue": f"{self.url('tickets')}/queue",
                "calibration": f"{self.url('detect')}/calibration",
                "sign_in": f"{self.url('access')}/sign-in",
            },
            "token_endpoint": f"{self.url('access')}/oauth/token",
            "first_administrator": {
                "bootstrap": f"{self.url('access')}/v1/bootstrap",
                "secret_file": str(self.bootstrap_secret_file),
            },
            "operator": {
                "client_id": OPERATOR_CLIENT,
                "secret_file": str(self.data_dir / f"{OPERATOR_CLIENT}.secret"),
            },
            "kafka_bootstrap": self.engines.addresses()["kafka_bootstrap"],
            "data": str(self.data_dir),
        }

    async def start(self) -> None:
        """Start everything; nothing is left running when a part fails. Raises EngineError."""
        try:
            self._progress("engines")
            await self.engines.start()
            self._progress("topics")
            await create_topics(self.engines.addresses()["kafka_bootstrap"])
            self._progress("databases")
            self._write_clients()
            await asyncio.gather(
                *(self.run_command(name, "migrate") for name in self._with_database())
            )
            await self.run_command(
                "access", "bootstrap", "--secret-file", str(self.bootstrap_secret_file)
            )
            await self._make_evidence_keys()
            self._progress("services")
            # Others fetch keys from access: it comes first, so that their first try finds it.
            await self.processes["access"].start()
            await asyncio.gather(*(process.start() for process in self.processes.values()))
            self._progress("readiness")
            await self.wait_ready()
        except BaseException:
            await self.stop()
            raise

    def _with_database(self) -> list[str]:
        return [n for n, p in self.processes.items() if n == p.service]

    async def wait_ready(self, timeout_s: float = _READY_TIMEOUT_S) -> None:
        """Return once every running service is ready. Raises EngineNotReady."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        waiting = [process for process in self.processes.values() if process.is_running]
        while waiting:
            states = await asyncio.gather(*(process.is_ready() for process in waiting))
            waiting = [p for p, ready in zip(waiting, states, strict=True) if not ready]
            if not waiting:
                return
            if asyncio.get_running_loop().time() > deadline:
                tails = "\n".join(f"{p.name}:\n{p.log_tail()}" for p in waiting)
                raise EngineNotReady(f"not ready after {timeout_s:.0f} s:\n{tails}")
            await asyncio.sleep(0.2)

    async def run_command(self, name: str, *command: str) -> None:
        """Run a service's command to its end in its environment. Raises EngineDied."""
        process = self.processes[name]
        process.data_dir.mkdir(parents=True, exist_ok=True)
        migration = {}
        if command == ("migrate",):
            url = self.engines.addresses()["migration_urls"][process.service]
            migration = {"PAYESH_DATABASE_URL": url}
        child = await asyncio.create_subprocess_exec(
            str(program(process.service)), *command,
            env={**inherited_environment(), **self._environment(process), **migration},
            cwd=process.data_dir,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await child.communicate()
        if child.returncode != 0:
            raise EngineDied(f"{name} {command[0]} failed\n{output.decode(errors='replace')}")

    async def _make_evidence_keys(self) -> None:
        """Root and evidence key of this installation, at its first start. Here the root's private
        half lies beside them; an installation that issues citations keeps it offline."""
        keys, private = evidence_keys_file(self.data_dir), self.data_dir / "evidence-root.key"
        if keys.exists():
            return
        if not self.evidence_root_file.exists():
            private.unlink(missing_ok=True)
            await self.run_command(
                "tickets", "make-evidence-root", str(private), str(self.evidence_root_file)
            )
        issuer = ("--issuer", self.url("tickets"), "--days", "3650")
        await self.run_command(
            "tickets", "make-evidence-key", str(keys), "--root", str(private), *issuer
        )

    def _write_clients(self) -> None:
        """The clients that this installation has from the start; their secrets in own files."""
        for client in (OPERATOR_CLIENT, *PAGES_CLIENTS.values(), SERVICES_CLIENT):
            secret = self.secrets.get(client, bytes_count=32)
            write_private(self.data_dir / f"{client}.secret", secret)
        clients = [
            {
                "client_id": OPERATOR_CLIENT,
                "name": "Operator of this machine",
                "secret_file": str(self.data_dir / f"{OPERATOR_CLIENT}.secret"),
                "grants": ["client_credentials"],
                "scopes": OPERATOR_SCOPES.split(),
                "counties": "*",
                "road_classes": "*",
                "cameras": "*",
                "redirect_uris": [],
            },
            *(
                {
                    "client_id": client,
                    "name": _PAGES[service][0],
                    "secret_file": str(self.data_dir / f"{client}.secret"),
                    "grants": ["authorization_code"],
                    "scopes": _PAGES[service][1].split(),
                    "redirect_uris": [f"{self.url(service)}/sign-in/callback"],
                }
                for service, client in PAGES_CLIENTS.items()
            ),
            {
                "client_id": SERVICES_CLIENT,
                "name": "Services, for revocations",
                "secret_file": str(self.data_dir / f"{SERVICES_CLIENT}.secret"),
                "grants": ["client_credentials"],
                "scopes": ["revocations:read"],
            },
        ]
        write_private(self.data_dir / "clients.json", json.dumps(clients, ensure_ascii=False))

    async def stop(self) -> None:
        """Stop services, then engines. Safe to call twice."""
        await asyncio.gather(*(process.stop(15) for process in self.processes.values()))
        await self.engines.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
