"""Meilisearch: an index beside PostgreSQL's, which it follows.

Every document is in PostgreSQL first, and what is found is read from there: Meilisearch says which documents, in which
order, and what to mark. A change leaves a row in `search_push` in its own transaction; whoever holds the lock sends
what these rows name, as it is then, and deletes them when Meilisearch says that it is done. Twice is once.

Only public documents are sent. Written to the documented API of 1.36 and later.
"""
