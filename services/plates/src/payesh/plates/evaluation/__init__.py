"""Measuring locator and reader on pictures: commands for people, no part of a service."""
