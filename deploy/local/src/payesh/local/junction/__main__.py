"""`python -m payesh.local.junction`: render films of a junction and print their folders."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from payesh.local.junction.production import render_junction
from payesh.local.junction.script import CYCLES
from payesh.local.junction.weather import VARIANTS


def main() -> None:
    """Read the command line, render, print a folder a film."""
    parser = argparse.ArgumentParser(prog="python -m payesh.local.junction", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for a folder a film")
    parser.add_argument("--seed", type=int, default=1, help="which traffic to draw")
    parser.add_argument(
        "--variant", choices=sorted(VARIANTS), action="append", help="all of them by default"
    )
    parser.add_argument(
        "--cycles", type=int, default=CYCLES, help="of the signal, 40 s each; stays need ten"
    )
    parser.add_argument("--workers", type=int, help="processes; one a core by default")
    arguments = parser.parse_args()
    for variant in arguments.variant or VARIANTS:
        folder = render_junction(
            arguments.seed,
            variant,
            arguments.out,
            cycles=arguments.cycles,
            workers=arguments.workers,
        )
        sys.stdout.write(f"{folder}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
