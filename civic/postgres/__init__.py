"""The embedded PostgreSQL: the wheel's programs under a small supervisor of our own.

*user*: a process that holds the shared lock on `users.lock`. *supervisor*: the process that owns the server.
*home*: the folder of the data: `var/postgres`, or one that the server's account can enter (file `location`).
While there is a user there is a server; no user, no server. See docs/decisions/0001-embedded-postgresql.md.
"""
