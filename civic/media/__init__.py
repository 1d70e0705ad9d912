"""Photos: checked, stripped of everything but their pixels, kept in three sizes.

Words: a *photo* is what somebody uploaded, known to the public by a random *name*; a *variant* is one of its
three files, named by its *edge* (320, 800, 1600: the longest side in pixels at most); a *pending photo* is
one that no post uses yet.

What always holds: the original is never kept; no variant carries metadata; a hostile file is opened only in a
confined process of its own (`sandbox.py`), never in this one; the caller learns where a photo was taken,
and nothing here stores it; a file in the store is removed only when no photo uses it.
"""
