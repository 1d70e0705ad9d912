"""What programs ask: the JSON side of the pages, under /api/v1."""
