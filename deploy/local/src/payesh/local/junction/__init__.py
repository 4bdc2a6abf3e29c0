"""A synthetic junction beside the street: signals, turns, lanes and bays, with truth per rule."""
