"""Scores: how well each department answers and resolves, in figures that anybody can compute again.

A *release* is a period's results together with the two files that they come from, `assignments.csv` and
`ratings.csv`. What always holds: results are a pure function of the files, the period, the weights, the
minimums and the release's id; a release never changes, a correction is a new one; nothing in it is about a
person. The method is docs/method.md.
"""
