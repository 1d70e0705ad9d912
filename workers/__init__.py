"""The second front door: what is done later, a file a worker.

A worker either handles a *job* (`JOB` and `async def handle(payload)`; at most `AT_ONCE` of all processes, and
`async def close()` when it ends, if it has them), or *polls* for what falls due (`async def
handle_one() -> bool`, which says whether there was something; `EVERY` is its pause in seconds, if it is not
`workers.poll_seconds`). Any number of processes run the same workers at once: a job is taken by one, a poll claims what
it handles by the row. Each reads again and guards on the state it finds, so that twice is once.
"""
