"""A kilometre between two cameras of the street: what is driven, both films, their truth."""
