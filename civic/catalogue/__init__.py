"""The catalogue of the city: who answers, and what for.

A *Department* has members and a working *Calendar*; a *Category* is a kind of problem with its questions and targets; a
*Service* is something that the public uses. They come from the pack, or an import adds them. What left the pack is
retired, never deleted."""
