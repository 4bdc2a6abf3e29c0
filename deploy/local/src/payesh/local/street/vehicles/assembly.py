"""From a planned vehicle to the panels that show it."""

from __future__ import annotations

import numpy as np

from payesh.local.street.panels import Panel
from payesh.local.street.traffic import Vehicle, VehicleClass
from payesh.local.street.vehicles.bus import bus_panels
from payesh.local.street.vehicles.car import car_panels
from payesh.local.street.vehicles.details import (
    shadow,
)
from payesh.local.street.vehicles.truck import truck_panels
from payesh.local.street.vehicles.van import van_panels


def build_panels(vehicle: Vehicle) -> list[Panel]:
    """All panels of `vehicle`, from back to front as they must be drawn."""
    rng = np.random.default_rng(vehicle.look)
    panels = [shadow(vehicle)]
    match vehicle.vehicle_class:
        case VehicleClass.CAR:
            panels += car_panels(vehicle, rng)
        case VehicleClass.VAN:
            panels += van_panels(vehicle)
        case VehicleClass.TRUCK:
            panels += truck_panels(vehicle)
        case VehicleClass.BUS:
            panels += bus_panels(vehicle)
    return panels
