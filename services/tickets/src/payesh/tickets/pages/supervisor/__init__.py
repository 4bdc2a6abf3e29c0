"""The supervisor of the desk: what waits, what was returned, rates, suspended cameras."""
