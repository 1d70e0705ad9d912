"""Reports from elsewhere, replayed into the same rows that the actions would have written.

A *mapping* says what the columns of a *source* mean. A row is read as an *entry* (what was reported, and what became
of it) or *refused* with its reason; an entry is *replayed* as a case's history. Every row comes in once, and
nobody is told."""
