"""People who sign in.

A *user* signs in with e-mail and password; a *role* says what they may do, memberships (departments) say for whom.
A *person* makes the current request, signed in or not. Only a user's name is public.
"""
