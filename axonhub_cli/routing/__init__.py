"""Decisions: which channel serves a request, in which order, and what follows a failure. Pure."""
