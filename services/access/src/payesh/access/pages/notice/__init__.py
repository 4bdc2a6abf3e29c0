"""Notices that other routes answer with: signed in, signed out, a refused request."""
