"""Fork servers: the bare interpreter that launches commands, and those that have imported the application.

All run the same loop: one thread, no event loop; import, freeze the heap, wait for orders to fork. The
daemon's side of it is `zygote.server`. What a fork server imports is in the pages that each of its forks has
to copy, so the modules on its side import little, and late.
"""
