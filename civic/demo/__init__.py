"""A made-up city with posts to look at."""
