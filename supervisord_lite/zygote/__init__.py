"""Fork servers: the interpreter that has imported the application, and the bare one that launches commands.

Both run the same program. One thread, no event loop; it imports, freezes the heap and waits for `Fork`.
The daemon's side of it is `zygote.server`.
"""
