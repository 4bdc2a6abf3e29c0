"""The life cycle of an engine: a server process with ports and a log file."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

_LAUNCHER = Path(__file__).with_name("launch.py")
_START_ATTEMPTS = 3


class EngineError(RuntimeError):
    """An engine did not start, answer or stay up.

    EngineError
    ├── EngineUnavailable   what it is built from is missing here (Java, Maven, Go)
    ├── EngineNotReady      it did not answer in time
    └── EngineDied          its process ended by itself
    """


class EngineUnavailable(EngineError):
    """This machine lacks what the engine needs; the message names it."""


class EngineNotReady(EngineError):
    """The engine runs but did not answer a client in time."""


class EngineDied(EngineError):
    """The engine's process ended; the message carries the end of its log."""


class Engine(ABC):
    """One server process in a process group of its own.

    `data_dir` holds everything of the engine: its data, its configuration and `<name>.log`.
    Ports are drawn at construction and stay the same over restarts. The process is not bound
    to an event loop, so it may be started in one and stopped in another. It dies with the
    *thread* that started it (Linux): start engines from a thread that lives as long as they.
    """

    name: str
    ready_timeout_s: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.log_path = self.data_dir / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._draw_ports()

    @abstractmethod
    def _draw_ports(self) -> None:
        """Choose the ports (again, when another process took one before the first start)."""

    @abstractmethod
    async def _prepare(self) -> None:
        """Write configuration, build what is missing. Called before every start."""

    @abstractmethod
    def _command(self) -> Sequence[str]: ...

    @abstractmethod
    async def _answers(self) -> bool:
        """True once a real client gets an answer; may raise anything while not ready."""

    async def _after_first_start(self) -> None:  # noqa: B027 - most have nothing to add
        """Accounts, buckets and the like, made once the engine first answers."""

    def _clean_up(self) -> None:  # noqa: B027 - most leave nothing
        """What a killed process leaves outside `data_dir`."""

    def _environment(self) -> Mapping[str, str]:
        return {}

    def _user(self) -> str | None:
        return None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self.is_running and self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start and wait until a client gets an answer.

        Raises EngineUnavailable, EngineDied, EngineNotReady. Does nothing when it runs.
        """
        if self.is_running:
            return
        first = self._process is None
        for attempt in range(1, _START_ATTEMPTS + 1):
            self.data_dir.mkdir(parents=True, exist_ok=True)
            await self._prepare()
            self._spawn()
            try:
                await self.wait_ready()
                break
            except EngineError as error:
                self.kill()
                # Clients know the address after the first start: the port must stay the same.
                if attempt == _START_ATTEMPTS or isinstance(error, EngineNotReady):
                    raise
                if first:
                    self._draw_ports()
                else:
                    await asyncio.sleep(0.5)
        if first:
            await self._after_first_start()

    async def stop(self, timeout_s: float = 20.0) -> None:
        """Send the stop signal, then kill what is left after `timeout_s`. Safe to call twice."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            deadline = time.monotonic() + timeout_s
            # Polled, because a process that belongs to no event loop cannot be awaited.
            while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the process and all its children, as a power cut would. Blocks briefly."""
        process = self._process
        if process is None:
            return
        victims: list[psutil.Process] = []
        if process.poll() is None:
            # PostgreSQL's children leave the group, so they are looked for by descent too.
            victims = psutil.Process(process.pid).children(recursive=True)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for victim in victims:
            _end(victim)
        self._clean_up()

    async def restart(self, *, kill: bool = False) -> None:
        """Stop (or kill) and start again on the same ports with the same data."""
        if kill:
            self.kill()
        else:
            await self.stop()
        await self.start()

    async def wait_ready(self, timeout_s: float | None = None) -> None:
        """Return once a real client gets an answer.

        Raises EngineDied when the process ended, EngineNotReady after `timeout_s`.
        """
        deadline = time.monotonic() + (timeout_s or self.ready_timeout_s)
        cause: Exception | None = None
        while time.monotonic() < deadline:
            if not self.is_running:
                raise EngineDied(f"{self.name} ended while starting\n{self.log_tail()}")
            try:
                # Checked again: the server of another process may have answered on a clashing port.
                if await self._answers() and self.is_running:
                    return
            except Exception as error:
                cause = error
            await asyncio.sleep(0.05)
        raise EngineNotReady(f"{self.name} did not answer\n{self.log_tail()}") from cause

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log, for messages."""
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def _spawn(self) -> None:
        launcher = [
            sys.executable, "-I", "-S", str(_LAUNCHER),
            str(int(self.death_signal)), str(os.getpid()), self._user() or "-",
        ]  # fmt: skip
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [*launcher, *self._command()],
                cwd=self.data_dir,
                env={**inherited_environment(), **self._environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def inherited_environment() -> dict[str, str]:
    """This process's environment without `PAYESH_…`: services refuse variables they do not know."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PAYESH_")}


def _end(orphan: psutil.Process) -> None:
    """SIGKILL, and wait until the process holds no resources."""
    deadline = time.monotonic() + 5
    try:
        orphan.kill()
        # In a container it may stay a zombie, which holds neither files nor memory.
        while orphan.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)
    except psutil.NoSuchProcess:
        return
