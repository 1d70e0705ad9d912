"""Which department a report goes to, and why.

A decision is read, never written, here: rules in order, then the category's department for the area, then triage.
Whoever carries it out stores it with its reason."""
