"""One citation's evidence, fetched over HTTP into a folder under the manifest's names."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID


async def export_evidence(
    get: Callable[[str], Awaitable[bytes]], citation_id: UUID, folder: Path
) -> None:
    """Write the whole bundle and `citation.json` into `folder`, which `payesh-tickets verify`
    then verifies. `get` returns the body of a path of tickets' API, or raises."""
    path = f"/v1/citations/{citation_id}"
    body = await get(f"{path}/manifest")
    manifest = json.loads(body)
    routes = {manifest["clip"]["object"]["key"]: "clip"}
    for number, shot in enumerate(manifest["shots"]):
        routes[shot["object"]["key"]] = f"shots/{number}"
    for document in manifest["documents"]:
        routes[document["key"]] = f"documents/{_name(document['key'])}"
    files = {_name(key): await get(f"{path}/{route}") for key, route in routes.items()}
    files |= {"manifest.json": body, "citation.json": await get(path)}
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _name(key: str) -> str:
    return key.partition("/")[2]
