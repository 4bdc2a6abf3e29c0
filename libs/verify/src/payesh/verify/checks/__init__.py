"""Checks of a bundle whose files are those that were signed: does its content carry the citation?

A check takes the bundle and returns what holds, or raises `Fault`. A module has one subject.
"""
