"""The whole way of a vehicle, and the faults on it; one running house for all modules."""
