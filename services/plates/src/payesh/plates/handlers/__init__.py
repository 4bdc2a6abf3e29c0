"""The use cases of plates, a module each."""
