"""One Payesh service as a child process, with the life cycle of an engine."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

from payesh.local.engines.ports import LOOPBACK, free_port
from payesh.local.engines.process import Engine


def program(service: str) -> Path:
    """The service's program in this environment."""
    return Path(sys.executable).with_name(f"payesh-{service}")


class ServiceProcess(Engine):
    """`payesh-<service> <command>`, as in its image, with an environment of its own.

    It counts as started once `/healthz` answers; `is_ready` asks `/readyz`, which also waits for
    the engines. Its log and working files lie in `data_dir`.
    """

    ready_timeout_s = 120.0

    def __init__(
        self,
        name: str,
        service: str,
        command: str,
        data_dir: Path,
        environment: Callable[["ServiceProcess"], Mapping[str, str]],
    ) -> None:
        self.name = name
        self.service = service
        self.command = command
        self._service_environment = environment
        super().__init__(data_dir)

    def _draw_ports(self) -> None:
        self.http_port = free_port()
        self.metrics_port = free_port()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.http_port}"

    async def _prepare(self) -> None:
        return None

    def _command(self) -> Sequence[str]:
        return [str(program(self.service)), self.command]

    def _environment(self) -> Mapping[str, str]:
        return self._service_environment(self)

    async def _answers(self) -> bool:
        async with httpx.AsyncClient(timeout=2) as client:
            return (await client.get(f"{self.url}/healthz")).status_code == 200

    async def is_ready(self) -> bool:
        """Whether `/readyz` answers 200: the service and its dependencies work."""
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                return (await client.get(f"{self.url}/readyz")).status_code == 200
        except httpx.HTTPError:
            return False
