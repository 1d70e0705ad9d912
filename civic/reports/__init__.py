"""Snap and report: a post about a problem at a place, and the case that it causes."""
