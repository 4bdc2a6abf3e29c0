"""The whole way of a vehicle, and faults on it; one running stack for all modules."""
