"""Civic: citizens report, departments answer on the clock, anybody can check the scores."""
