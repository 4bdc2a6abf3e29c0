"""Verifying a citation's evidence bundle offline: no network, no database, no settings."""
