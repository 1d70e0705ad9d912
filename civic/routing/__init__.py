"""Which department a report goes to, and why.

A *rule* of the pack has a *condition* over the *facts* of a report; a *decision* is read from rules in order, then from
the category's department for the area, then it is triage with *suggestions*. Whoever carries a decision out stores it
with its *reason*. A rule that fails is a *fault*: told to the admins, skipped for that case, never switched off."""
