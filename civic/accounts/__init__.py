"""People who sign in.

A *user* signs in with e-mail and password; a *role* says what they may do, memberships (departments) say for whom.
A *person* is whoever makes the request in hand, signed in or not. Nothing here is public but a user's name.
"""
