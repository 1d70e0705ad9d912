"""Backups: a city as one file, and a city made of such a file.

A *backup* holds the database as at one instant, every photo that it names, the secret key, the settings without
passwords, the log of erasures and a *manifest*, which says what is in it. An *erasure* is a text that was erased for
good; the log of erasures lies beside the database, so that what was erased after a backup stays erased when that backup
is restored. What always holds: a file that was cut short or changed is refused before anything is touched, and a city
that is only half restored is served by nobody.
"""
