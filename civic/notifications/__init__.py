"""What somebody is told, once.

A *Message* has one recipient and a key: telling twice is telling once. Desk messages are shown on the desk, a
person's in their account, and messages to an e-mail address are mailed by a job."""
