"""Eight officers in eight browsers decide four hundred cases by keyboard: how long each waits for
the next case after a decision, whether a case is decided twice, whether anybody is refused.
"""

import asyncio
import time
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from payesh.local.engines import LocalEngines
from tests.support.signed_in_desk import Officer, chromium, running_desk, sign_in

OFFICERS, CASES = 8, 400


async def measure_browsers(officers: int = OFFICERS, cases: int = CASES) -> dict[str, Any]:
    """Decisions can be undone for ten seconds, as deployed."""
    with TemporaryDirectory(prefix="payesh-bench-") as folder:
        engines = LocalEngines(Path(folder) / "engines", survives_power_loss=False)
        try:
            await engines.start()
            async with running_desk(engines, Path(folder)) as desk, chromium() as browser:
                await desk.drafts(cases)
                queue = f"{desk.office.url}/queue"
                seated = []
                for number in range(officers):
                    page = await (await browser.new_context()).new_page()
                    seated.append(Officer(page))
                    await sign_in(page, queue, await desk.officer(f"officer-{number}"))
                began = time.perf_counter()
                decided = await asyncio.gather(*(sitting(each) for each in seated))
                seconds = time.perf_counter() - began
                steps = await desk.decisions()
        finally:
            engines.kill()
    waited = [each for officer in seated for each in officer.waited_s]
    cuts = quantiles(waited, n=100, method="inclusive")
    return {
        "officers": officers,
        "cases": cases,
        "decided": sum(decided),
        "decided_twice": sum(len(each) > 1 for each in steps.values()),
        "undecided": cases - len(steps),
        "refusals": [one for officer in seated for one in officer.refusals],
        "decided_per_second": round(cases / seconds, 1),
        "next_case_s": {name: round(cuts[at - 1], 2) for name, at in (("p50", 50), ("p95", 95))},
    }


async def sitting(officer: Officer) -> int:
    """Take what the service assigns and decide it, until nothing waits; how many."""
    await officer.page.keyboard.press("n")
    decided = 0
    case = await officer.waits_for()
    while case is not None:
        await officer.decides("reject" if decided % 4 == 0 else "issue")
        decided += 1
        case = await officer.shown()
    return decided
