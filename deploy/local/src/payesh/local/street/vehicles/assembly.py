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
from payesh.local.street.vehicles.motorcycle import motorcycle_panels
from payesh.local.street.vehicles.rear import upright_rear
from payesh.local.street.vehicles.truck import truck_panels
from payesh.local.street.vehicles.van import van_panels

_UPRIGHT_REARS = (VehicleClass.VAN, VehicleClass.TRUCK, VehicleClass.BUS)


def build_panels(vehicle: Vehicle, *, all_round: bool = False) -> list[Panel]:
    """All panels of `vehicle` that its front shows, from back to front as they must be drawn; with
    `all_round` those of its rear too, and the order is the caller's."""
    rng = np.random.default_rng(vehicle.look)
    panels = [shadow(vehicle)]
    match vehicle.vehicle_class:
        case VehicleClass.CAR:
            panels += car_panels(vehicle, rng, all_round=all_round)
        case VehicleClass.VAN:
            panels += van_panels(vehicle)
        case VehicleClass.TRUCK:
            panels += truck_panels(vehicle)
        case VehicleClass.BUS:
            panels += bus_panels(vehicle)
        case VehicleClass.MOTORCYCLE:
            panels += motorcycle_panels(vehicle)
    if all_round and vehicle.vehicle_class in _UPRIGHT_REARS:
        panels += upright_rear(vehicle)
    return panels
