"""The index in PostgreSQL: every document, as words in a tsvector with the labels that filters ask for."""
