"""`python -m payesh.local.street`: render a street and print its paths."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from payesh.local.street.filmed_rules import write_filmed_rules
from payesh.local.street.production import render_street
from payesh.local.street.traffic import TrafficPlan


def main() -> None:
    """Read the command line, render, print the two paths."""
    plan = TrafficPlan()
    parser = argparse.ArgumentParser(prog="python -m payesh.local.street", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which traffic to draw")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder for street.mp4, truth.json, and what evaluate-rules needs beside them",
    )
    parser.add_argument("--vehicles", type=int, default=plan.vehicles)
    parser.add_argument("--clearly-speeding", type=int, default=plan.clearly_speeding)
    parser.add_argument("--marginal", type=int, default=plan.marginal)
    parser.add_argument("--duration-s", type=float, default=plan.duration_s)
    parser.add_argument("--workers", type=int, help="processes; one a core by default")
    arguments = parser.parse_args()
    street = render_street(
        arguments.seed,
        arguments.out,
        plan=TrafficPlan(
            vehicles=arguments.vehicles,
            clearly_speeding=arguments.clearly_speeding,
            marginal=arguments.marginal,
            duration_s=arguments.duration_s,
        ),
        workers=arguments.workers,
    )
    if arguments.out is not None:
        write_filmed_rules(arguments.out, street.truth)
    sys.stdout.write(f"{street.video}\n{street.truth_file}\n")


if __name__ == "__main__":
    main()
