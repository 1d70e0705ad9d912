"""Finding what people wrote, and services: the core, which knows no kind of thing, and two engines.

A *document* is one thing that can be found; a *subject* describes all documents of a kind (`subjects.py`). An *engine*
is a program that holds an index of them: `postgres/` always, `meili/` where a city has one. What changed is *dirty*
until its documents have been made again (`feed.py`). Every document is in PostgreSQL's index first. What only the desk
may find is never in the public index.
"""
