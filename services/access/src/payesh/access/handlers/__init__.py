"""The use cases of access, a module a noun."""
