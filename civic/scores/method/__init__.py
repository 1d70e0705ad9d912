"""The method of the scores, from the two published files to every figure of a release, and back when it is checked.

These modules import the standard library, each other, `civic.canonical_json` and `civic.local_time`, and nothing else:
they are a part of the program `verify.py` that anybody can download, so no name stands in two of them. What each figure
means is docs/method.md.
"""
