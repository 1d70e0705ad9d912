"""Packs: a pack is a folder of data files that describes a city.

`reader` reads and checks the whole folder; `actions.load_pack` loads it in one transaction. All problems are reported
at once, each with its file and its line or key, and nothing changes unless everything is right. What left the pack is
retired, never deleted."""
