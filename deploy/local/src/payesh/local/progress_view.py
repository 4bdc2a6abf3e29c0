"""Progress on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    SnapshotStored,
    ViolationDetected,
)
from payesh.local.bus_tap import BusTap

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


def demo_table(tap: BusTap, vehicles: int | None, elapsed_s: float, duration_s: float) -> Table:
    """Counts of each stage from segment to citation, under a bar of the film's time."""
    table = Table.grid(padding=(0, 2))
    table.add_row("film", ProgressBar(total=duration_s, completed=elapsed_s, width=40))
    reads = tap.events(PlateRead)
    rows = {
        "segments stored": len(tap.received[SegmentStored.topic]),
        "stills stored": len(tap.received[SnapshotStored.topic]),
        "passages": len(tap.received[PassageObserved.topic]),
        "plates read": sum(read.plate is not None for read in reads),
        "violations": len(tap.received[ViolationDetected.topic]),
        "citations drafted": len(tap.received[CitationDrafted.topic]),
        "rejected by rule": len(tap.received[CitationRejected.topic]),
    }
    for name, count in rows.items():
        of = f" of {vehicles} vehicles" if vehicles and name == "passages" else ""
        table.add_row(name, f"{count}{of}")
    return table


def print_pages(console: Console, urls: dict[str, Any]) -> None:
    """Print the addresses to open next."""
    console.print(f"[bold]queue of citations[/bold]   {urls['pages']['queue']}")
    console.print("[bold]first administrator[/bold]  .venv/bin/payesh-local first-administrator")
    console.print("[bold]every address[/bold]        .venv/bin/payesh-local urls")
    console.print("Ctrl-C stops everything.")
