"""Civic: citizens report, departments answer on the clock, anybody can check the scores."""

import zoneinfo

# Promises must not depend on the machine: time zones come from the pinned package `tzdata`, not from its files.
zoneinfo.reset_tzpath(to=())
