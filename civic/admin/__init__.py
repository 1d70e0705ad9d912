"""What an operator does: users, the search index."""
