"""A running stack with its street and cameras, which the end-to-end tests disturb."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from minio import Minio

from payesh.contracts import Event, SegmentStored, TrafficCounted
from payesh.contracts.event import CameraEvent
from payesh.local.bus_tap import BusTap
from payesh.local.operator import Operator
from payesh.local.run_record import RECORDED, events_of, is_settled, outcome
from payesh.local.stack import Stack
from payesh.local.street.production import Street, render_street
from payesh.local.street.traffic import SHORT_PLAN
from payesh.local.street.truth import Truth
from payesh.local.street_camera import CameraProcess, street_revision, true_vehicles
from payesh.local.verdict import Outcome, TrueVehicle

E = TypeVar("E", bound=CameraEvent)

SEED = 9
OBSERVERS = ("detect-observe", "detect-observe-2")


@dataclass
class ShownCamera:
    """A camera that shows the street's film. `started_at` is the time of its first frame."""

    camera_id: str
    process: CameraProcess
    truth: Truth
    started_at: datetime
    ended: bool = False

    def at(self, film_s: float) -> datetime:
        """The moment `film_s` after the first frame; a film that loops goes on counting."""
        return self.started_at + timedelta(seconds=film_s)

    @property
    def film_s(self) -> float:
        return (datetime.now(UTC) - self.started_at).total_seconds()

    async def until(self, film_s: float) -> None:
        """Return once that much of the film has been shown."""
        await asyncio.sleep(max(0.0, film_s - self.film_s))

    def vehicles(self, until_s: float) -> list[TrueVehicle]:
        """Vehicles that passed the exit line within the first `until_s`, lap after lap."""
        laps = int(until_s // self.truth.duration_s) + 1
        passed = []
        for lap in range(laps):
            begins_at = self.at(lap * self.truth.duration_s)
            for vehicle in true_vehicles(self.truth, begins_at):
                passed.append(replace(vehicle, vehicle_id=f"{vehicle.vehicle_id}/{lap}"))
        return [vehicle for vehicle in passed if vehicle.exits_at <= self.at(until_s)]


@dataclass
class RunningStack:
    """A running stack, the events that it publishes, and its operator."""

    stack: Stack
    street: Street
    operator: Operator
    tap: BusTap
    cameras: dict[str, ShownCamera] = field(default_factory=dict)

    @property
    def store(self) -> Minio:
        """The object store with all rights."""
        addresses = self.stack.engines.addresses()
        access_key, secret_key = self.stack.engines.objects.credentials_for("admin")
        return Minio(
            addresses["s3_endpoint"],
            access_key=access_key,
            secret_key=secret_key,
            secure=addresses["s3_secure"],
        )

    async def show(self, camera_id: str, *, loop: bool = False, **revision: Any) -> ShownCamera:
        """Register a camera that shows the street's film; return once the film runs."""
        folder = self.stack.data_dir / "cameras" / camera_id
        # A decoder holds its last frame back until the camera closes the connection.
        process = CameraProcess(
            folder, self.street.video, loop=loop, arguments=("--at-end", "close")
        )
        await process.start()
        document = street_revision(self.street.truth, datetime.now(UTC), **revision)
        await self.operator.create_camera(camera_id, document, process.source)
        await eventually(lambda: process.started_at() is not None, "the film's first frame")
        started_at = process.started_at()
        assert started_at is not None
        shown = ShownCamera(camera_id, process, self.street.truth, started_at)
        self.cameras[camera_id] = shown
        return shown

    async def end_all(self) -> None:
        """End every camera that is still shown, so that only what comes now is counted."""
        for shown in list(self.cameras.values()):
            if not shown.ended:
                await self.end(shown)

    async def end(self, shown: ShownCamera, timeout_s: float = 300) -> None:
        """Stop recording, and return once everything that was recorded has its consequences."""
        shown.ended = True
        await self.operator.disable_camera(shown.camera_id)

        def observed() -> bool:
            ended = [s for s in self.of(SegmentStored, shown.camera_id) if s.last_in_stream]
            counted = {
                (count.stream_id, count.ended_at)
                for count in self.of(TrafficCounted, shown.camera_id)
            }
            return bool(ended) and all(
                (s.stream_id, s.captured_at + timedelta(milliseconds=s.duration_ms)) in counted
                for s in ended
            )

        # An observer publishes the count of a stream's last interval after all its other events.
        await eventually(observed, f"{shown.camera_id} observed to its end", timeout_s)
        await self.settled(timeout_s)
        await shown.process.stop()

    async def settled(self, timeout_s: float = 300) -> None:
        """Return once every passage has its read and every violation its citation."""
        await eventually(lambda: is_settled(self.tap), "everything read and decided", timeout_s)

    def of(self, kind: type[E], camera_id: str) -> list[E]:
        """Events of one camera."""
        return events_of(self.tap, kind, camera_id)

    def outcome(self, camera_id: str) -> Outcome:
        """The outcome of one camera, ready to be judged."""
        return outcome(self.tap, camera_id)

    async def handled(self, process: str, topic: type[Event]) -> float:
        """Messages of a topic that a process has handled since it started."""
        metrics = self.stack.urls()["metrics"][process]
        async with httpx.AsyncClient(timeout=5) as client:
            text = (await client.get(metrics)).text
        pattern = rf'^payesh_messages_handled_total\{{.*topic="{re.escape(topic.topic)}".*\}} (\S+)'
        return sum(float(found) for found in re.findall(pattern, text, re.MULTILINE))

    async def queue(self) -> set[str]:
        """Ids of the drafts in the officers' queue."""
        offered: set[str] = set()
        parameters = {"state": "drafted", "limit": "200"}
        while True:
            answer = await self.operator.request(
                "GET", "tickets", "/v1/citations", params=parameters
            )
            page = answer.json()
            offered |= {item["citation_id"] for item in page["items"]}
            if page["next"] is None:
                return offered
            parameters["cursor"] = page["next"]


async def eventually(
    holds: Callable[[], bool | Awaitable[bool]], what: str, timeout_s: float = 180
) -> None:
    """Return once `holds` does. Fails the test, naming `what`, after `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                answer = holds()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {timeout_s:.0f} s: {what}") from None


@asynccontextmanager
async def running_stack(folder: Path, logs: Path, engines: str) -> AsyncIterator[RunningStack]:
    """A stack with two observers and a bus that survives its broker; logs are copied to `logs`.

    `engines` as for `Stack`. Raises EngineUnavailable where they cannot be built.
    """
    street = await asyncio.to_thread(render_street, SEED, plan=SHORT_PLAN, quiet=True)
    stack = Stack(folder, engines=engines, durable_bus=True, survives_power_loss=False)
    stack.add_process(OBSERVERS[1], "detect", "observe")
    try:
        await stack.start()
        topics = tuple(kind.topic for kind in (*RECORDED, TrafficCounted))
        async with (
            Operator(stack.urls()) as operator,
            BusTap(stack.engines.addresses()["kafka_bootstrap"], topics) as tap,
        ):
            running = RunningStack(stack, street, operator, tap)
            try:
                yield running
            finally:
                for shown in running.cameras.values():
                    shown.process.kill()
    finally:
        # Killed: only the logs are kept, and an orderly stop takes seconds.
        for process in stack.processes.values():
            process.kill()
        stack.engines.kill()
        for log in folder.glob("*/*/*.log"):
            shutil.copy(log, logs)
