"""Finding posts by words: PostgreSQL full text, with Chinese cut into bigrams."""
