"""Reports from elsewhere, replayed into the same rows that the actions would have written."""
