"""Which department a report goes to, and why.

A *rule* of the pack has a *condition* over the *facts* of a report. A *decision* comes from the first rule whose
condition holds, else from the category's department for the area, else it is triage with *suggestions*. The caller
carries it out and stores it with its *reason*. A rule that fails is skipped for that report and recorded as a *fault*;
the admins are notified; it is never switched off."""
