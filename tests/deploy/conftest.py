"""Fixtures of the deployment's tests."""

from collections.abc import Mapping

import pytest

from tests.deploy.container import SERVICES
from tests.deploy.image import UV, Image, build_image


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Image]:
    """Service to its image, installed as in its Dockerfile, without its source tree."""
    if not UV.is_file():
        pytest.skip("uv is not in this environment: run make setup")
    folder = tmp_path_factory.mktemp("images")
    return {service: build_image(service, folder / service) for service in SERVICES}
