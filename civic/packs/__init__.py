"""A pack: a folder that describes a city. Read and checked whole (`reading`), loaded at once (`loading`).

Everything that is wrong is said at once, each with file and line or key; nothing changes unless all is right; what
left the pack is retired, never deleted."""
