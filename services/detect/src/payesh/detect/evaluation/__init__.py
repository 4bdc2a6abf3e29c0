"""Measuring the detector against labelled pictures: commands for people, no part of a service."""
