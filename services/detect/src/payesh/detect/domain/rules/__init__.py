"""Rules of the road: a module each, and the registry that knows them all."""
