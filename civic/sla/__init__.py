"""Promises and the time they take: targets, working calendars, clocks (CLOCK-AND-SCORES 1 and 2).

A due instant is computed once, when its *Clock* starts, and stored; later edits change nothing that has started.
A clock does not know whose it is; the case or assignment that it belongs to points at it."""
