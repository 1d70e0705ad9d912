"""The public map: pins close up, clusters at city scale, counted in the cells of geo/cells.py.

*Points* are the cases that the map may show, one row each; *counts* are how many of them each cell has, by what the map
can be filtered by. Triggers keep both, in the transaction of the change itself; a worker sums up (docs/decisions).
"""
