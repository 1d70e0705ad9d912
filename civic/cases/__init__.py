"""The work that reports cause.

A *Case* has a life (one table: life.py), *stints* (Assignment rows) and a hash-chained history (CaseEvent rows).
Every change is one action: the case, its stint, its clocks, its event and its jobs together, or not at all."""
