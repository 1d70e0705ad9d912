"""The road now: updates that expire by kind, unless people say that it is still there."""
