"""`make bench`: cost of each part next to its bare minimum; one JSON object on standard output.

A part and its minimum are measured in one run, so that their ratio holds on any machine.
"""

import argparse
import asyncio
import json
import logging
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import structlog
from rich.console import Console

from payesh.local.street.production import render_street
from tests.load.browsers import measure_browsers
from tests.load.desk import measure_desk
from tests.load.detection import measure_detection
from tests.load.drafting import measure_drafting
from tests.load.messages import measure_messages
from tests.load.remuxing import measure_remuxing
from tests.load.revoking import measure_revoking
from tests.load.verification import measure_verification

PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "remux": measure_remuxing,
    "detect": measure_detection,
    "messages": lambda film: asyncio.run(measure_messages()),
    "drafts": lambda film: asyncio.run(measure_drafting()),
    "desk": lambda film: asyncio.run(measure_desk()),
    "browsers": lambda film: asyncio.run(measure_browsers()),
    "revocations": lambda film: asyncio.run(measure_revoking()),
    "verification": lambda film: asyncio.run(measure_verification()),
}
_OF_FILM = {"remux", "detect"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="all by default")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    # Standard output is the JSON object's alone.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    console = Console(stderr=True)
    # It takes minutes to draw, and only what looks at pictures needs it.
    film = render_street(1).video if _OF_FILM & set(chosen) else Path()
    found: dict[str, Any] = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": psutil.cpu_count(),
            "load_before": psutil.getloadavg()[0],
            "python": platform.python_version(),
        }
    }
    for name in chosen:
        with console.status(f"measuring {name} …"):
            found[name] = PARTS[name](film)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
