"""`python -m payesh.local.kilometre`: render both cameras' films of a kilometre."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from payesh.local.kilometre.production import render_kilometre


def main() -> None:
    """Read the command line, render, print the folder."""
    parser = argparse.ArgumentParser(prog="python -m payesh.local.kilometre", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of both films")
    parser.add_argument("--seed", type=int, default=1, help="which vehicles to draw")
    parser.add_argument("--workers", type=int, help="processes; one a core by default")
    given = parser.parse_args()
    render_kilometre(given.seed, given.out, workers=given.workers)
    sys.stdout.write(f"{given.out}\n")


if __name__ == "__main__":
    main()
