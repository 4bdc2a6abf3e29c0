"""Incidents: what happens on the road that an operator has to know of. None accuses anybody."""
