"""What routes take from the application."""

from typing import Annotated

from fastapi import Depends, Request

from payesh.detect.dependencies import Dependencies


def dependencies(request: Request) -> Dependencies:
    """The service's dependencies, as `main` built them."""
    found: Dependencies = request.app.state.dependencies
    return found


DependenciesHere = Annotated[Dependencies, Depends(dependencies)]
