"""Things to do later.

A job is asked for in the transaction of the change that causes it, so it exists only if the change does. Every job
has a handler in `workers/` that reads again, guards on the state it finds, and calls one action: twice is once.
"""
