"""Packs: a city described as a folder of data, checked whole and loaded at once."""
