"""Agencies, people, clients and signing keys, as administrators keep them."""
