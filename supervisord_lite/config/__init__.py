"""The TOML file as the operator writes it, and the frozen value that the rest of the daemon works with.

`load` reads, expands and validates everything before anything runs, and reports all that is wrong at once.
"""
