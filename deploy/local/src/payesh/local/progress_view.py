"""Progress on the terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.status import Status
from rich.table import Table

from payesh.contracts import (
    CitationDrafted,
    CitationRejected,
    PassageObserved,
    PlateRead,
    SegmentStored,
    ViolationDetected,
)
from payesh.contracts.event import CameraEvent
from payesh.local.bus_tap import BusTap
from payesh.local.junction_verdict import JunctionFigures
from payesh.local.kilometre.verdict import KilometreFigures
from payesh.local.run_record import events_of

_STAGES: dict[str, type[CameraEvent]] = {
    "segments stored": SegmentStored,
    "passages": PassageObserved,
    "plates read": PlateRead,
    "violations": ViolationDetected,
    "citations drafted": CitationDrafted,
    "rejected by rule": CitationRejected,
}
_STEPS = {
    "engines": "starting the bus, the object store and the database",
    "topics": "creating topics",
    "databases": "migrating databases",
    "services": "starting services",
    "readiness": "waiting until every service is ready",
}


@contextmanager
def stack_steps(console: Console) -> Iterator[Callable[[str], None]]:
    """Show each step of a start while it runs; finished ones stay on the screen."""
    done: list[str] = []
    with Status("…", console=console) as status:

        def step(name: str) -> None:
            if done:
                console.print(f"[green]✓[/green] {_STEPS.get(done[-1], done[-1])}")
            done.append(name)
            status.update(_STEPS.get(name, name))

        yield step
        if done:
            console.print(f"[green]✓[/green] {_STEPS.get(done[-1], done[-1])}")


@dataclass(frozen=True)
class ShownFilm:
    """How far a camera is with its film; `vehicles` are those of the truth, where it is known."""

    name: str
    camera_id: str
    vehicles: int | None
    elapsed_s: float
    duration_s: float


def progress_table(tap: BusTap, films: Sequence[ShownFilm]) -> Table:
    """Counts of each stage from segment to citation, a column a film under a bar of its time."""
    table = Table.grid(padding=(0, 2))
    bars = [ProgressBar(total=f.duration_s, completed=f.elapsed_s, width=28) for f in films]
    table.add_row("", *(film.name for film in films))
    table.add_row("shown", *bars)
    for name, kind in _STAGES.items():
        cells = []
        for film in films:
            found = events_of(tap, kind, film.camera_id)
            if kind is PlateRead:
                found = [e for e in found if isinstance(e, PlateRead) and e.plate is not None]
            of = f" of {film.vehicles} vehicles" if film.vehicles and name == "passages" else ""
            cells.append(f"{len(found)}{of}")
        table.add_row(name, *cells)
    return table


def rules_table(figures: JunctionFigures, driven: KilometreFigures) -> Table:
    """What became of each rule's offences at the junction and over the kilometre, a row a rule."""
    table = Table(box=None, padding=(0, 1))
    table.add_column("rule", no_wrap=True)
    for name in ("offences", "found", "missed", "false", "drafted"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("rejected")
    for rule, row in sorted(figures.by_rule.items()):
        numbers = (row.found.offences, row.found.found, row.missed, row.found.false, row.drafted)
        table.add_row(rule, *map(str, numbers), _reasons(row.rejected))
    numbers = (driven.offences, driven.found, driven.missed, driven.false, driven.drafted)
    table.add_row("average_speed", *map(str, numbers), _reasons(driven.rejected))
    return table


def _reasons(rejected: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in sorted(rejected.items()))


def print_pages(console: Console, urls: dict[str, Any]) -> None:
    """Print the addresses to open next."""
    console.print(f"[bold]queue of citations[/bold]   {urls['pages']['queue']}")
    console.print("[bold]first administrator[/bold]  .venv/bin/payesh-local first-administrator")
    console.print("[bold]every address[/bold]        .venv/bin/payesh-local urls")
    console.print("Ctrl-C stops everything.")
