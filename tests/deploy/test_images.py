"""Each service's image holds what its commands need, and nothing that they don't."""

import subprocess
from collections.abc import Mapping

import pytest

from tests.deploy.container import SERVICES
from tests.deploy.image import UV, Image

VISION = frozenset({"av", "numpy", "onnxruntime", "opencv-python-headless", "trackers", "torch"})
WITHOUT_VISION = frozenset({"access", "tickets"})
MASKING = {"tickets": frozenset({"av"})}
"""An owner is shown a masked copy of the clip (ADR 34)."""


@pytest.mark.parametrize("service", SERVICES)
def test_the_entry_point_starts_without_the_source_tree(
    images: Mapping[str, Image], service: str
) -> None:
    image = images[service]
    started = subprocess.run(
        [*image.entry_point(), "--help"],
        cwd=image.root,
        env=image.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr[-2000:]
    assert "migrate" in started.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_no_file_of_an_image_lies_in_the_source_tree(
    images: Mapping[str, Image], service: str
) -> None:
    """An editable installation is a file that names a folder outside the environment."""
    packages = images[service].programs.parent / "lib/python3.11/site-packages"
    names = [path.name for path in packages.glob("*.pth")]
    assert not [name for name in names if "payesh" in name], "installed editable"
    assert (packages / "payesh/kit").is_dir() and (packages / "payesh" / service).is_dir()


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_its_own_packages_alone(images: Mapping[str, Image], service: str) -> None:
    listed = subprocess.run(
        [str(UV), "pip", "list", "--quiet", "--format=freeze", "--python",
         str(images[service].programs / "python")],
        cwd=images[service].root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    installed = {line.split("==")[0] for line in listed.stdout.splitlines()}
    assert "payesh-kit" in installed
    assert "opencv-python" not in installed, "only the headless build may come"
    assert "pytest" not in installed
    others = {f"payesh-{other}" for other in SERVICES if other != service}
    assert not installed & others
    if service in WITHOUT_VISION:
        assert not installed & VISION - MASKING.get(service, frozenset())
