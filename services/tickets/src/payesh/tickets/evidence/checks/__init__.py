"""Checks of an exported evidence folder; each module has one subject and one reason to change.

A check takes the folder and returns the figures that hold, or raises `Fault`.
"""
