"""`payesh-local demo`: a street, a junction and a kilometre, their cameras, the officer's queue."""

import asyncio
import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    TrafficCounted,
    ViolationDetected,
)
from payesh.local import state
from payesh.local.bus_tap import BusTap
from payesh.local.demo_record import leave_citation, leave_record
from payesh.local.junction.production import kept_junction
from payesh.local.junction.signal import CYCLE_S
from payesh.local.junction_camera import Junction, junction_revision
from payesh.local.junction_verdict import JunctionFigures, judged
from payesh.local.kilometre.production import render_kilometre
from payesh.local.kilometre.showing import KilometreShowing
from payesh.local.kilometre.verdict import KilometreFigures
from payesh.local.operator import Operator
from payesh.local.progress_view import print_pages, progress_table, rules_table, stack_steps
from payesh.local.rules_truth import RULES_NAME
from payesh.local.run_record import events_of, is_observed, is_settled, outcome, record
from payesh.local.showing import Showing
from payesh.local.stack import Stack
from payesh.local.street.production import Street, render_street
from payesh.local.street.traffic import SHORT_PLAN, TrafficPlan
from payesh.local.street_camera import CameraProcess, street_revision, true_vehicles
from payesh.local.verdict import Figures, figures

CAMERA_ID = "smn-test-street-01"
JUNCTION_ID = "smn-test-junction-01"
JUNCTION_CYCLES = 8
"""320 s: the fewest in which a vehicle can stand for five minutes where it may not."""
SHORT_CYCLES = 2
"""80 s, of which the second half has offences: against some of the rules, other ones by seed."""
_SETTLE_TIMEOUT_S = 90.0


async def run_demo(
    *, seed: int, once: bool, short: bool, out: Path | None, keep: Path | None
) -> int:
    """Run street and junction through the services. Returns the exit code: 0 when every promise
    was kept.

    `once` ends after one film of each and prints one JSON line on standard output; otherwise the
    films repeat and the pages stay open until Ctrl-C. `short` shows films of 50 s and 80 s, with
    `once` one after the other, so that a busy machine too keeps the times that are promised. `out`
    receives the line, one citation's evidence, the truths and the logs.
    """
    console = Console(stderr=True)
    plan, cycles = (SHORT_PLAN, SHORT_CYCLES) if short else (TrafficPlan(), JUNCTION_CYCLES)
    street = await asyncio.to_thread(render_street, seed, plan=plan)
    drawn = await asyncio.to_thread(kept_junction, seed, cycles, sharp=not short)
    junction = Junction.load(drawn, cycles * CYCLE_S)
    kilometre = await asyncio.to_thread(render_kilometre, seed)
    data_dir = keep or Path(tempfile.mkdtemp(prefix="payesh-"))
    try:
        with stack_steps(console) as step:
            stack = Stack(data_dir, survives_power_loss=keep is not None, progress=step)
            showings = _showings(data_dir, street, junction, loop=not once)
            await stack.start()
        try:
            state.publish(stack.urls())
            async with (
                Operator(stack.urls()) as operator,
                record(stack.engines.addresses()["kafka_bootstrap"], TrafficCounted) as tap,
            ):
                now = datetime.now(UTC)
                revisions = (
                    street_revision(street.truth, now),
                    junction_revision(junction.film, now),
                )
                stretch = await KilometreShowing.register(operator, kilometre)
                for showing, revision in zip(showings, revisions, strict=True):
                    await showing.begin(operator, revision)
                    if once and short:
                        await _watch(console, operator, tap, (showing,))
                if not once:
                    return await _stay_up(console, stack, tap, showings)
                await _watch(console, operator, tap, showings)
                with console.status("uploading both recordings of the kilometre"):
                    await stretch.show(operator, tap)
                await _claimable(operator, tap)
                found = _of_street(street, showings[0], tap)
                rules = _of_junction(junction, showings[1], tap)
                driven = stretch.figures(tap)
                shortfalls = found.shortfalls() + rules.shortfalls() + driven.shortfalls()
                line = _line(seed, found, rules, driven, shortfalls)
                if out is not None:
                    truths = {"truth.json": street.truth_file, "junction.json": drawn / RULES_NAME}
                    leave_record(out, line, truths, tap, stack)
                    left = await leave_citation(out, operator, tap, stack, found.trace_id)
        finally:
            for showing in showings:
                await showing.camera.stop()
            await stack.stop()
            state.withdraw()
    finally:
        if keep is None:
            shutil.rmtree(data_dir, ignore_errors=True)
    sys.stdout.write(line + "\n")
    console.print(rules_table(rules, driven))
    if out is not None and left is not None:
        command = f"payesh-verify {left[0]} --root {left[1]}"
        console.print(f"verify the evidence: [bold]{command}[/bold]", soft_wrap=True)
    for shortfall in shortfalls:
        console.print(f"[red]not kept:[/red] {shortfall}")
    return 1 if shortfalls else 0


def _showings(
    data_dir: Path, street: Street, junction: Junction, *, loop: bool
) -> tuple[Showing, Showing]:
    """Both cameras, not started: the network that watches the junction leaves room for the street
    beside it, and the longer film alone decides how long the demo takes."""
    truth = street.truth
    cameras = (
        CameraProcess(data_dir / "camera", street.video, loop=loop),
        CameraProcess(data_dir / "junction", junction.film.video, path="junction", loop=loop),
    )
    vehicles = len(junction.film.vehicles)
    return (
        Showing("street", CAMERA_ID, cameras[0], truth.duration_s, len(truth.vehicles)),
        Showing("junction", JUNCTION_ID, cameras[1], junction.duration_s, vehicles),
    )


async def _watch(
    console: Console, operator: Operator, tap: BusTap, showings: tuple[Showing, ...]
) -> None:
    """Show progress until the films are over and everything that passed is settled."""
    deadline = max(showing.duration_s for showing in showings) + _SETTLE_TIMEOUT_S
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while showings[-1].elapsed_s < deadline:
            for showing in showings:
                await showing.end_when_over(operator)
            live.update(progress_table(tap, [showing.progress() for showing in showings]))
            ended = all(each.has_ended and is_observed(tap, each.camera_id) for each in showings)
            if ended and is_settled(tap):
                return
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
    console: Console, stack: Stack, tap: BusTap, showings: tuple[Showing, ...]
) -> int:
    print_pages(console, stack.urls())
    with Live(console=console, refresh_per_second=2) as live:
        while True:
            live.update(progress_table(tap, [showing.progress() for showing in showings]))
            await asyncio.sleep(0.5)


def _of_street(street: Street, showing: Showing, tap: BusTap) -> Figures:
    vehicles = true_vehicles(street.truth, showing.started_at)
    return figures(vehicles, street.truth.speed_limit_kmh, outcome(tap, showing.camera_id))


def _of_junction(junction: Junction, showing: Showing, tap: BusTap) -> JunctionFigures:
    violations = events_of(tap, ViolationDetected, showing.camera_id)
    return judged(
        junction.shown_at(showing.started_at),
        junction.plates,
        violations,
        events_of(tap, CitationDrafted, showing.camera_id),
        events_of(tap, CitationRejected, showing.camera_id),
    )


def _line(
    seed: int,
    found: Figures,
    rules: JunctionFigures,
    driven: KilometreFigures,
    shortfalls: list[str],
) -> str:
    figures = {
        **found.as_line(),
        "junction": rules.as_line(),
        "kilometre": driven.as_line(),
        "shortfalls": shortfalls,
    }
    return json.dumps({"seed": seed, **figures}, ensure_ascii=False)
