"""What a run of the demo leaves in a folder: its line, truths, events, logs and one citation."""

import json
import shutil
from pathlib import Path
from typing import Any

from payesh.contracts import CitationDrafted
from payesh.local.bus_tap import BusTap
from payesh.local.evidence_export import export_evidence
from payesh.local.operator import Operator
from payesh.local.stack import Stack


def leave_record(out: Path, line: str, truths: dict[str, Path], tap: BusTap, stack: Stack) -> None:
    """Put the line, the truths under these names, the events and the logs into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "line.json").write_text(line + "\n", "utf-8")
    for name, truth in truths.items():
        shutil.copy(truth, out / name)
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


async def leave_citation(
    out: Path, operator: Operator, tap: BusTap, stack: Stack, trace_id: str | None
) -> tuple[Path, Path] | None:
    """Put the evidence of one citation, the one of this trace if there is one, into a folder, with
    the root key that it is verified against. Returns archive and root; None without a citation."""
    citations = tap.events(CitationDrafted)
    if not citations:
        return None
    chosen = _traced(tap, trace_id) or citations[0]

    async def get(path: str) -> bytes:
        return (await operator.request("GET", "tickets", path)).content

    archive = await export_evidence(get, chosen.citation_id, out / "citation")
    return archive, Path(shutil.copy(stack.evidence_root_file, out / "evidence-root.json"))


def _traced(tap: BusTap, trace_id: str | None) -> CitationDrafted | None:
    for each in tap.received[CitationDrafted.topic].values():
        if each.trace_id == trace_id and isinstance(each.event, CitationDrafted):
            return each.event
    return None
