"""A container as a deployment describes it, in compose or in Kubernetes."""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ("access", "ingest", "detect", "plates", "tickets")
PROCESSES = ("access", "ingest", "detect-observe", "detect", "plates", "tickets")
_OURS = re.compile(r"payesh[-/](access|ingest|detect|plates|tickets):([^:@]+)$")


@dataclass(frozen=True)
class Container:
    """A container; `environment` and `files` (path to content) are all of its configuration."""

    name: str
    image: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str | None:
        """The service whose image it runs; None for an engine's."""
        found = _OURS.search(self.image)
        return found[1] if found else None

    @property
    def version(self) -> str:
        found = _OURS.search(self.image)
        assert found, self.image
        return found[2]

    def placed(self, folder: Path) -> dict[str, str]:
        """Write the files below `folder`; returns the environment with its paths below `folder`."""
        for path, content in self.files.items():
            place = folder / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            # A clients file has the path of its secret in the container.
            place.write_text(content.replace('"/run/', f'"{folder}/run/'), "utf-8")
        (folder / "var/spool/payesh").mkdir(parents=True, exist_ok=True)
        return {
            name: f"{folder}{value}" if re.match(r"/(etc|run|var)/", value) else value
            for name, value in self.environment.items()
        }
