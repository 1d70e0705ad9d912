"""Messages that tell people what happened.

A *message* goes to one recipient: a person, an e-mail address, a department's desk, or everybody of a role. It is asked
for in the transaction of the change it tells of, under a key made of stable ids, so that telling twice is telling once.
Its text is made when it is shown or mailed, in the recipient's language.
"""
