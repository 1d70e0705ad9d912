"""The road now.

A *traffic update* is a post of one kind (a jam, ice …). It is on the *board* until it expires: each kind has a
life, which *still there* prolongs and enough *gone* end. Afterwards its page stays and says that it is over.
"""
