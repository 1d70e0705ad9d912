"""The departments' and the dispatchers' workplace."""
