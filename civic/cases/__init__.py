"""The work that reports cause.

A *Case* has a life (one table: life.py), *assignments* (Assignment rows) and a hash-chained history (CaseEvent rows).
Every change is one action: the case, its assignment, its clocks, its event and its jobs together, or not at all."""
