"""Verifying an exported audit log offline: no database, no network, no settings."""
