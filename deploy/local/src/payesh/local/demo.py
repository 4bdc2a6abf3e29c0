"""`payesh-local demo`: a street, a live camera, and the officer's queue."""

import asyncio
import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from payesh.contracts import CitationDrafted
from payesh.local import state
from payesh.local.bus_tap import BusTap
from payesh.local.evidence_export import export_evidence
from payesh.local.operator import Operator
from payesh.local.progress_view import demo_table, print_pages, stack_steps
from payesh.local.run_record import is_settled, outcome, record
from payesh.local.stack import Stack
from payesh.local.street.production import render_street
from payesh.local.street.traffic import SHORT_PLAN, TrafficPlan
from payesh.local.street.truth import Truth
from payesh.local.street_camera import CameraProcess, street_revision, true_vehicles
from payesh.local.verdict import Figures, figures

CAMERA_ID = "smn-test-street-01"
_FIRST_FRAME_TIMEOUT_S = 40.0
_SETTLE_TIMEOUT_S = 45.0


async def run_demo(
    *, seed: int, once: bool, short: bool, out: Path | None, keep: Path | None
) -> int:
    """Run the street through the services. Returns the exit code: 0 when every promise was kept.

    `once` ends after one film and prints one JSON line on standard output; otherwise the film
    repeats and the pages stay open until Ctrl-C. `short` shows a film of 50 s. `out` receives
    the line, one citation's evidence, the truth and the logs.
    """
    console = Console(stderr=True)
    plan = SHORT_PLAN if short else TrafficPlan()
    street = await asyncio.to_thread(render_street, seed, plan=plan)
    film, truth = street.video, street.truth
    data_dir = keep or Path(tempfile.mkdtemp(prefix="payesh-"))
    try:
        with stack_steps(console) as step:
            stack = Stack(data_dir, survives_power_loss=keep is not None, progress=step)
            camera = CameraProcess(data_dir / "camera", film, loop=not once)
            await stack.start()
        try:
            state.publish(stack.urls())
            await camera.start()
            async with (
                Operator(stack.urls()) as operator,
                record(stack.engines.addresses()["kafka_bootstrap"]) as tap,
            ):
                revision = street_revision(truth, datetime.now(UTC))
                await operator.ensure_camera(CAMERA_ID, revision, camera.source)
                started_at = await _first_frame(camera)
                if not once:
                    return await _stay_up(console, stack, tap, truth, started_at)
                await _watch(console, tap, truth, started_at)
                await _claimable(operator, tap)
                found = figures(
                    true_vehicles(truth, started_at), truth.speed_limit_kmh, outcome(tap)
                )
                line = _line(found, seed)
                if out is not None:
                    await _leave(console, out, line, found, operator, tap, film, stack)
        finally:
            await camera.stop()
            await stack.stop()
            state.withdraw()
    finally:
        if keep is None:
            shutil.rmtree(data_dir, ignore_errors=True)
    sys.stdout.write(line + "\n")
    for shortfall in found.shortfalls():
        console.print(f"[red]not kept:[/red] {shortfall}")
    return 1 if found.shortfalls() else 0


async def _first_frame(camera: CameraProcess) -> datetime:
    async with asyncio.timeout(_FIRST_FRAME_TIMEOUT_S):
        # Another process writes it, so it is polled.
        while (started_at := camera.started_at()) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return started_at


async def _watch(console: Console, tap: BusTap, truth: Truth, started_at: datetime) -> None:
    """Show progress until the film is over and everything that passed is settled."""
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while (elapsed := (datetime.now(UTC) - started_at).total_seconds()) < truth.duration_s:
            live.update(demo_table(tap, len(truth.vehicles), elapsed, truth.duration_s))
            await asyncio.sleep(0.25)
        # The last segment is stored and observed only now.
        deadline = asyncio.get_running_loop().time() + _SETTLE_TIMEOUT_S
        quiet_since = asyncio.get_running_loop().time()
        seen = -1
        while asyncio.get_running_loop().time() < deadline:
            count = sum(len(events) for events in tap.received.values())
            if count != seen:
                seen, quiet_since = count, asyncio.get_running_loop().time()
            if is_settled(tap) and asyncio.get_running_loop().time() - quiet_since > 5.0:
                return
            live.update(demo_table(tap, len(truth.vehicles), truth.duration_s, truth.duration_s))
            await asyncio.sleep(0.25)


async def _claimable(operator: Operator, tap: BusTap) -> None:
    """Check that the officers' queue has every draft of the bus. Raises RuntimeError."""
    offered: set[str] = set()
    cursor: str | None = None
    while True:
        parameters = {"state": "drafted", "limit": "200"} | ({"cursor": cursor} if cursor else {})
        answer = (
            await operator.request("GET", "tickets", "/v1/citations", params=parameters)
        ).json()
        offered |= {item["citation_id"] for item in answer["items"]}
        cursor = answer["next"]
        if cursor is None:
            break
    announced = {str(citation.citation_id) for citation in tap.events(CitationDrafted)}
    if announced - offered:
        raise RuntimeError(f"{len(announced - offered)} drafted citations are not in the queue")


async def _stay_up(
    console: Console, stack: Stack, tap: BusTap, truth: Truth, started_at: datetime
) -> int:
    urls = stack.urls()
    print_pages(console, urls)
    with Live(console=console, refresh_per_second=2) as live:
        while True:
            elapsed = (datetime.now(UTC) - started_at).total_seconds() % truth.duration_s
            live.update(demo_table(tap, None, elapsed, truth.duration_s))
            await asyncio.sleep(0.5)


def _line(found: Figures, seed: int) -> str:
    return json.dumps({"seed": seed, **found.as_line()}, ensure_ascii=False)


async def _leave(
    console: Console,
    out: Path,
    line: str,
    found: Figures,
    operator: Operator,
    tap: BusTap,
    film: Path,
    stack: Stack,
) -> None:
    """Put the line, the truth, the logs and one citation's evidence into a folder, with the root
    key that it is verified against."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "line.json").write_text(line + "\n", "utf-8")
    shutil.copy(film.with_name("truth.json"), out / "truth.json")
    with (out / "events.jsonl").open("w", encoding="utf-8") as file:
        for topic, events in tap.received.items():
            for each in events.values():
                row: dict[str, Any] = {"topic": topic, "trace_id": each.trace_id}
                row["data"] = each.event.model_dump(mode="json")
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    logs = out / "logs"
    logs.mkdir(exist_ok=True)
    for process in stack.processes.values():
        shutil.copy(process.log_path, logs / process.log_path.name)
        trace = process.data_dir / "trace.jsonl"
        if trace.is_file():
            shutil.copy(trace, logs / f"{process.name}.trace.jsonl")
    citations = tap.events(CitationDrafted)
    if not citations:
        return
    chosen = _traced(tap, found.trace_id) or citations[0]

    async def get(path: str) -> bytes:
        return (await operator.request("GET", "tickets", path)).content

    archive = await export_evidence(get, chosen.citation_id, out / "citation")
    root = Path(shutil.copy(stack.evidence_root_file, out / "evidence-root.json"))
    command = f"payesh-verify {archive} --root {root}"
    console.print(f"verify the evidence: [bold]{command}[/bold]", soft_wrap=True)


def _traced(tap: BusTap, trace_id: str | None) -> CitationDrafted | None:
    for each in tap.received[CitationDrafted.topic].values():
        if each.trace_id == trace_id and isinstance(each.event, CitationDrafted):
            return each.event
    return None
