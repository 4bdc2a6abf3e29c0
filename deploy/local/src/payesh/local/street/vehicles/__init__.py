"""Vehicles as panels: their faces are painted once, in sunlight, and then only projected."""
