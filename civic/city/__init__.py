"""The city that this installation serves: its names, languages, time zone, settings, and the version of what is loaded.

There is one row, with id 1; before a pack is loaded there is none. The *version* rises with every load of a pack and
with every addition to the catalogue: what a process caches of the city, its areas and its catalogue is good for one
version."""
