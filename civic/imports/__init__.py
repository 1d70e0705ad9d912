"""Reports from other systems, imported as the rows that our own actions would have written.

A *mapping* says what the columns of a *source file* mean. A row is parsed as an *imported report* (what was reported,
and what became of it) or *refused* with a reason; a parsed report is *replayed* as a case's history. Every row is
imported once, and nobody is notified."""
