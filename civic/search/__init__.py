"""Finding posts by words: PostgreSQL full text, with Chinese, Japanese and Korean cut into pairs of characters.

*words* are what a text is found by; a *query* is what somebody typed, as PostgreSQL's tsquery. Both are made by the
same cut (civic/search/text.py), so what is in a text is found by any part of it that has two characters or a word.
"""
